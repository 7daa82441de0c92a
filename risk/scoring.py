"""From what is known of a payment to its score: no I/O, so a back-test is the same."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from risk.configuration import Configuration, ConfiguredRule
from risk.models import Band, OnError, RuleState
from risk.rules import Case

HIGHEST: Final = 100


@dataclass(slots=True)
class Score:
    """What was thought of a payment, and why."""

    points: int = 0
    band: Band = Band.APPROVE
    flags: list[str] = field(default_factory=list)
    shadow_flags: list[str] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    # Of the rules in `errors`: for whoever is told of it.
    raised: dict[str, Exception] = field(default_factory=dict)


def score_case(case: Case, configuration: Configuration) -> Score:
    """Ask every rule that is about this kind of payment."""
    score = Score()
    must_look = False
    for rule in configuration.rules_about(case.payment.kind):
        score.versions[rule.rule.code] = rule.version
        try:
            figures = rule.rule.judge(case, rule.parameters)
            if figures is not None:
                _add(score, rule, figures)
        except Exception as error:  # noqa: BLE001 - whatever a rule does, the payment is judged.
            must_look |= _note_error(score, rule, error)
    score.points = min(score.points, HIGHEST)
    score.band = configuration.bands.of(score.points)
    if must_look and not score.band.is_held:
        score.band = Band.REVIEW
    return score


def _add(score: Score, rule: ConfiguredRule, figures: Mapping[str, Any]) -> None:
    code = rule.rule.code
    score.findings.append(
        {
            "code": code,
            "state": rule.state.value,
            "points": rule.points,
            "version": rule.version,
            # Figures that cannot be stored are the rule's fault, not the payment's.
            "figures": orjson.loads(orjson.dumps(dict(figures))),
            "sentence": rule.rule.explain(figures),
        }
    )
    if rule.state == RuleState.SHADOW:
        score.shadow_flags.append(code)
    else:
        score.flags.append(code)
        score.points += rule.points


def _note_error(score: Score, rule: ConfiguredRule, error: Exception) -> bool:
    """Whether a person must look because of it."""
    code = rule.rule.code
    score.raised[code] = error
    is_closed = rule.on_error == OnError.CLOSED and rule.state == RuleState.ON
    score.errors[code] = "closed" if is_closed else "open"
    if is_closed:
        score.flags.append(code)
        score.findings.append(
            {
                "code": code,
                "state": rule.state.value,
                "points": 0,
                "version": rule.version,
                "figures": {},
                "sentence": "The rule could not be judged, so a person must look.",
            }
        )
    return is_closed
