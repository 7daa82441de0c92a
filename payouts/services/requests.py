"""Ordering a payout, and taking the order back."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.selectors import AccountParty, get_parties
from accounts.services import (
    Payer,
    find_party,
    read_amount,
    refuse_other_currency,
    refuse_strangers_account,
)
from events.services import publish_events
from ledger.services import lock_accounts, reserve_hold
from paycore.lib.db import StartOver, joined_atomic, refuse_on
from paycore.lib.errors import DuplicateReference, InvalidState, NotFound
from paycore.lib.ids import new_id
from paycore.lib.metrics import PAYOUTS, refusals_counted
from paycore.lib.money import CURRENCIES, Money
from paycore.lib.origin import Origin
from paycore.lib.sealing import seal
from payouts.gateways import gateway_for
from payouts.models import Approval, Payout, PayoutStatus
from payouts.selectors import is_reference_taken
from payouts.services.announcements import moved
from payouts.services.held import payment_of
from payouts.services.moves import Changes, lock_payout
from payouts.services.thresholds import needs_approval
from risk.services import close_needless_review, screen_payment


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the money goes. The IBAN is compact, and was checked."""

    name: str
    iban: str
    bic: str = ""

    @property
    def masked_iban(self) -> str:
        """The country and the last four characters."""
        hidden = "*" * (len(self.iban) - 6)
        return f"{self.iban[:2]}{hidden}{self.iban[-4:]}"

    def __repr__(self) -> str:
        # A traceback with local variables must not show where somebody banks.
        return f"Destination({self.masked_iban})"


@dataclass(frozen=True, slots=True)
class PayoutOrder:
    """`amount` and `currency` are what is held now and sent later."""

    account_id: UUID
    amount: str
    currency: str
    destination: Destination
    reference: str | None = None


def request_payout(*, order: PayoutOrder, payer: Payer, origin: Origin) -> Payout:
    """Put the funds on hold and queue the payout, or let it wait for people.

    One above the threshold waits for approval, one that risk holds for its review.

    Raises, in this order: `UnsupportedCurrency`, `InvalidAmount`, `AccountNotFound`,
    `PermissionDenied`, `DuplicateReference`, `CurrencyMismatch`,
    `AccountNotActive`, `LimitExceeded`, `InsufficientBalance`, `ServiceUnavailable`.
    """
    with refusals_counted(PAYOUTS, gateway=""), joined_atomic():
        amount = read_amount(order.amount, CURRENCIES.get(order.currency))
        party = _refuse(order, amount, payer)
        payout = _draft(order, amount, party, payer)
        at = _hold_funds(payout, origin)
        payout.gateway = gateway_for(amount.currency)
        payout.created_at = payout.updated_at = at
        if needs_approval(amount, at=at):
            payout.approval = Approval.REQUIRED
        elif not payout.is_held:
            payout.due_at = at
        with refuse_on({_REFERENCE_IS_UNIQUE: StartOver()}):
            payout.save(force_insert=True)
        publish_events([moved(payout, approval=payout.approval)], origin=origin)
        return payout


_REFERENCE_IS_UNIQUE = "payouts_payout_reference_is_unique_to_its_requester"


def cancel_payout(
    *,
    payout_id: UUID,
    reason: str,
    origin: Origin,
    owner_id: UUID | None = None,
) -> Payout:
    """Take back a payout that no worker has taken up; its funds are free again.

    Of a worker and a cancellation at once, the first one to lock the payout wins.

    Raises: `NotFound`, also when it is another owner's; `InvalidState` unless it is
    pending.
    """
    with joined_atomic():
        payout = lock_payout(payout_id)
        if owner_id is not None and payout.owner_id != owner_id:
            raise NotFound
        if payout.status != PayoutStatus.PENDING:
            raise InvalidState(
                why=f"The payout is {payout.status}; only a pending one can be"
                " cancelled."
            )
        if payout.is_held:
            close_needless_review(
                subject_id=payout_id, reason="The payout was cancelled.", origin=origin
            )
        changes = Changes()
        changes.cancel(payout, reason=reason)
        changes.write(origin=origin)
        return payout


def _refuse(order: PayoutOrder, amount: Money, payer: Payer) -> AccountParty:
    parties = get_parties([order.account_id])
    party = find_party(parties, order.account_id, "/account_id")
    refuse_strangers_account(party, payer)
    if order.reference is not None and is_reference_taken(
        user_id=payer.user_id, reference=order.reference
    ):
        raise DuplicateReference(pointer="/reference", reference=order.reference)
    refuse_other_currency(party, amount.currency)
    return party


def _draft(
    order: PayoutOrder, amount: Money, party: AccountParty, payer: Payer
) -> Payout:
    return Payout(
        id=new_id(),
        account_id=party.account_id,
        owner_id=party.owner_id,
        requested_by_id=payer.user_id,
        amount_minor=amount.minor,
        currency=amount.currency.code,
        beneficiary_name=order.destination.name,
        iban_sealed=seal(order.destination.iban),
        iban_masked=order.destination.masked_iban,
        bic=order.destination.bic,
        reference=order.reference,
    )


def _hold_funds(payout: Payout, origin: Origin) -> datetime:
    """Let risk judge the payout and take its funds; when that was."""
    account_id: UUID = payout.account_id
    books = lock_accounts([account_id])
    # A limit comes after an account that may not move and before one that is empty.
    refusal = books.refusal_to_move([account_id])
    if refusal is not None:
        raise refusal
    payout.is_held = screen_payment(payment_of(payout), origin=origin).is_held
    hold = reserve_hold(
        books=books,
        account_id=account_id,
        amount=payout.amount,
        reason="Payout",
        owner=f"payout:{payout.pk}",
    )
    books.write()
    payout.hold_id = hold.pk
    return books.at
