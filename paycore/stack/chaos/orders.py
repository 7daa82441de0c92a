"""Payouts that are ordered meanwhile: of every kind that the sandbox bank knows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Self
from uuid import UUID

from django.contrib.auth.hashers import make_password

from accounts.services import AccountDraft, Payer, UserDraft, create_user
from fx.services import seed_rates
from paycore.lib.db import run_in_transaction
from paycore.lib.money import CURRENCIES, Money
from paycore.lib.origin import Origin
from paycore.stack.bank.process import SandboxBank
from payouts.models import (
    UNSETTLED,
    AttemptOutcome,
    Payout,
    PayoutAttempt,
    PayoutStatus,
)
from payouts.services import Destination, PayoutOrder, request_payout
from risk.configuration import Bands
from risk.services import configure_bands
from transfers.services import open_funded_account

ORIGIN: Final = Origin(actor="command:chaos")
CUSTOMERS: Final = 3
OPENING: Final = "1000000.00"
AMOUNT: Final = "7.00"
CURRENCY: Final = "USD"
DESTINATION: Final = Destination(name="Grace Hopper", iban="DE89370400440532013000")

# How each kind must end, by the beginning of its reference.
PLAIN: Final = "plain"
ENDINGS: Final = {
    PLAIN: PayoutStatus.COMPLETED,
    "sandbox-decline": PayoutStatus.FAILED,
    "sandbox-flaky": PayoutStatus.COMPLETED,
    "sandbox-slow": PayoutStatus.COMPLETED,
    "sandbox-late": PayoutStatus.COMPLETED,
    "sandbox-timeout": PayoutStatus.MANUAL_REVIEW,
}
HELD_BY_RISK: Final = Bands(monitor_from=98, review_from=99, urgent_from=100)


@dataclass(slots=True)
class Orders:
    """Customers with money, and what they ordered: the kind of each payout."""

    account_ids: Sequence[UUID]
    user_id: UUID
    kinds: dict[UUID, str] = field(default_factory=dict)

    @classmethod
    def of_new_customers(cls) -> Self:
        """Somebody with a few accounts, so that payouts meet in some and not in all."""
        # Without rates it is not known what needs four eyes.
        seed_rates()
        # At night so many payouts of one person would have to wait for another one.
        configure_bands(bands=HELD_BY_RISK, reason="A drill", origin=ORIGIN)
        user = create_user(
            draft=UserDraft(
                email="customer@chaos.example",
                password_hash=make_password(None),
                full_name="",
                time_zone="UTC",
                currency=CURRENCY,
            ),
            origin=ORIGIN,
        )
        currency = CURRENCIES.get(CURRENCY)
        accounts = [
            open_funded_account(
                draft=AccountDraft(owner_id=user.pk, currency=currency),
                initial=Money.parse(OPENING, currency),
                payer=Payer(user.pk),
                origin=ORIGIN,
            )
            for _ in range(CUSTOMERS)
        ]
        return cls([account.pk for account in accounts], user.pk)

    def place(self, *kinds: str) -> list[Payout]:
        """Order a payout of each of these kinds."""
        return [self._place(kind) for kind in kinds]

    def place_wave(self) -> None:
        """One of each kind."""
        self.place(*ENDINGS)

    def list_open(self, bank: SandboxBank) -> list[Payout]:
        """Those that have not come to their end, and may not wait for a person."""
        unsettled = Payout.objects.filter(pk__in=self.kinds, status__in=UNSETTLED)
        return [
            payout
            for payout in unsettled.order_by("pk")
            if payout.status != ENDINGS[self.kinds[payout.pk]]
            and not waits_for_a_person(payout, bank)
        ]

    def _place(self, kind: str) -> Payout:
        number = len(self.kinds)
        order = PayoutOrder(
            account_id=self.account_ids[number % len(self.account_ids)],
            amount=AMOUNT,
            currency=CURRENCY,
            destination=DESTINATION,
            reference=f"{kind}-{number}",
        )
        payout = run_in_transaction(
            lambda: request_payout(
                order=order, payer=Payer(self.user_id), origin=ORIGIN
            )
        )
        self.kinds[payout.pk] = kind
        return payout


def waits_for_a_person(payout: Payout, bank: SandboxBank) -> bool:
    """Whether nobody could know more: asked for long, the bank gave no answer, and now
    that it answers it has never heard of the payout.
    """
    unanswered = PayoutAttempt.objects.filter(
        payout=payout, outcome=AttemptOutcome.UNKNOWN
    )
    return (
        payout.status == PayoutStatus.MANUAL_REVIEW
        and unanswered.exists()
        and bank.payment(payout.pk) is None
    )
