"""Too many payments in too short a time."""

from risk.rules.base import (
    DAY_SECONDS,
    LONGEST_DAYS,
    AlikeWithin,
    Case,
    CountWithin,
    Figures,
    Measure,
    Parameters,
    Rule,
)

UNITS = (("hour", 3600), ("minute", 60), ("second", 1))


class _Velocity(Rule):
    highest = {"seconds": LONGEST_DAYS * DAY_SECONDS}
    sentence = "{count} earlier payments in {within}; more than {most} is unusual."

    def measures(self, parameters: Parameters) -> tuple[Measure, ...]:
        return (CountWithin(parameters["seconds"]),)

    def judge(self, case: Case, parameters: Parameters) -> Figures | None:
        count = case.history.count(CountWithin(parameters["seconds"]))
        if count <= parameters["most"]:
            return None
        return {
            "count": count,
            "most": parameters["most"],
            "within": in_words(parameters["seconds"]),
        }


class HighVelocity(_Velocity):
    code = "HIGH_VELOCITY"
    points = 20
    parameters = {"most": 5, "seconds": 600}


class SuspiciousVelocity(_Velocity):
    code = "SUSPICIOUS_VELOCITY"
    points = 20
    parameters = {"most": 10, "seconds": 3600}


class PossibleDuplicate(Rule):
    """Perhaps somebody pressed the button twice: worth knowing, not worth points."""

    code = "POSSIBLE_DUPLICATE"
    points = 0
    parameters = {"seconds": 300}
    highest = {"seconds": LONGEST_DAYS * DAY_SECONDS}
    sentence = (
        "Earlier payments of the same amount to the same place in {within}: {count}."
    )

    def measures(self, parameters: Parameters) -> tuple[Measure, ...]:
        return (AlikeWithin(parameters["seconds"]),)

    def judge(self, case: Case, parameters: Parameters) -> Figures | None:
        count = case.history.count(AlikeWithin(parameters["seconds"]))
        if count == 0:
            return None
        return {"count": count, "within": in_words(parameters["seconds"])}


def in_words(seconds: int) -> str:
    """A time for a sentence, in the longest unit that it is a whole number of."""
    unit, size = next(unit for unit in UNITS if seconds % unit[1] == 0)
    number = seconds // size
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
