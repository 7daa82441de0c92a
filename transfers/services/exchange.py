"""Exchanges: between two accounts of different currencies, through the house."""

from dataclasses import dataclass
from uuid import UUID

from accounts.selectors import AccountParty, get_parties
from accounts.services import (
    Payer,
    find_party,
    read_amount,
    refuse_other_currency,
    refuse_strangers_account,
)
from fx.arithmetic import Conversion, convert
from fx.selectors import get_rate
from fx.services import redeem_quote
from ledger.house import HousePurpose, house_account_id
from ledger.services import Books, lock_accounts
from paycore.lib.db import joined_atomic
from paycore.lib.errors import CurrencyMismatch, DomainError, Kind, LimitExceeded
from paycore.lib.money import CURRENCIES, Currency, Money
from paycore.lib.origin import Origin
from transfers.models import Transfer, TransferKind
from transfers.services.held import hold_transfer, must_wait
from transfers.services.movements import (
    Movement,
    Note,
    Side,
    apply_conversion,
    draft_transfer,
    make_movement,
    movement_of,
    refusals_counted,
)


@dataclass(frozen=True, slots=True)
class ExchangeOrder:
    """`amount` is what the source is debited, in its currency."""

    source_account_id: UUID
    destination_account_id: UUID
    amount: str
    currency: str | None = None
    quote_id: UUID | None = None


def create_exchange(*, order: ExchangeOrder, payer: Payer, origin: Origin) -> Transfer:
    """Convert money, at a quote's rate or at the one in force.

    What the destination receives is cut once, to its smallest unit. Costs as many
    statements as an internal transfer and one more, for the rate or the quote.

    Raises, in this order: `UnsupportedCurrency`, `InvalidAmount`, `AccountNotFound`,
    `NotFound` for the quote, `PermissionDenied`, `InvalidState` for one redeemed,
    `CurrencyMismatch`, `AccountNotActive`, `LimitExceeded`, `InsufficientBalance`,
    `QuoteExpired`, `QuoteMismatch`, `AmountTooSmall`, `RateUnavailable`.
    """
    with refusals_counted(TransferKind.EXCHANGE), joined_atomic():
        named = None if order.currency is None else CURRENCIES.get(order.currency)
        parties = get_parties([order.source_account_id, order.destination_account_id])
        source = find_party(parties, order.source_account_id, "/source_account_id")
        amount = read_amount(order.amount, named or source.currency)
        destination = find_party(
            parties, order.destination_account_id, "/destination_account_id"
        )
        books = lock_accounts(_touched(source, destination))
        priced = _price(order, amount, destination.currency, payer, books)
        _refuse_what_may_not_be(source, payer, priced)
        refuse_other_currency(source, named)
        _refuse_what_cannot_be(books, source, destination, amount, priced)
        assert isinstance(priced, Conversion)
        movement = _exchange(source, destination, priced, payer)
        if must_wait(movement.transfer, origin=origin):
            return hold_transfer(movement.transfer, books=books, origin=origin)
        return make_movement(books=books, movement=movement, origin=origin)


def _touched(source: AccountParty, destination: AccountParty) -> set[UUID]:
    return {
        source.account_id,
        destination.account_id,
        *conversion_accounts(source.currency, destination.currency),
    }


def conversion_accounts(paid: Currency, received: Currency) -> set[UUID]:
    """The house's accounts that a conversion may touch, either side its income."""
    return {
        house_account_id(purpose, currency)
        for purpose in (HousePurpose.FX, HousePurpose.FX_INCOME)
        for currency in (paid, received)
    }


def _price(
    order: ExchangeOrder, amount: Money, to: Currency, payer: Payer, books: Books
) -> Conversion | DomainError | None:
    # A refusal is kept: what it says comes before some others and after some.
    try:
        if order.quote_id is not None:
            return redeem_quote(
                quote_id=order.quote_id,
                owner_id=payer.user_id,
                source=amount,
                destination=to,
                at=books.at,
            )
        if amount.currency == to:
            return None
        return convert(amount, get_rate(amount.currency, to, at=books.at), to=to)
    except DomainError as refusal:
        return refusal


def _refuse_what_may_not_be(
    source: AccountParty, payer: Payer, priced: Conversion | DomainError | None
) -> None:
    refusal = priced if isinstance(priced, DomainError) else None
    if refusal is not None and refusal.kind in {Kind.INVALID, Kind.NOT_FOUND}:
        raise refusal
    refuse_strangers_account(source, payer)
    if refusal is not None and refusal.kind is Kind.CONFLICT:
        raise refusal


def _refuse_what_cannot_be(
    books: Books,
    source: AccountParty,
    destination: AccountParty,
    amount: Money,
    priced: Conversion | DomainError | None,
) -> None:
    if source.currency == destination.currency:
        raise CurrencyMismatch(
            why=f"Both accounts are in {source.currency}. Use an internal transfer."
        )
    refusal = books.refusal_to_move([source.account_id, destination.account_id])
    if refusal is not None:
        raise refusal
    if isinstance(priced, LimitExceeded):
        raise priced
    if isinstance(priced, DomainError):
        raise books.refusal_to_spend(source.account_id, amount) or priced


def _exchange(
    source: AccountParty,
    destination: AccountParty,
    priced: Conversion,
    payer: Payer,
) -> Movement:
    transfer = draft_transfer(
        TransferKind.EXCHANGE,
        source=Side.of(source, priced.source),
        destination=Side.of(destination, priced.destination),
        maker_id=payer.user_id,
        note=Note(),
    )
    apply_conversion(transfer, priced)
    return movement_of(transfer)
