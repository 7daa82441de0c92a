"""What the books should say, in as little Python as possible: no database, no locks.

Amounts are minor units. Every method answers None, or the code of the refusal, and
then has changed nothing.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(eq=False)
class Purse:
    """An account, as the model keeps it."""

    owner: str
    currency: str
    posted: int = 0
    held: int = 0
    status: str = "active"

    @property
    def available(self) -> int:
        return self.posted - self.held


@dataclass
class Promise:
    """A hold."""

    purse: Purse
    amount: int
    expires_at: datetime | None
    is_open: bool = True


@dataclass(eq=False)
class Payment:
    """An internal transfer as ordered by `payer`."""

    source: Purse
    destination: Purse
    amount: int
    payer: str
    reference: str | None = None


@dataclass
class Model:
    """The whole bank."""

    # What the house has given out, less what it got back.
    house: Counter[str] = field(default_factory=Counter)
    references: set[tuple[str, str]] = field(default_factory=set)
    entries: int = 0
    transfers: int = 0

    def fund(self, purse: Purse, amount: int) -> str | None:
        if purse.status != "active":
            return "account_not_active"
        self._move_from_house(purse, amount)
        return None

    def open(self, owner: str, currency: str, initial: int) -> Purse:
        purse = Purse(owner, currency)
        if initial:
            self._move_from_house(purse, initial)
            self.transfers += 1
        return purse

    def pay(self, order: Payment) -> str | None:
        refusal = self._refusal(order)
        if refusal is None:
            order.source.posted -= order.amount
            order.destination.posted += order.amount
            if order.reference is not None:
                self.references.add((order.payer, order.reference))
            self.entries += 1
            self.transfers += 1
        return refusal

    def pay_all(self, orders: Sequence[Payment]) -> list[str | None]:
        """All or nothing: if one is refused, all that were made are undone."""
        refusals = [self.pay(order) for order in orders]
        if any(refusals):
            made = zip(orders, refusals, strict=True)
            for order in [order for order, refusal in made if refusal is None]:
                self._undo(order)
        return refusals

    def hold(self, purse: Purse, amount: int) -> str | None:
        if purse.status != "active":
            return "account_not_active"
        if amount > purse.available:
            return "insufficient_balance"
        purse.held += amount
        return None

    def capture(self, promise: Promise, amount: int) -> str | None:
        refusal = self.release(promise)
        if refusal is None:
            self._move_from_house(promise.purse, -amount)
        return refusal

    def release(self, promise: Promise) -> str | None:
        if not promise.is_open:
            return "hold_not_open"
        promise.is_open = False
        promise.purse.held -= promise.amount
        return None

    def freeze(self, purse: Purse) -> str | None:
        return self._advance(purse, {"active"}, "frozen")

    def unfreeze(self, purse: Purse) -> str | None:
        return self._advance(purse, {"frozen"}, "active")

    def close(self, purse: Purse) -> str | None:
        if purse.status != "closed" and (purse.posted or purse.held):
            return "account_not_empty"
        return self._advance(purse, {"active", "frozen"}, "closed")

    def _refusal(self, order: Payment) -> str | None:
        source, destination = order.source, order.destination
        refusals = {
            "same_account_transfer": source is destination,
            "permission_denied": source.owner != order.payer,
            "duplicate_reference": (order.payer, order.reference) in self.references,
            "currency_mismatch": source.currency != destination.currency,
            "account_not_active": {source.status, destination.status} != {"active"},
            "insufficient_balance": order.amount > source.available,
        }
        return next((code for code, is_so in refusals.items() if is_so), None)

    def _undo(self, order: Payment) -> None:
        order.source.posted += order.amount
        order.destination.posted -= order.amount
        if order.reference is not None:
            self.references.remove((order.payer, order.reference))
        self.entries -= 1
        self.transfers -= 1

    def _move_from_house(self, purse: Purse, amount: int) -> None:
        purse.posted += amount
        self.house[purse.currency] += amount
        self.entries += 1

    @staticmethod
    def _advance(purse: Purse, sources: set[str], status: str) -> str | None:
        if purse.status not in sources:
            return "invalid_state"
        purse.status = status
        return None
