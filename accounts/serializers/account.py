"""The shape of accounts, their entries and statements."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from accounts.models import Account, AccountKind, AccountStatus
from paycore.api.pagination import PageQuery
from paycore.api.shapes import (
    Amount,
    ByValue,
    CurrencyCode,
    ExternalId,
    Instant,
    Request,
    Resource,
    refuse,
)
from paycore.lib.ids import numbered_id
from paycore.lib.money import CURRENCIES, minor_text

if TYPE_CHECKING:
    from accounts.selectors import Balance as AccountBalance
    from accounts.selectors import Statement
    from ledger.models import Posting


class AccountListQuery(PageQuery):
    currency: CurrencyCode | None = None
    status: Annotated[AccountStatus, ByValue] | None = None
    external_id: ExternalId | None = None


class BalanceQuery(Request):
    as_of: Annotated[
        Instant | None,
        Field(description="Postings of that very instant are included."),
    ] = None


class StatementQuery(Request):
    start: Annotated[
        Instant | None,
        Field(
            alias="from",
            description="Included. Without it: when the account was opened.",
        ),
    ] = None
    end: Annotated[
        Instant | None, Field(alias="to", description="Not included. Without it: now.")
    ] = None
    format: Literal["json"] = "json"

    @model_validator(mode="after")
    def _refuse_reversed_bounds(self) -> Self:
        if self.start and self.end and self.start > self.end:
            raise refuse("This is before `from`.", at="to")
        return self


class EntryListQuery(PageQuery):
    """Newest first."""


class Balance(Resource):
    posted: Amount
    held: Amount
    available: Amount


class AccountResource(Resource):
    """An account. It shares its id with its ledger account."""

    id: UUID
    external_id: str | None
    name: str
    owner_id: UUID
    kind: AccountKind
    currency: str
    status: AccountStatus
    balance: Balance
    metadata: dict[str, Any]
    created_at: Instant

    @classmethod
    def of(cls, account: Account) -> "AccountResource":
        books = account.ledger_account
        return cls.model_construct(
            id=account.pk,
            external_id=account.external_id,
            name=account.name,
            owner_id=account.owner_id,
            kind=AccountKind(account.kind),
            currency=books.currency,
            status=AccountStatus(account.status),
            balance=Balance.model_construct(
                posted=books.posted.text,
                held=books.held.text,
                available=books.available.text,
            ),
            metadata=account.metadata,
            created_at=account.created_at,
        )


class BalanceResource(Resource):
    """A balance now, or as of a past instant: then only `posted` is known."""

    account_id: UUID
    currency: str
    posted: Amount
    held: Amount | None
    available: Amount | None
    as_of: Instant

    @classmethod
    def of(cls, balance: "AccountBalance") -> "BalanceResource":
        currency = balance.account.currency
        held = available = None
        if balance.held_minor is not None:
            held = minor_text(balance.held_minor, currency.decimals)
            free_minor = balance.posted_minor - balance.held_minor
            available = minor_text(free_minor, currency.decimals)
        return cls.model_construct(
            account_id=balance.account.pk,
            currency=currency.code,
            posted=minor_text(balance.posted_minor, currency.decimals),
            held=held,
            available=available,
            as_of=balance.at,
        )


class EntryResource(Resource):
    """One posting, as the holder of the account sees it."""

    id: UUID
    journal_entry_id: UUID
    kind: str
    direction: Literal["credit", "debit"]
    amount: Amount
    currency: str
    balance_before: Amount
    balance_after: Amount
    description: str
    reference: str | None
    transfer_id: UUID | None
    payout_id: UUID | None
    created_at: Instant

    @classmethod
    def of(cls, posting: "Posting") -> "EntryResource":
        decimals = CURRENCIES.get(posting.currency).decimals
        entry = posting.entry
        after = posting.balance_after_minor
        return cls.model_construct(
            id=numbered_id(posting.pk, at=posting.created_at),
            journal_entry_id=entry.pk,
            kind=entry.kind,
            direction="credit" if posting.amount_minor > 0 else "debit",
            amount=minor_text(abs(posting.amount_minor), decimals),
            currency=posting.currency,
            balance_before=minor_text(after - posting.amount_minor, decimals),
            balance_after=minor_text(after, decimals),
            description=entry.description,
            reference=entry.metadata.get("reference"),
            transfer_id=_order_id(entry.metadata, "transfer_id"),
            payout_id=_order_id(entry.metadata, "payout_id"),
            created_at=posting.created_at,
        )


class StatementResource(Resource):
    """Opening plus lines is closing, always."""

    # `from` is a word of Python's.
    model_config = ConfigDict(serialize_by_alias=True)

    account: AccountResource
    start: Annotated[Instant, Field(serialization_alias="from")]
    end: Annotated[Instant, Field(serialization_alias="to")]
    opening_balance: Amount
    lines: list[EntryResource]
    closing_balance: Amount
    currency: str

    @classmethod
    def of(cls, statement: "Statement") -> "StatementResource":
        account = statement.account
        decimals = account.currency.decimals
        return cls.model_construct(
            account=AccountResource.of(account),
            start=statement.start,
            end=statement.end,
            opening_balance=minor_text(statement.opening_minor, decimals),
            lines=[EntryResource.of(posting) for posting in statement.lines],
            closing_balance=minor_text(statement.closing_minor, decimals),
            currency=account.currency.code,
        )


def _order_id(metadata: Mapping[str, Any], name: str) -> UUID | None:
    text = metadata.get(name)
    return None if text is None else UUID(text)
