"""The life of an account: opened, frozen, unfrozen, closed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import ledger.services
from accounts.errors import AccountNotEmpty, DuplicateAccount
from accounts.models import ACCOUNT_MOVES, Account, AccountStatus, User
from accounts.selectors import get_account
from events.services import EventDraft, publish_events
from ledger.services import LedgerAccountDraft
from paycore.lib.db import joined_atomic, refuse_on
from paycore.lib.errors import InvalidState, NotFound
from paycore.lib.ids import new_id
from paycore.lib.money import Currency
from paycore.lib.origin import Origin


@dataclass(frozen=True, slots=True)
class AccountDraft:
    """What an account is opened with. `external_id` is unique among its owner's."""

    owner_id: UUID
    currency: Currency
    name: str = ""
    external_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


def open_account(*, draft: AccountDraft, origin: Origin) -> Account:
    """Open an empty account, with its ledger account.

    Raises: `NotFound` for an unknown owner, `DuplicateAccount`.
    """
    account_id = new_id()
    with joined_atomic():
        if not User.objects.filter(pk=draft.owner_id).exists():
            raise NotFound(pointer="/owner_id")
        [ledger_account] = ledger.services.open_ledger_accounts(
            [
                LedgerAccountDraft(
                    id=account_id,
                    code=f"customer:{account_id}",
                    currency=draft.currency,
                )
            ]
        )
        with refuse_on(
            {_EXTERNAL_ID_IS_UNIQUE: DuplicateAccount(pointer="/external_id")}
        ):
            account = Account.objects.create(
                ledger_account=ledger_account,
                owner_id=draft.owner_id,
                external_id=draft.external_id,
                name=draft.name,
                metadata=dict(draft.metadata),
            )
        facts = {"currency": draft.currency.code, "external_id": draft.external_id}
        _announce(account, "account.opened", facts, origin)
        return account


def freeze_account(
    *, account_id: UUID, reason: str, origin: Origin, owner_id: UUID | None = None
) -> Account:
    """Stop an account from sending and receiving. With `owner_id` only an own one.

    Raises: `AccountNotFound`; `InvalidState` unless it is active.
    """
    with joined_atomic():
        account = _lock_account(account_id, owner_id)
        _advance(account, AccountStatus.FROZEN, reason=reason, origin=origin)
        ledger.services.set_frozen(account_id=account_id, is_frozen=True)
        return account


def unfreeze_account(
    *, account_id: UUID, reason: str, origin: Origin, owner_id: UUID | None = None
) -> Account:
    """Let a frozen account send and receive again.

    Raises: `AccountNotFound`; `InvalidState` unless it is frozen.
    """
    with joined_atomic():
        account = _lock_account(account_id, owner_id)
        _advance(account, AccountStatus.ACTIVE, reason=reason, origin=origin)
        ledger.services.set_frozen(account_id=account_id, is_frozen=False)
        return account


def close_account(
    *, account_id: UUID, reason: str, origin: Origin, owner_id: UUID | None = None
) -> Account:
    """Close an account for ever.

    Raises: `AccountNotFound`; `InvalidState` when it is closed already;
    `AccountNotEmpty` while it has money or open holds.
    """
    with joined_atomic():
        account = _lock_account(account_id, owner_id)
        _advance(account, AccountStatus.CLOSED, reason=reason, origin=origin)
        if not ledger.services.close_ledger_account(account_id=account_id):
            raise AccountNotEmpty
        return account


_EXTERNAL_ID_IS_UNIQUE: Final = "accounts_account_external_id_is_unique_to_its_owner"
_EVENT_TYPES: Final = {
    AccountStatus.ACTIVE: "account.unfrozen",
    AccountStatus.FROZEN: "account.frozen",
    AccountStatus.CLOSED: "account.closed",
}


def _lock_account(account_id: UUID, owner_id: UUID | None) -> Account:
    # The ledger account's lock first: of two racing moves the second then sees what
    # the first one did.
    ledger.services.lock_accounts([account_id])
    return get_account(account_id=account_id, owner_id=owner_id)


def _advance(
    account: Account, to: AccountStatus, *, reason: str, origin: Origin
) -> None:
    sources = [status for status, targets in ACCOUNT_MOVES.items() if to in targets]
    rows = Account.objects.filter(pk=account.pk, status__in=sources)
    if rows.update(status=to) == 0:
        raise InvalidState(why=f"An account that is {account.status} cannot be {to}.")
    facts = {"from": account.status, "to": to.value, "reason": reason}
    account.status = to
    _announce(account, _EVENT_TYPES[to], facts, origin)


def _announce(
    account: Account, event_type: str, facts: Mapping[str, Any], origin: Origin
) -> None:
    publish_events(
        [
            EventDraft(
                type=event_type,
                subject_type="account",
                subject_id=account.pk,
                owner_ids=(account.owner_id,),
                data={"account_id": str(account.pk), **facts},
            )
        ],
        origin=origin,
    )
