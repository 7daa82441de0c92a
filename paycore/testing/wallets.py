"""Fixtures: the accounts of the cast, money in them, and whether any of it moved.

Tests of any app may ask for these, without importing from the apps above their own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from accounts.models import Account
from accounts.services import (
    AccountDraft,
    freeze_account,
    open_account,
    suspend_user,
)
from events.models import Event
from ledger.models import JournalEntry, LedgerAccount, Posting
from paycore.api.principals import Principal, Role, Scope
from paycore.lib.ids import new_id
from paycore.lib.money import CURRENCIES, Money
from paycore.lib.origin import Origin
from paycore.testing.cast import Caller, Player
from payouts.models import Payout
from transfers.models import Transfer
from transfers.services import (
    InternalOrder,
    Payer,
    create_internal_transfer,
    open_funded_account,
)

STAGE = Origin(actor="test")


def open_for(
    player: Player, currency: str = "USD", holding: str | None = None, **more: Any
) -> Account:
    """An account of somebody, empty unless it is holding something."""
    draft = AccountDraft(owner_id=player.id, currency=CURRENCIES.get(currency), **more)
    if holding is None:
        return open_account(draft=draft, origin=STAGE)
    return open_funded_account(
        draft=draft,
        initial=Money.parse(holding, draft.currency),
        payer=Payer(player.id),
        origin=STAGE,
    )


def pay_by(
    player: Player, source: Account, destination: Account, amount: str, **more: Any
) -> Transfer:
    """A transfer that is made."""
    order = InternalOrder(source.pk, destination.pk, amount, **more)
    return create_internal_transfer(
        order=order, payer=Payer(player.id), origin=player.origin
    )


def posted_in(account: Account) -> str:
    """What the account has posted, as stored now: `"100.00"`."""
    return LedgerAccount.objects.get(pk=account.pk).posted.text


@contextmanager
def books_stay() -> Iterator[None]:
    """Whatever happens inside leaves no trace in the books, nor in the log."""
    before = _books()
    yield
    assert _books() == before


def _books() -> list[object]:
    touched = LedgerAccount.objects.filter(version__gt=0)
    balances = touched.values_list("pk", "posted_minor", "held_minor", "version")
    return [
        sorted(balances),
        sorted(Account.objects.values_list("pk", "status")),
        sorted(Payout.objects.values_list("pk", "status", "approval", "due_at")),
        *(model.objects.count() for model in (JournalEntry, Posting, Transfer, Event)),
    ]


@pytest.fixture
def account_of(db: Any) -> Callable[..., Account]:
    """`account_of(ada, "USD", "100.00")`; see `open_for`."""
    return open_for


@pytest.fixture
def frozen(db: Any) -> Callable[..., Account]:
    """`frozen(ada, "USD", "100.00")`: an account that is frozen; see `open_for`."""

    def open_and_freeze(
        player: Player, currency: str = "USD", holding: str | None = None
    ) -> Account:
        account = open_for(player, currency, holding)
        freeze_account(account_id=account.pk, reason="r", origin=STAGE)
        return account

    return open_and_freeze


@pytest.fixture
def pay(db: Any) -> Callable[..., Transfer]:
    """`pay(ada, source, destination, "10.00")`; see `pay_by`."""
    return pay_by


@pytest.fixture
def balance_of(db: Any) -> Callable[[Account], str]:
    return posted_in


@pytest.fixture
def nothing_moves(db: Any) -> Callable[[], Any]:
    """A context inside which no money moves; see `books_stay`."""
    return books_stay


@pytest.fixture
def ada_usd(ada: Player) -> Account:
    """1000.00 USD of ada's."""
    return open_for(ada, "USD", "1000.00")


@pytest.fixture
def grace_usd(grace: Player) -> Account:
    """50.00 USD of grace's."""
    return open_for(grace, "USD", "50.00")


@pytest.fixture
def grace_eur(grace: Player) -> Account:
    """500.00 EUR of grace's."""
    return open_for(grace, "EUR", "500.00")


@pytest.fixture
def caller(request: pytest.FixtureRequest) -> Callable[[str], Caller]:
    """Somebody by name, as tables of authorization write it: `ada`, `suspended ada`,
    or `ada with transfers:write accounts:read` for an API key of hers.
    """

    def find(who: str) -> Caller:
        name, _, scopes = who.partition(" with ")
        is_suspended = name.startswith("suspended ")
        player = request.getfixturevalue(name.removeprefix("suspended "))
        found: Caller = player
        if scopes:
            found = player.with_key(*(Scope(scope) for scope in scopes.split()))
        if is_suspended:
            _suspend(player)
        return found

    return find


def _suspend(player: Player) -> None:
    suspend_user(
        user_id=player.id,
        by=Principal(user_id=new_id(), role=Role.ADMIN),
        reason="A test needs it",
        origin=STAGE,
    )
