"""A locked account: what it may be asked for, and what was decided to change in it."""

from dataclasses import dataclass
from uuid import UUID

from ledger.errors import AccountNotActive, InsufficientBalance
from paycore.lib.errors import DomainError, LimitExceeded
from paycore.lib.money import LARGEST_MINOR, Currency, CurrencyMismatch, Money


@dataclass(slots=True)
class Balance:
    """An account as it was when it was locked, and what is to be changed in it since.

    All figures are in minor units of the currency. A refusal is returned, not raised,
    because in a batch the next draft goes on.
    """

    account_id: UUID
    currency: Currency
    posted_minor: int
    held_minor: int
    floor_minor: int | None
    is_frozen: bool
    is_closed: bool
    posted_change: int = 0
    held_change: int = 0
    may_fall_short: bool = False

    @property
    def available(self) -> Money:
        return Money(self.posted_minor - self.held_minor, self.currency)

    def refusal_to_move(self, *, settle: bool = False) -> DomainError | None:
        if self.is_closed or (self.is_frozen and not settle):
            return AccountNotActive(
                status="closed" if self.is_closed else "frozen",
                account_id=str(self.account_id),
            )
        return None

    def refusal_of(
        self, *, posted_change: int, held_change: int, force: bool = False
    ) -> DomainError | None:
        posted = self.posted_minor + posted_change
        needed = held_change - posted_change
        if abs(posted) > LARGEST_MINOR:
            return LimitExceeded(
                why="The account would hold more than the books can count."
            )
        # Only who takes money out can be short of it: a credit to an account below
        # its floor must not be refused.
        if needed > 0 and self.floor_minor is not None and not force:
            spendable = self.posted_minor - self.held_minor - self.floor_minor
            if needed > spendable:
                return InsufficientBalance(
                    available=self.available.text,
                    required=Money(needed, self.currency).text,
                    currency=self.currency.code,
                )
        return None

    def require_currency_of(self, amount: Money) -> None:
        if amount.currency != self.currency:
            raise CurrencyMismatch(f"{amount.currency} met {self.currency}.")

    @property
    def lacking_minor(self) -> int:
        """How far below its floor the account is."""
        if self.floor_minor is None:
            return 0
        return max(0, self.floor_minor - self.posted_minor + self.held_minor)

    def change(self, *, posted: int = 0, held: int = 0) -> None:
        self.posted_minor += posted
        self.posted_change += posted
        self.held_minor += held
        self.held_change += held
