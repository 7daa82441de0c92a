"""Opening balances: what an account held before its books were kept here."""

from accounts.models import Account
from accounts.services import AccountDraft, Payer, open_account
from ledger.services import lock_accounts
from paycore.lib.db import joined_atomic
from paycore.lib.money import Money
from paycore.lib.origin import Origin
from transfers.models import TransferKind
from transfers.services.movements import (
    Note,
    Side,
    draft_transfer,
    make_movement,
    movement_of,
    source_of,
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
        transfer = draft_transfer(
            TransferKind.OPENING,
            source=Side(initial),
            destination=Side(initial, account.pk, account.owner_id),
            maker_id=payer.user_id,
            note=Note(description="Opening balance"),
        )
        books = lock_accounts([source_of(transfer), account.pk])
        make_movement(books=books, movement=movement_of(transfer), origin=origin)
        account.ledger_account.refresh_from_db()
        return account
