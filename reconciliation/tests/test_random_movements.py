"""Random movements of every kind on the real books agree with a small model."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts.models import Account
from accounts.services import freeze_account, unfreeze_account
from fx.services import seed_rates
from ledger.models import JournalEntry, LedgerAccount
from paycore.lib.errors import DomainError
from paycore.lib.money import Money
from paycore.testing.cast import Player
from paycore.testing.suspicion import suspect_nothing
from reconciliation.services import find_differences
from reconciliation.tests.reference_movements import Model, Move, Purse
from transfers.models import Transfer
from transfers.tests import movements

indexes = st.integers(min_value=0, max_value=10**6)
codes = st.sampled_from(["USD", "EUR", "JPY"])
# Of a purse: so much, or all that is available, or one unit more than that.
amounts = st.one_of(
    st.integers(1, 60),
    st.integers(1, 60),
    st.integers(1, 3),
    st.sampled_from(["all", "all + 1"]),
)
parts = st.none() | st.integers(min_value=1, max_value=60)


def outcome_of(call: Callable[[], Transfer]) -> Transfer | str:
    """What was made, or the code of the refusal."""
    try:
        with transaction.atomic():
            return call()
    except DomainError as error:
        return error.code


def trusted_purchase(*ordered: Any, **more: Any) -> Transfer:
    """One that nobody looks into, however many came before it."""
    suspect_nothing()
    return movements.purchase(*ordered, **more)


class Bank(RuleBasedStateMachine):
    """Does everything twice: in the books and in the model."""

    def __init__(self, cast: dict[str, Player], tools: dict[str, Any]) -> None:
        super().__init__()
        self.cast, self.tools = cast, tools
        self.model = Model()
        self.accounts: dict[Purse, Account] = {}
        self.transfers: dict[Move, Transfer] = {}
        # Whatever happens in an example is undone at its end.
        self.undo = transaction.atomic()
        self.undo.__enter__()

    def teardown(self) -> None:
        try:
            self.compare_books()
            assert [str(item) for item in find_differences()] == []
        finally:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    @initialize()
    def open_the_bank(self):
        for owner, code, initial in (
            ("ada", "USD", 300),
            ("ada", "EUR", 200),
            ("ada", "JPY", 300),
            ("grace", "USD", 100),
            ("grace", "EUR", 50),
            ("grace", "JPY", 80),
        ):
            purse = self.model.open(owner, code, initial)
            self.accounts[purse] = self.tools["account_of"](
                self.cast[owner], code, self.text(initial, code)
            )
            self.remember(
                Transfer.objects.get(destination_account=self.accounts[purse])
            )

    @rule(basis_points=st.sampled_from([0, 50, 700]))
    def set_spread(self, basis_points):
        movements.spread("USD/EUR", basis_points)
        self.model.basis_points = basis_points

    @rule(at=indexes, amount=st.integers(1, 100))
    def deposit(self, at, amount):
        purse = self.purse(at)
        self.both(
            lambda: self.model.deposit(purse, amount),
            lambda: movements.deposit(
                self.cast["operator"],
                self.accounts[purse],
                f"{self.text(amount, purse.currency)} {purse.currency}",
            ),
        )

    @rule(at=indexes, to=indexes, amount=amounts)
    def pay(self, at, to, amount):
        purse = self.purse(at)
        friends = [
            other
            for other in self.model.purses
            # Now and then to any other, or to itself.
            if to % 8 == 0 or (other.currency == purse.currency and other is not purse)
        ]
        friend, minor = friends[to % len(friends)], self.minor(purse, amount)
        self.both(
            lambda: self.model.pay(purse, friend, minor),
            lambda: self.tools["pay"](
                self.owner(purse),
                self.accounts[purse],
                self.accounts[friend],
                self.text(minor, purse.currency),
            ),
        )

    @rule(at=indexes, to=indexes, amount=amounts)
    def exchange(self, at, to, amount):
        purse, other = self.purse(at), self.purse(to)
        minor = self.minor(purse, amount)
        if purse is other:
            return
        self.both(
            lambda: self.model.exchange(purse, other, minor),
            lambda: movements.exchange(
                self.owner(purse),
                self.accounts[purse],
                self.accounts[other],
                self.text(minor, purse.currency),
            ),
        )

    @rule(
        at=indexes,
        to=st.none() | indexes,
        amount=st.integers(1, 120),
        code=codes,
        held=st.sampled_from([False, False, True]),
    )
    def purchase(self, at, to, amount, code, held):
        purse, merchant = self.purse(at), None
        if to is not None:
            merchant = self.purse(to)
            # Most of the time the merchant's own currency is meant.
            code = code if to % 9 == 0 else merchant.currency
        create = movements.hold_purchase if held else trusted_purchase
        self.both(
            lambda: self.model.purchase(purse, amount, code, merchant, held),
            lambda: create(
                self.owner(purse),
                self.accounts[purse],
                f"{self.text(amount, code)} {code}",
                merchant=None if merchant is None else self.accounts[merchant],
            ),
        )

    @rule(at=indexes, ends=st.sampled_from(["complete", "fail"]))
    def end(self, at, ends):
        move = self.move(at, "pending", "purchase")
        if move is None:
            return
        service = getattr(movements, ends)
        self.both(
            lambda: getattr(self.model, ends)(move),
            lambda: service(self.transfers[move], self.cast["operator"]),
            is_new=False,
        )

    @rule(at=indexes, amount=parts)
    def refund(self, at, amount):
        move = self.move(at, "completed", "purchase", "internal")
        if move is None:
            return
        code = move.currencies[0]
        self.both(
            lambda: self.model.refund(move, amount),
            lambda: movements.refund(
                self.cast["operator"],
                self.transfers[move],
                None if amount is None else self.text(amount, code),
            ),
        )

    @rule(at=indexes, force=st.booleans())
    def reverse(self, at, force):
        move = self.move(at, "completed", "purchase", "internal", "exchange")
        if move is None:
            return
        self.both(
            lambda: self.model.reverse(move, force=force),
            lambda: movements.reverse(
                self.cast["admin"], self.transfers[move], force=force
            ),
        )

    @rule(at=indexes)
    def freeze_or_unfreeze(self, at):
        # Mostly the latter, or nothing would move.
        cold = [purse for purse in self.model.purses if purse.is_frozen]
        purse = cold[0] if cold else self.purse(at)
        service = unfreeze_account if purse.is_frozen else freeze_account
        service(
            account_id=self.accounts[purse].pk,
            reason="r",
            origin=self.cast["admin"].origin,
        )
        purse.is_frozen = not purse.is_frozen

    @invariant()
    def balances_agree(self):
        ids = [account.pk for account in self.accounts.values()]
        stored = LedgerAccount.objects.in_bulk(ids)
        for purse, account in self.accounts.items():
            books = stored[account.pk]
            assert (books.posted_minor, books.held_minor) == (purse.posted, purse.held)
            assert books.shortfall_minor == max(0, -purse.available)

    @invariant()
    def nobody_gains_by_converting(self):
        assert self.model.worth() >= 0

    def compare_books(self):
        house = LedgerAccount.objects.filter(code__startswith="house:")
        assert {
            tuple(books.code.split(":")[1:]): books.posted_minor
            for books in house.exclude(posted_minor=0)
        } == {leg: minor for leg, minor in self.model.house.items() if minor}
        stored = Transfer.objects.in_bulk()
        assert len(stored) == len(self.model.moves)
        for move, transfer in self.transfers.items():
            found = stored[transfer.pk]
            assert (found.kind, found.status) == (move.kind, move.status)
            assert found.amount_minor == move.debit
            assert found.destination_amount_minor == move.credit
            assert found.refunded_minor == move.refunded
        moved = [
            move
            for move in self.model.moves
            if move.status not in {"pending", "failed"}
        ]
        assert JournalEntry.objects.count() == len(moved)

    def both(
        self,
        in_the_model: Callable[[], str | None],
        in_the_books: Callable[[], Transfer],
        *,
        is_new: bool = True,
    ) -> None:
        outcome = outcome_of(in_the_books)
        refusal = in_the_model()
        if isinstance(outcome, Transfer):
            assert refusal is None
            if is_new:
                self.remember(outcome)
        else:
            assert outcome == refusal

    def remember(self, transfer: Transfer) -> None:
        self.transfers[self.model.moves[-1]] = transfer

    def purse(self, at: int) -> Purse:
        return self.model.purses[at % len(self.model.purses)]

    def move(self, at: int, status: str, *kinds: str) -> Move | None:
        """One of that status and of these kinds, or now and then just any."""
        moves = [
            move
            for move in self.model.moves
            if at % 8 == 0 or (move.status == status and move.kind in kinds)
        ]
        return moves[at % len(moves)] if moves else None

    def owner(self, purse: Purse) -> Player:
        return self.cast[purse.owner]

    @staticmethod
    def minor(purse: Purse, amount: int | str) -> int:
        if isinstance(amount, int):
            return amount
        return max(1, purse.available + (amount == "all + 1"))

    @staticmethod
    def text(minor: int, code: str) -> str:
        return Money.of(minor, code).text


def test_agree_with_the_model(ada, grace, operator, admin, account_of, pay):
    seed_rates()
    movements.rate_becomes("USD/JPY", "150")
    cast = {"ada": ada, "grace": grace, "operator": operator, "admin": admin}
    run_state_machine_as_test(
        lambda: Bank(cast, {"account_of": account_of, "pay": pay}),  # type: ignore[arg-type]
        settings=settings(
            max_examples=35,
            stateful_step_count=30,
            deadline=None,
            database=None,
            # A failure is told at once: making it smaller would take minutes.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
