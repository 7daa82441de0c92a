"""What would have been thought of past payments, had something else held.

Judged by the same code, on the same past and the same rates as they were judged then.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Q

from paycore.lib.errors import InvalidInput
from risk.configuration import (
    Bands,
    Configuration,
    read_rule,
    require_ascending,
    with_rules,
)
from risk.models import Assessment, Band
from risk.payments import Moment, Payment, PaymentKind, SubjectType, Worth
from risk.rules import RULES, Case
from risk.scoring import score_case
from risk.services.history import Look, Past, look_back

BATCH: Final = 500


@dataclass(slots=True)
class Backtest:
    """How many payments were replayed, from which band to which, and by which flags.

    `errors`: how often a rule raised. Nobody is alerted of that.
    """

    moves: Counter[tuple[Band, Band]] = field(default_factory=Counter)
    flags_then: Counter[str] = field(default_factory=Counter)
    flags_now: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.moves.total()

    @property
    def moved(self) -> int:
        """How many change hands between the bands."""
        return sum(count for (then, now), count in self.moves.items() if then != now)


def backtest(
    *, start: datetime, end: datetime, configuration: Configuration
) -> Backtest:
    """Replay the payments from `start` (included) to `end` under a configuration.

    Reads only, and PostgreSQL sees to it.
    """
    result = Backtest()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            # Of somebody who pays all day a batch takes longer than a request may.
            cursor.execute("SET LOCAL statement_timeout = 0")
        for batch in _batches(start, end):
            _replay(batch, configuration, result)
    return result


def read_settings(
    document: Mapping[str, Any], *, configuration: Configuration
) -> Configuration:
    """The configuration, but for what a document says of rules and bands.

    `{"rules": {"HIGH_VALUE": {"points": 40}}, "bands": {"review_from": 50}}`; what it
    leaves out stays.

    Raises: `InvalidInput`, naming what it does not understand.
    """
    unknown = set(document) - {"rules", "bands"}
    if unknown:
        raise InvalidInput(why=f"There is nothing called {min(unknown)!r} to set.")
    asked = document.get("rules", {})
    if not isinstance(asked, Mapping):
        raise InvalidInput(why="Rules are an object, by their codes.")
    for code in asked:
        if code not in RULES:
            raise InvalidInput(why=f"There is no rule {code!r}.")
    changed = with_rules(
        configuration,
        [
            read_rule(asked[rule.rule.code], rule=rule)
            for rule in configuration.rules
            if rule.rule.code in asked
        ],
    )
    return replace(changed, bands=_read_bands(document.get("bands", {}), changed.bands))


def _read_bands(document: Mapping[str, Any], bands: Bands) -> Bands:
    try:
        changed = replace(bands, **document)
    except TypeError:
        raise InvalidInput(
            why="Bands are monitor_from, review_from and urgent_from."
        ) from None
    return require_ascending(changed)


def _batches(start: datetime, end: datetime) -> Iterator[list[Assessment]]:
    rows = Assessment.objects.filter(assessed_at__gte=start, assessed_at__lt=end)
    rows = rows.order_by("assessed_at", "pk")
    batch = list(rows[:BATCH])
    while batch:
        yield batch
        last = batch[-1]
        after = Q(assessed_at__gt=last.assessed_at) | Q(
            assessed_at=last.assessed_at, pk__gt=last.pk
        )
        # The time alone too: by it the index begins where the last batch ended.
        batch = list(rows.filter(after, assessed_at__gte=last.assessed_at)[:BATCH])


def _replay(
    batch: list[Assessment], configuration: Configuration, result: Backtest
) -> None:
    looks = [Look(one.pk, _payment(one), one.assessed_at) for one in batch]
    pasts = look_back(looks, measures=configuration.measures)
    for assessment, look in zip(batch, looks, strict=True):
        case = _case(assessment, look.payment, pasts[assessment.pk])
        score = score_case(case, configuration)
        result.moves[Band(assessment.band), score.band] += 1
        result.flags_then.update(assessment.flags)
        result.flags_now.update(score.flags)
        result.errors.update(list(score.raised))


def _payment(assessment: Assessment) -> Payment:
    return Payment(
        subject_type=SubjectType(assessment.subject_type),
        subject_id=assessment.subject_id,
        kind=PaymentKind(assessment.kind),
        user_id=assessment.user_id,
        amount=assessment.amount,
        counterparty=assessment.counterparty,
    )


def _case(assessment: Assessment, payment: Payment, past: Past) -> Case:
    at = assessment.assessed_at
    worth = None if assessment.worth is None else Fraction(assessment.worth)
    return Case(
        payment=payment,
        # On the clock that the user had then.
        moment=Moment(at, at.astimezone(ZoneInfo(assessment.time_zone))),
        worth=Worth(worth, assessment.currency_of_worth),
        history=past.history,
    )
