"""More money than usual, or than is common."""

from fractions import Fraction

from risk.rules.base import (
    DAY_SECONDS,
    LONGEST_DAYS,
    AverageWithin,
    Case,
    Figures,
    Measure,
    Parameters,
    Rule,
)

# A worth is remembered to ten decimals, and so is off by half of the last one at most.
ROUNDED_BY = Fraction(1, 2 * 10**10)


class UnusualAmount(Rule):
    code = "UNUSUAL_AMOUNT"
    points = 20
    parameters = {"times": 3, "least": 5, "days": 30}
    highest = {"days": LONGEST_DAYS}
    sentence = (
        "Worth {worth} {currency}: more than {times} times the average of {average}"
        " {currency} of {count} payments in {days} days."
    )

    def measures(self, parameters: Parameters) -> tuple[Measure, ...]:
        return (AverageWithin(parameters["days"] * DAY_SECONDS),)

    def judge(self, case: Case, parameters: Parameters) -> Figures | None:
        usual = case.history.average(AverageWithin(parameters["days"] * DAY_SECONDS))
        worth = case.worth.major
        if usual.count < parameters["least"] or worth is None:
            return None
        times = parameters["times"]
        # Converted, what is exactly three times as much may look like a little more.
        if worth - times * usual.value <= (times + 1) * ROUNDED_BY:
            return None
        return {
            "worth": in_words(worth),
            "average": in_words(usual.value),
            "currency": case.worth.currency,
            "count": usual.count,
            "times": times,
            "days": parameters["days"],
        }


class HighValue(Rule):
    code = "HIGH_VALUE"
    points = 20
    parameters = {"above": 10_000}
    sentence = "Worth {worth} {currency}: above {above} {currency}."

    def judge(self, case: Case, parameters: Parameters) -> Figures | None:
        worth = case.worth.major
        if worth is None or worth <= parameters["above"]:
            return None
        return {
            "worth": in_words(worth),
            "above": parameters["above"],
            "currency": case.worth.currency,
        }


def in_words(major: Fraction) -> str:
    """An amount for a sentence, to the hundredth."""
    hundredths = round(major * 100)
    return f"{hundredths // 100}.{hundredths % 100:02d}"
