"""Keeping books in tests, in few words, through the services of the ledger."""

from uuid import UUID

from ledger.house import HousePurpose, house_account_id
from ledger.models import LedgerAccount
from ledger.services import (
    EntryDraft,
    LedgerAccountDraft,
    Line,
    Posted,
    open_ledger_accounts,
    post_entries,
)
from paycore.lib.money import CURRENCIES, Money


def money(text: str) -> Money:
    """`"100.00 USD"`."""
    amount, code = text.split()
    return Money.parse(amount, CURRENCIES.get(code))


def house(purpose: HousePurpose, code: str) -> UUID:
    return house_account_id(purpose, CURRENCIES.get(code))


def open_account(
    code: str, *, currency: str = "USD", floor_minor: int | None = 0
) -> LedgerAccount:
    """An empty ledger account."""
    draft = LedgerAccountDraft(
        code=code, currency=CURRENCIES.get(currency), floor_minor=floor_minor
    )
    [account] = open_ledger_accounts([draft])
    return account


def open_funded_account(code: str, *, holding: str) -> LedgerAccount:
    """A ledger account that begins with e.g. `"100.00 USD"`."""
    amount = money(holding)
    account = open_account(code, currency=amount.currency.code)
    post(
        entry(
            (house(HousePurpose.OPENING, amount.currency.code), -amount),
            (account.pk, amount),
            kind="opening",
        )
    )
    account.refresh_from_db()
    return account


def entry(*lines: tuple[UUID, Money], kind: str = "internal") -> EntryDraft:
    return EntryDraft(kind=kind, lines=tuple(Line(*line) for line in lines))


def payment(source: LedgerAccount, destination: LedgerAccount, text: str) -> EntryDraft:
    """Debit the source, credit the destination, e.g. `"10.00 USD"`."""
    amount = money(text)
    return entry((source.pk, -amount), (destination.pk, amount))


def post(*drafts: EntryDraft) -> list[Posted]:
    """Post entries none of which may be refused."""
    outcomes = post_entries(drafts=drafts)
    refused = [item for item in outcomes if not isinstance(item, Posted)]
    assert not refused, refused
    return [item for item in outcomes if isinstance(item, Posted)]


def balances(*accounts: LedgerAccount) -> list[str]:
    """What each has posted, as stored now: `["90.00", "10.00"]`."""
    stored = LedgerAccount.objects.in_bulk([account.pk for account in accounts])
    return [stored[account.pk].posted.text for account in accounts]


def held(account: LedgerAccount) -> str:
    """What the account holds back, as stored now: `"10.00"`."""
    return LedgerAccount.objects.get(pk=account.pk).held.text
