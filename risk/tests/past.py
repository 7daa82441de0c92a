"""Payments of the past, and looking back on them from any moment."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from fx.selectors import RateTable
from paycore.lib.ids import new_id
from paycore.lib.money import Money
from paycore.testing.bookkeeping import money
from paycore.testing.cast import Player
from risk.models import Assessment, Band
from risk.payments import Payment, PaymentKind, SubjectType
from risk.rules import Measure
from risk.services import read_configuration, screen_payment
from risk.services.history import Look, Past, look_back
from risk.services.limits import refuse_beyond_limits
from risk.tests.settings import PURCHASE, STAGE

MOMENT: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)


def payment_of(
    player: Player,
    amount: str | Money = "10.00 MYR",
    kind: PaymentKind = PURCHASE,
    shop: str = "Corner Coffee",
) -> Payment:
    """Somebody's payment as risk sees it; nothing is behind it."""
    subject = SubjectType.PAYOUT if kind == PaymentKind.PAYOUT else SubjectType.TRANSFER
    parsed = money(amount) if isinstance(amount, str) else amount
    return Payment(subject, new_id(), kind, player.id, parsed, shop)


def screen(player: Player, amount: str = "10.00 MYR", **more: Any) -> Assessment:
    """Somebody pays now, as far as risk is concerned."""
    return screen_payment(payment_of(player, amount, **more), origin=STAGE)


def paid(
    player: Player,
    amount: str | Money = "10.00 MYR",
    *,
    at: datetime = MOMENT,
    ago: float = 0,
    **more: Any,
) -> Assessment:
    """A payment that somebody made so many seconds before a moment.

    In MYR it was worth that; in another currency nothing, unless `worth` says so.
    """
    payment = payment_of(
        player, amount, more.pop("kind", PURCHASE), more.pop("shop", "Corner Coffee")
    )
    worth = payment.amount.amount if payment.amount.currency.code == "MYR" else None
    facts: dict[str, Any] = {
        "subject_type": payment.subject_type,
        "subject_id": payment.subject_id,
        "kind": payment.kind,
        "user_id": player.id,
        "amount_minor": payment.amount.minor,
        "currency": payment.amount.currency.code,
        "counterparty": payment.counterparty,
        "worth": worth,
        "currency_of_worth": "MYR",
        "time_zone": "UTC",
        "score": 0,
        "band": Band.APPROVE,
        "assessed_at": at - timedelta(seconds=ago),
    }
    return Assessment.objects.create(**facts | more)


def past_of(
    payment: Payment,
    *measures: Measure,
    at: datetime | None = MOMENT,
    look_id: UUID | None = None,
) -> Past:
    look = Look(look_id or new_id(), payment, at)
    return look_back([look], measures=measures)[look.id]


def refuse_at(at: datetime, payment: Payment, *, rates: Any = None) -> None:
    """Ask limits as if it were that moment. Raises: `LimitExceeded`."""
    refuse_beyond_limits(
        payment,
        configuration=read_configuration(user_ids=[payment.user_id]),
        used=past_of(payment, at=at).used,
        rates=rates or RateTable(()),
    )
