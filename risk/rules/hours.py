"""Payments while their user would be asleep."""

from risk.rules.base import Case, Figures, Parameters, Rule


class OffHours(Rule):
    """From one full hour to before another, on the user's clock, past midnight."""

    code = "OFF_HOURS"
    points = 20
    parameters = {"from_hour": 23, "to_hour": 5}
    highest = {"from_hour": 24, "to_hour": 24}
    sentence = "At {time} in {time_zone}."

    def judge(self, case: Case, parameters: Parameters) -> Figures | None:
        hour = case.moment.local.hour
        start, end = parameters["from_hour"], parameters["to_hour"]
        is_off = start <= hour < end if start <= end else hour >= start or hour < end
        if not is_off:
            return None
        return {
            "time": f"{case.moment.local:%H:%M}",
            "time_zone": str(case.moment.local.tzinfo),
        }
