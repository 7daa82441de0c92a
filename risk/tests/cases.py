"""Cases for rules, without any database."""

from collections.abc import Mapping
from datetime import UTC, datetime
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

from paycore.lib.ids import new_id
from paycore.testing.bookkeeping import money
from risk.payments import Moment, Payment, PaymentKind, SubjectType, Worth
from risk.rules import Average, Case, History, Measure

NOON: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)


def case_of(
    *,
    worth: str | None = "10.00",
    kind: PaymentKind = PaymentKind.PURCHASE,
    at: datetime = NOON,
    time_zone: str = "UTC",
    counts: Mapping[Measure, int] | None = None,
    averages: Mapping[Measure, tuple[int, str]] | None = None,
) -> Case:
    """A payment worth so many MYR, after so much; averages are (count, total)."""
    subject = SubjectType.PAYOUT if kind == PaymentKind.PAYOUT else SubjectType.TRANSFER
    return Case(
        payment=Payment(
            subject, new_id(), kind, new_id(), money("10.00 MYR"), "Corner Coffee"
        ),
        moment=Moment(at, at.astimezone(ZoneInfo(time_zone))),
        worth=Worth(None if worth is None else Fraction(worth), "MYR"),
        history=History(
            counts=counts or {},
            averages={
                measure: Average(count, Fraction(total))
                for measure, (count, total) in (averages or {}).items()
            },
        ),
    )
