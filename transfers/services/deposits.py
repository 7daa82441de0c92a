"""Deposits: money that came in from outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from accounts.selectors import AccountParty, get_parties
from accounts.services import Payer, find_party, read_amount, refuse_other_currency
from ledger.services import lock_accounts
from paycore.lib.db import joined_atomic
from paycore.lib.money import CURRENCIES, Money
from paycore.lib.origin import Origin
from transfers.models import Transfer, TransferKind
from transfers.services.judging import refuse_taken_reference
from transfers.services.movements import (
    Note,
    Side,
    destination_of,
    draft_transfer,
    make_movement,
    movement_of,
    refusals_counted,
    source_of,
)


@dataclass(frozen=True, slots=True)
class DepositOrder:
    account_id: UUID
    amount: str
    currency: str
    reference: str


def create_deposit(*, order: DepositOrder, payer: Payer, origin: Origin) -> Transfer:
    """Credit an account with what came in, as an operator says.

    Raises, in this order: `UnsupportedCurrency`, `InvalidAmount`, `AccountNotFound`,
    `DuplicateReference`, `CurrencyMismatch`, `AccountNotActive`, `LimitExceeded`.
    """
    with refusals_counted(TransferKind.DEPOSIT), joined_atomic():
        amount = read_amount(order.amount, CURRENCIES.get(order.currency))
        parties: Mapping[UUID, AccountParty] = get_parties([order.account_id])
        party = find_party(parties, order.account_id, "/account_id")
        refuse_taken_reference(order.reference, user_id=payer.user_id)
        refuse_other_currency(party, amount.currency)
        return credit_deposit(
            amount=amount,
            party=party,
            maker_id=payer.user_id,
            note=Note(reference=order.reference),
            origin=origin,
        )


def credit_deposit(
    *,
    amount: Money,
    party: AccountParty | None,
    maker_id: UUID | None,
    note: Note,
    origin: Origin,
) -> Transfer:
    """Move a deposit from `house:deposits` to the account; None: to `house:suspense`.

    Joins the caller's transaction. Raises: `AccountNotActive`, `LimitExceeded`.
    """
    transfer = draft_transfer(
        TransferKind.DEPOSIT,
        source=Side(amount),
        destination=Side(amount) if party is None else Side.of(party, amount),
        maker_id=maker_id,
        note=note,
    )
    books = lock_accounts([source_of(transfer), destination_of(transfer)])
    return make_movement(books=books, movement=movement_of(transfer), origin=origin)
