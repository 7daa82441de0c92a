"""What every order on an account is asked first, each refusal in one place."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from accounts.errors import AccountNotFound
from accounts.selectors import AccountParty
from paycore.lib.errors import CurrencyMismatch, InvalidAmount, PermissionDenied
from paycore.lib.money import Currency, Money


@dataclass(frozen=True, slots=True)
class Payer:
    """Who orders a movement. Operators may spend from any account."""

    user_id: UUID
    may_spend_from_any: bool = False


def read_amount(text: str, currency: Currency) -> Money:
    """Raises: `InvalidAmount` at /amount."""
    try:
        return Money.parse(text, currency)
    except InvalidAmount as refusal:
        raise InvalidAmount(pointer="/amount", why=refusal.detail) from None


def find_party(
    parties: Mapping[UUID, AccountParty], account_id: UUID, pointer: str
) -> AccountParty:
    """Raises: `AccountNotFound` at the pointer."""
    party = parties.get(account_id)
    if party is None:
        raise AccountNotFound(pointer=pointer)
    return party


def refuse_strangers_account(source: AccountParty, payer: Payer) -> None:
    """Raises: `PermissionDenied` when the account is not the payer's to spend from."""
    if source.owner_id != payer.user_id and not payer.may_spend_from_any:
        raise PermissionDenied(why="You may only spend from an account of yours.")


def refuse_other_currency(party: AccountParty, currency: Currency | None) -> None:
    """Raises: `CurrencyMismatch` when a currency was named and is not the account's."""
    if currency is not None and currency != party.currency:
        raise CurrencyMismatch(
            why=f"The account is in {party.currency}, not in {currency}.",
            account_id=str(party.account_id),
        )
