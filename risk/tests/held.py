"""Payments that risk holds, made as customers make them, and their reviews."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from accounts.models import Account
from paycore.lib.ids import new_id
from paycore.testing.cast import Player
from paycore.testing.suspicion import AT_ANY_HOUR
from risk.models import Assessment, Band, Review, RuleState
from risk.payments import PaymentKind
from risk.tests.past import paid
from risk.tests.settings import configure

REVIEWS: Final = "risk_review"
IBAN: Final = "DE89370400440532013000"


def suspect(points: int) -> None:
    """From now on every payment has this score, by one rule."""
    configure(
        "OFF_HOURS",
        state=RuleState.ON,
        points=points,
        parameters=AT_ANY_HOUR,
        kinds=tuple(PaymentKind),
    )


def buy(
    player: Player, account: Account, amount: str = "10.00", **more: Any
) -> dict[str, Any]:
    """A purchase in USD, as its maker is told of it."""
    body = {
        "account_id": str(account.pk),
        "amount": amount,
        "currency": "USD",
        "merchant_name": "Corner Coffee",
        "merchant_category": "restaurants",
        **more,
    }
    answer = player.post("/v1/purchases", body, key=str(new_id()))
    assert answer.status_code in {201, 202}, answer.content
    told: dict[str, Any] = answer.json()
    return told


def request_payout(player: Player, account: Account, amount: str) -> dict[str, Any]:
    """A payout in USD, as its maker is told of it."""
    body = {
        "account_id": str(account.pk),
        "amount": amount,
        "currency": "USD",
        "destination": {"type": "iban", "iban": IBAN, "name": "Ada Lovelace"},
    }
    answer = player.post("/v1/payouts", body, key=str(new_id()))
    assert answer.status_code in {201, 202}, answer.content
    told: dict[str, Any] = answer.json()
    return told


def hold(
    player: Player, account: Account, amount: str = "10.00", *, points: int = 70
) -> Review:
    """A purchase that is held for this score."""
    suspect(points)
    return review_of(buy(player, account, amount)["id"])


def review_of(subject_id: UUID | str) -> Review:
    return Review.objects.select_related("assessment").get(subject_id=subject_id)


def held_once(
    player: Player, *, ago: timedelta, score: int = 70, **more: Any
) -> Review:
    """A review that was opened so long ago; there is no payment behind it."""
    at = datetime.now(UTC) - ago
    band = Band.URGENT if score >= 80 else Band.REVIEW
    flags = more.pop("flags", ["HIGH_VALUE"])
    assessment: Assessment = paid(
        player, at=at, score=score, band=band, flags=flags, **more
    )
    return Review.objects.create(
        assessment=assessment,
        subject_type=assessment.subject_type,
        subject_id=assessment.subject_id,
        user=player.user,
        score=score,
        band=band,
        flags=flags,
        created_at=at,
    )
