"""What movements should do, in as little Python as possible: no database, no locks.

Amounts are minor units, rates exact fractions. Every order answers None, or the code of
the refusal, and then has changed nothing.
"""

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

# Minor units that are worth one dollar, in the middle of the spread.
PER_DOLLAR = {
    "USD": Fraction(100),
    "EUR": Fraction(92),
    "JPY": Fraction(150),
}


@dataclass(eq=False)
class Purse:
    owner: str
    currency: str
    posted: int = 0
    held: int = 0
    is_frozen: bool = False

    @property
    def available(self) -> int:
        return self.posted - self.held


@dataclass(eq=False)
class Move:
    """A movement: None is the house, `legs` what it did there."""

    kind: str
    source: Purse | None
    destination: Purse | None
    debit: int
    credit: int
    currencies: tuple[str, str]
    legs: Counter[tuple[str, str]] = field(default_factory=Counter)
    income: int = 0
    status: str = "completed"
    refunded: int = 0


class Model:
    """The whole bank."""

    def __init__(self) -> None:
        self.house: Counter[tuple[str, str]] = Counter()
        self.purses: list[Purse] = []
        self.moves: list[Move] = []
        self.basis_points = 0

    def rate(self, base: str, quote: str) -> Fraction:
        return PER_DOLLAR[quote] / PER_DOLLAR[base]

    def open(self, owner: str, currency: str, initial: int) -> Purse:
        purse = Purse(owner, currency)
        self.purses.append(purse)
        self.deposit(purse, initial, via="opening")
        return purse

    def deposit(self, purse: Purse, amount: int, via: str = "deposits") -> str | None:
        if purse.is_frozen:
            return "account_not_active"
        code = purse.currency
        kind = {"deposits": "deposit"}.get(via, via)
        legs = Counter({(via, code): -amount})
        return self._make(Move(kind, None, purse, amount, amount, (code, code), legs))

    def pay(self, source: Purse, destination: Purse, amount: int) -> str | None:
        code = source.currency
        refusal = self._first(
            same_account_transfer=source is destination,
            currency_mismatch=code != destination.currency,
            account_not_active=source.is_frozen or destination.is_frozen,
            insufficient_balance=amount > source.available,
        )
        return refusal or self._make(
            Move("internal", source, destination, amount, amount, (code, code))
        )

    def exchange(self, source: Purse, destination: Purse, amount: int) -> str | None:
        paid, received = source.currency, destination.currency
        rate = self.rate(paid, received)
        gross, net = (
            floor(amount * rate),
            floor(amount * rate * self._kept(paid, received)),
        )
        refusal = self._first(
            currency_mismatch=paid == received,
            account_not_active=source.is_frozen or destination.is_frozen,
            insufficient_balance=amount > source.available,
            amount_too_small=net == 0,
        )
        legs = Counter(
            {
                ("fx", paid): amount,
                ("fx", received): -gross,
                ("fx_income", received): gross - net,
            }
        )
        sides = (paid, received)
        return refusal or self._make(
            Move("exchange", source, destination, amount, net, sides, legs)
        )

    def purchase(
        self, source: Purse, wanted: int, code: str, merchant: Purse | None, held: bool
    ) -> str | None:
        paid = source.currency
        cost = fair_cost = wanted
        legs: Counter[tuple[str, str]] = Counter()
        if paid != code:
            rate = self.rate(paid, code)
            cost = ceil(wanted / (rate * self._kept(paid, code)))
            fair_cost = ceil(wanted / rate)
            legs["fx", paid] += fair_cost
            legs["fx_income", paid] += cost - fair_cost
            legs["fx", code] -= wanted
        if merchant is None:
            legs["merchants", code] += wanted
        refusal = self._first(
            same_account_transfer=source is merchant,
            currency_mismatch=merchant is not None and merchant.currency != code,
            account_not_active=source.is_frozen
            or (merchant is not None and merchant.is_frozen),
            insufficient_balance=cost > source.available,
        )
        move = Move("purchase", source, merchant, cost, wanted, (paid, code), legs)
        move.income = cost - fair_cost
        if refusal is None and held:
            move.status = "pending"
            source.held += cost
            self.moves.append(move)
            return None
        return refusal or self._make(move)

    def complete(self, move: Move) -> str | None:
        if move.status != "pending":
            return "invalid_state"
        move.source.held -= move.debit
        move.status = "completed"
        self._apply(move)
        return None

    def fail(self, move: Move) -> str | None:
        if move.status != "pending":
            return "invalid_state"
        move.source.held -= move.debit
        move.status = "failed"
        return None

    def refund(self, move: Move, amount: int | None) -> str | None:
        if move.kind not in {"internal", "purchase"} or move.status != "completed":
            return "invalid_state"
        left = move.debit - move.refunded
        given = left if amount is None else amount
        total = move.refunded + given
        taken = self._share(move, total) - self._share(move, move.refunded)
        receiver = move.destination
        refusal = self._first(
            account_not_active=move.source.is_frozen
            or (receiver is not None and receiver.is_frozen),
            insufficient_balance=receiver is not None
            and taken > 0
            and taken > receiver.available,
            refund_exceeds_original=given > left or given == 0,
        )
        if refusal is not None:
            return refusal
        paid, code = move.currencies
        kept = move.income * total // move.debit
        kept -= move.income * move.refunded // move.debit
        legs: Counter[tuple[str, str]] = Counter()
        if paid != code:
            legs["fx", code] += taken
            legs["fx", paid] -= given - kept
            legs["fx_income", paid] -= kept
        if receiver is None:
            legs["merchants", code] -= taken
        move.refunded = total
        return self._make(
            Move("refund", receiver, move.source, taken, given, (code, paid), legs)
        )

    def reverse(self, move: Move, *, force: bool) -> str | None:
        if (
            move.kind in {"refund", "reversal"}
            or move.status != "completed"
            or move.refunded
        ):
            return "invalid_state"
        receiver, sides = move.destination, (move.currencies[1], move.currencies[0])
        refusal = self._first(
            account_not_active=any(
                purse is not None and purse.is_frozen
                for purse in (move.source, receiver)
            ),
            insufficient_balance=not force
            and receiver is not None
            and move.credit > receiver.available,
        )
        if refusal is not None:
            return refusal
        mirror = Counter({leg: -amount for leg, amount in move.legs.items()})
        move.status = "reversed"
        back = Move("reversal", receiver, move.source, move.credit, move.debit, sides)
        back.legs = mirror
        return self._make(back)

    def worth(self) -> Fraction:
        """What the house has earned by conversions, in dollars."""
        return sum(
            (
                amount / PER_DOLLAR[code]
                for (purpose, code), amount in self.house.items()
                if purpose in {"fx", "fx_income"}
            ),
            Fraction(0),
        )

    def _kept(self, base: str, quote: str) -> Fraction:
        has_spread = {base, quote} == {"USD", "EUR"}
        return Fraction(10_000 - (self.basis_points if has_spread else 0), 10_000)

    @staticmethod
    def _share(move: Move, refunded: int) -> int:
        return ceil(Fraction(move.credit * refunded, move.debit))

    @staticmethod
    def _first(**refusals: bool) -> str | None:
        return next((code for code, is_so in refusals.items() if is_so), None)

    def _make(self, move: Move) -> str | None:
        self.moves.append(move)
        self._apply(move)
        return None

    def _apply(self, move: Move) -> None:
        if move.source is not None:
            move.source.posted -= move.debit
        if move.destination is not None:
            move.destination.posted += move.credit
        self.house.update(move.legs)
