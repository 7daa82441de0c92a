"""Refunds: what a receiver gives back of a purchase or an internal transfer."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, localcontext
from fractions import Fraction
from typing import Final
from uuid import UUID

from accounts.services import Payer, read_amount
from ledger.services import lock_accounts
from paycore.lib.db import joined_atomic
from paycore.lib.errors import InvalidState, PermissionDenied
from paycore.lib.money import Money
from paycore.lib.origin import Origin
from transfers.errors import RefundExceedsOriginal
from transfers.models import Transfer, TransferKind, TransferStatus
from transfers.selectors import get_transfer
from transfers.services.movements import (
    Movement,
    Note,
    Side,
    destination_of,
    draft_transfer,
    income_of,
    make_movement,
    movement_of,
    refusals_counted,
    source_of,
)
from transfers.services.pending import lock_transfer

REFUNDABLE: Final = frozenset({TransferKind.PURCHASE, TransferKind.INTERNAL})


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """`amount` is what the payer gets back, in the currency of the original's
    `amount`; None: all that is left.
    """

    transfer_id: UUID
    reason: str
    amount: str | None = None


def create_refund(*, order: RefundOrder, payer: Payer, origin: Origin) -> Transfer:
    """Give a payer back all or part of what a transfer took.

    All refunds of a transfer together never exceed it: the original's row is locked
    first, so concurrent refunds wait for each other.

    Raises, in this order: `NotFound` when the payer may not see the original,
    `InvalidAmount`, `PermissionDenied` unless they received it or are an operator,
    `InvalidState` for what cannot be refunded, `AccountNotActive`, `LimitExceeded`,
    `InsufficientBalance`, `RefundExceedsOriginal`.
    """
    with refusals_counted(TransferKind.REFUND), joined_atomic():
        seen_by = None if payer.may_spend_from_any else payer.user_id
        get_transfer(transfer_id=order.transfer_id, owner_id=seen_by)
        original = lock_transfer(order.transfer_id)
        amount = _amount_asked(order, original)
        _refuse_what_may_not_be(original, payer)
        movement = _refund(original, amount, order.reason, payer)
        sides = [source_of(movement.transfer), destination_of(movement.transfer)]
        legs = movement.entry.lines
        books = lock_accounts({*sides, *(leg.account_id for leg in legs)})
        refusal = (
            books.refusal_to_move(sides)
            or books.refusal_to_spend(sides[0], movement.transfer.amount)
            or _refusal_of_more_than_is_left(original, amount)
        )
        if refusal is not None:
            raise refusal
        refund = make_movement(books=books, movement=movement, origin=origin)
        # Our lock, so nobody has changed it since.
        original.refunded_minor += amount.minor
        original.save(update_fields=["refunded_minor"])
        return refund


def implied_rate(source: Money, destination: Money) -> Decimal:
    """Destination units per source unit, rounded up at the 28th decimal.

    Up, so that the source's amount times the rate, cut, is the destination's again.
    """
    exact = Fraction(destination.amount) / Fraction(source.amount)
    with localcontext() as context:
        context.prec = 100
        quotient = Decimal(exact.numerator) / Decimal(exact.denominator)
        return quotient.quantize(Decimal(1).scaleb(-28), ROUND_CEILING)


def _amount_asked(order: RefundOrder, original: Transfer) -> Money:
    if order.amount is not None:
        return read_amount(order.amount, original.amount.currency)
    return original.amount - original.refunded


def _refuse_what_may_not_be(original: Transfer, payer: Payer) -> None:
    is_receiver = original.destination_owner_id == payer.user_id
    if not is_receiver and not payer.may_spend_from_any:
        raise PermissionDenied(why="Only who received the money can give it back.")
    if original.kind not in REFUNDABLE:
        raise InvalidState(why=f"A transfer of kind {original.kind} has no refunds.")
    if original.status != TransferStatus.COMPLETED:
        raise InvalidState(why=f"The transfer is {original.status}, not completed.")


def _refusal_of_more_than_is_left(
    original: Transfer, amount: Money
) -> RefundExceedsOriginal | None:
    left = original.amount - original.refunded
    if amount <= left and amount.is_positive:
        return None
    return RefundExceedsOriginal(
        left=left.text, asked=amount.text, currency=left.currency.code
    )


def _refund(original: Transfer, amount: Money, reason: str, payer: Payer) -> Movement:
    given_back = _receivers_share(original, amount)
    refund = draft_transfer(
        TransferKind.REFUND,
        source=Side(
            given_back, original.destination_account_id, original.destination_owner_id
        ),
        destination=Side(amount, original.source_account_id, original.source_owner_id),
        maker_id=payer.user_id,
        note=Note(description=reason),
    )
    refund.original_transfer_id = original.pk
    if given_back.currency != amount.currency:
        refund.income_minor = -_incomes_share(original, amount)
        if given_back.is_positive:
            refund.rate = implied_rate(given_back, amount)
    return movement_of(refund)


def _receivers_share(original: Transfer, amount: Money) -> Money:
    """What the receiver gives back, pro rata and rounded up.

    Taken as the difference of two totals, so that all refunds together take exactly
    what the receiver had got, however the original is cut up. It may be nothing, when
    an earlier part was rounded up: then the payer's part comes from the house, which
    got it then.
    """
    whole, received = original.amount_minor, original.destination_amount_minor
    before = -(-received * original.refunded_minor // whole)
    after = -(-received * (original.refunded_minor + amount.minor) // whole)
    return Money(after - before, original.destination_amount.currency)


def _incomes_share(original: Transfer, amount: Money) -> int:
    whole, income = original.amount_minor, income_of(original).minor
    before = income * original.refunded_minor // whole
    return income * (original.refunded_minor + amount.minor) // whole - before
