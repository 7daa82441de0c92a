"""Opening balances: what an account held before its books were kept here."""

from accounts.models import Account
from accounts.services import AccountDraft, open_account
from ledger.house import HousePurpose, house_account_id
from ledger.services import lock_accounts
from paycore.lib.db import joined_atomic
from paycore.lib.ids import new_id
from paycore.lib.money import Money
from paycore.lib.origin import Origin
from transfers.models import Transfer, TransferKind, comparable
from transfers.services.internal import Payer
from transfers.services.movements import (
    Movement,
    entry_of,
    two_lines,
    write_movements,
)


def open_funded_account(
    *, draft: AccountDraft, initial: Money, payer: Payer, origin: Origin
) -> Account:
    """Open an account that begins with `initial`, taken from `house:opening`.

    Raises: as `accounts.services.open_account`; `LimitExceeded` when the house's books
    can count no further; `CurrencyMismatch` (a bug) when `initial` is in another
    currency.
    """
    with joined_atomic():
        account = open_account(draft=draft, origin=origin)
        house_id = house_account_id(HousePurpose.OPENING, draft.currency)
        books = lock_accounts([house_id, account.pk])
        movement = _opening(account, initial, payer)
        refusal = books.admit(movement.entry)
        if refusal is not None:
            raise refusal
        write_movements(books=books, movements=[movement], origin=origin)
        account.ledger_account.refresh_from_db()
        return account


def _opening(account: Account, initial: Money, payer: Payer) -> Movement:
    transfer = Transfer(
        id=new_id(),
        kind=TransferKind.OPENING,
        destination_account_id=account.pk,
        destination_owner_id=account.owner_id,
        created_by_id=payer.user_id,
        amount_minor=initial.minor,
        currency=initial.currency.code,
        amount_value=comparable(initial),
        destination_amount_minor=initial.minor,
        destination_currency=initial.currency.code,
        description="Opening balance",
    )
    lines = two_lines(
        source_id=house_account_id(HousePurpose.OPENING, initial.currency),
        destination_id=account.pk,
        amount=initial,
    )
    return Movement(transfer, entry_of(transfer, lines=lines))
