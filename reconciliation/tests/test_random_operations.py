"""Random operations on the real books agree with a small model of them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from accounts.models import Account
from accounts.services import (
    AccountDraft,
    close_account,
    freeze_account,
    open_account,
    unfreeze_account,
)
from events.models import Event
from ledger.house import HousePurpose
from ledger.models import JournalEntry, LedgerAccount
from ledger.services import (
    Refused,
    capture_hold,
    expire_holds,
    place_hold,
    post_entries,
    release_hold,
)
from paycore.lib.errors import DomainError
from paycore.lib.money import CURRENCIES, Money
from paycore.testing.bookkeeping import entry, house
from paycore.testing.cast import Player
from reconciliation.checks import CHECKS
from reconciliation.services import find_differences
from reconciliation.tests.reference_model import Model, Payment, Promise, Purse
from transfers.errors import BatchRefused
from transfers.models import Transfer
from transfers.services import (
    InternalOrder,
    Payer,
    create_all_internal_transfers,
    create_internal_transfer,
    create_internal_transfers,
    open_funded_account,
)

pytestmark = pytest.mark.holds_without_an_owner

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
# The holds here belong to no order.
PROVED = tuple(
    check for check in CHECKS if check.name != "open_hold_has_a_pending_owner"
)

# What usually succeeds is drawn more often, or most steps would be refusals.
currencies = st.sampled_from(["USD", "USD", "USD", "USD", "JPY"])
people = st.sampled_from(["ada", "ada", "ada", "grace"])
payers = st.sampled_from(["owner", "owner", "owner", "owner", "ada", "grace"])
small = st.integers(min_value=1, max_value=60)
# Of a purse: so much, or all that is available, or one unit more than that.
amounts = st.one_of(small, small, small, st.just("all"), st.just("all + 1"))
references = st.sampled_from([None, None, None, None, "rent", "food"])
decisions = st.sampled_from(["freeze", "unfreeze", "unfreeze", "close"])


def refusal_of(call: Callable[[], Any]) -> str | None:
    """The code of the refusal, or None when the call succeeds."""
    try:
        with transaction.atomic():
            call()
    except DomainError as error:
        return error.code
    return None


def minor_of(amount: int | str, purse: Purse) -> int:
    if isinstance(amount, int):
        return amount
    return max(1, purse.available + (amount == "all + 1"))


DECISIONS: dict[str, Callable[..., Account]] = {
    "freeze": freeze_account,
    "unfreeze": unfreeze_account,
    "close": close_account,
}


class Bank(RuleBasedStateMachine):
    """Does everything twice: in the books and in the model."""

    purses = Bundle("purses")
    promises = Bundle("promises")

    def __init__(self, ada: Player, grace: Player) -> None:
        super().__init__()
        self.people = {"ada": ada, "grace": grace}
        self.model = Model()
        self.ids: dict[Purse, UUID] = {}
        self.promised: dict[UUID, Promise] = {}
        # Whatever happens in an example is undone at its end.
        self.undo = transaction.atomic()
        self.undo.__enter__()

    def teardown(self) -> None:
        try:
            assert [str(item) for item in find_differences(checks=PROVED)] == []
            self.compare_history()
        finally:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    @initialize(target=purses)
    def open_the_bank(self):
        return multiple(
            self.open_one("ada", "USD", 500),
            self.open_one("ada", "USD", 0),
            self.open_one("ada", "USD", 300),
            self.open_one("grace", "USD", 300),
            self.open_one("grace", "JPY", 200),
        )

    @rule(
        target=purses,
        owner=people,
        currency=currencies,
        initial=st.just(0) | st.integers(min_value=1, max_value=300),
    )
    def open(self, owner, currency, initial):
        return self.open_one(owner, currency, initial)

    @rule(purse=purses, amount=st.integers(min_value=1, max_value=300))
    def fund(self, purse, amount):
        credit = self.money(purse, amount)
        deposits = house(HousePurpose.DEPOSITS, purse.currency)
        lines = (deposits, -credit), (self.id_of(purse), credit)

        [outcome] = post_entries(drafts=[entry(*lines, kind="deposit")])

        refusal = outcome.error.code if isinstance(outcome, Refused) else None
        assert refusal == self.model.fund(purse, amount)

    @rule(
        source=purses,
        destination=purses,
        amount=amounts,
        payer=payers,
        reference=references,
    )
    def transfer(self, source, destination, amount, payer, reference):
        minor = minor_of(amount, source)
        payment = self.payment(source, destination, minor, payer, reference)

        refusal = refusal_of(
            lambda: create_internal_transfer(
                order=self.order(payment),
                payer=self.payer(payment.payer),
                origin=self.origin,
            )
        )

        assert refusal == self.model.pay(payment)

    @rule(
        items=st.lists(
            st.tuples(purses, purses, small, references), min_size=1, max_size=5
        ),
        payer=payers,
    )
    def independent_batch(self, items, payer):
        payer = items[0][0].owner if payer == "owner" else payer
        payments = [
            self.payment(source, destination, minor, payer, reference)
            for source, destination, minor, reference in items
        ]

        outcomes = create_internal_transfers(
            orders=[self.order(payment) for payment in payments],
            payer=self.payer(payer),
            origin=self.origin,
        )

        refusals = [
            item.code if isinstance(item, DomainError) else None for item in outcomes
        ]
        assert refusals == [self.model.pay(payment) for payment in payments]

    @rule(
        items=st.lists(
            st.tuples(purses, purses, small, references), min_size=1, max_size=4
        ),
        payer=payers,
    )
    def atomic_batch(self, items, payer):
        payer = items[0][0].owner if payer == "owner" else payer
        payments = [
            self.payment(source, destination, minor, payer, reference)
            for source, destination, minor, reference in items
        ]
        refusals: dict[int, str] = {}

        try:
            with transaction.atomic():
                create_all_internal_transfers(
                    orders=[self.order(payment) for payment in payments],
                    payer=self.payer(payer),
                    origin=self.origin,
                )
        except BatchRefused as error:
            found = error.facts["refusals"]
            refusals = {index: refusal.code for index, refusal in found.items()}

        expected = enumerate(self.model.pay_all(payments))
        assert refusals == {index: code for index, code in expected if code is not None}

    @rule(
        target=promises,
        purse=purses,
        amount=amounts,
        expires_in=st.sampled_from([1, 2, 3, None]),
    )
    def hold(self, purse, amount, expires_in):
        minor = minor_of(amount, purse)
        expires_at = NOON + timedelta(hours=expires_in) if expires_in else None
        placed = []

        refusal = refusal_of(
            lambda: placed.append(
                place_hold(
                    account_id=self.id_of(purse),
                    amount=self.money(purse, minor),
                    reason="A payout.",
                    owner="payout:1",
                    expires_at=expires_at,
                )
            )
        )

        assert refusal == self.model.hold(purse, minor)
        for hold in placed:
            self.promised[hold.pk] = Promise(purse, minor, expires_at)
        return multiple(*[hold.pk for hold in placed])

    @rule(hold_id=promises, part=st.integers(1, 400))
    def capture(self, hold_id, part):
        promise = self.promised[hold_id]
        minor = min(part, promise.amount)
        amount = self.money(promise.purse, minor)
        payouts = house(HousePurpose.PAYOUTS, promise.purse.currency)
        lines = (self.id_of(promise.purse), -amount), (payouts, amount)

        refusal = refusal_of(
            lambda: capture_hold(hold_id=hold_id, draft=entry(*lines, kind="payout"))
        )

        assert refusal == self.model.capture(promise, minor)

    @rule(hold_id=promises)
    def release(self, hold_id):
        refusal = refusal_of(lambda: release_hold(hold_id=hold_id))

        assert refusal == self.model.release(self.promised[hold_id])

    @rule(hours=st.integers(1, 3))
    def expire(self, hours):
        at = NOON + timedelta(hours=hours)
        due = [
            promise
            for promise in self.promised.values()
            if promise.is_open and promise.expires_at and promise.expires_at <= at
        ]

        assert expire_holds(at=at) == len(due)

        assert [self.model.release(promise) for promise in due] == [None] * len(due)

    @rule(purse=purses, decision=decisions)
    def decide(self, purse, decision):
        refusal = refusal_of(
            lambda: DECISIONS[decision](
                account_id=self.id_of(purse), reason="A test.", origin=self.origin
            )
        )

        assert refusal == getattr(self.model, decision)(purse)

    @invariant()
    def balances_agree(self):
        stored = Account.objects.select_related("ledger_account").in_bulk(
            list(self.ids.values())
        )
        for purse, account_id in self.ids.items():
            account = stored[account_id]
            assert (
                account.ledger_account.posted_minor,
                account.ledger_account.held_minor,
                account.status,
            ) == (purse.posted, purse.held, purse.status)

    def compare_history(self):
        given = LedgerAccount.objects.filter(code__startswith="house:")
        totals = given.values_list("currency").annotate(Sum("posted_minor"))
        assert {code: -total for code, total in totals if total} == {
            code: total for code, total in self.model.house.items() if total
        }
        assert JournalEntry.objects.count() == self.model.entries
        assert Transfer.objects.count() == self.model.transfers
        told = Event.objects.filter(type="transfer.completed")
        assert told.count() == self.model.transfers

    def open_one(self, owner, currency, initial):
        draft = AccountDraft(
            owner_id=self.people[owner].id, currency=CURRENCIES.get(currency)
        )
        if initial:
            account = open_funded_account(
                draft=draft,
                initial=Money.of(initial, currency),
                payer=self.payer(owner),
                origin=self.origin,
            )
        else:
            account = open_account(draft=draft, origin=self.origin)
        purse = self.model.open(owner, currency, initial)
        self.ids[purse] = account.pk
        return purse

    def payment(self, source, destination, minor, payer, reference):
        # Most of the time two different purses of one currency are meant.
        if minor % 5:
            alike = [
                purse
                for purse in self.ids
                if purse is not source and purse.currency == source.currency
            ]
            if destination not in alike:
                destination = next(iter(alike), destination)
        payer = source.owner if payer == "owner" else payer
        return Payment(source, destination, minor, payer, reference)

    def order(self, payment):
        return InternalOrder(
            source_account_id=self.id_of(payment.source),
            destination_account_id=self.id_of(payment.destination),
            amount=self.money(payment.source, payment.amount).text,
            reference=payment.reference,
        )

    def payer(self, name):
        return Payer(self.people[name].id)

    def id_of(self, purse):
        return self.ids[purse]

    @staticmethod
    def money(purse, minor):
        return Money.of(minor, purse.currency)

    @property
    def origin(self):
        return self.people["ada"].origin


def test_agree_with_the_model(ada, grace):
    run_state_machine_as_test(
        lambda: Bank(ada, grace),  # type: ignore[arg-type]
        settings=settings(
            max_examples=50,
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
