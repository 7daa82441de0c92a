"""Quotes: promises of a rate, kept once."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection

from fx.arithmetic import Conversion, convert
from fx.errors import QuoteExpired, QuoteMismatch
from fx.models import Quote
from fx.selectors import get_quote, get_rate
from paycore.lib.errors import CurrencyMismatch, InvalidState
from paycore.lib.money import Currency, Money


def create_quote(
    *,
    owner_id: UUID,
    amount: Money,
    destination: Currency,
    at: datetime,
    ttl_seconds: int,
) -> Quote:
    """Promise the owner to convert this amount at the rate of now until it expires.

    Raises: `CurrencyMismatch` for one currency twice; `LimitExceeded` when the result
    is more than the books can store; `AmountTooSmall`; `RateUnavailable`.
    """
    if amount.currency == destination:
        raise CurrencyMismatch(why=f"Both sides are in {destination}.")
    rate = get_rate(amount.currency, destination, at=at)
    conversion = convert(amount, rate, to=destination)
    return Quote.objects.create(
        owner_id=owner_id,
        source_minor=amount.minor,
        source_currency=amount.currency.code,
        destination_minor=conversion.destination.minor,
        destination_currency=destination.code,
        income_minor=conversion.income.minor,
        rate=conversion.rate,
        expires_at=at + timedelta(seconds=ttl_seconds),
    )


def redeem_quote(
    *,
    quote_id: UUID,
    owner_id: UUID,
    source: Money,
    destination: Currency,
    at: datetime,
) -> Conversion:
    """Take what a quote promised, once, while `at` is before it expires.

    In the caller's transaction, which also moves the money: if that fails, the quote
    is as good as before. `at` is read after the accounts are locked.

    Raises: `NotFound`, also when it is another's; `InvalidState` when it was redeemed;
    `QuoteExpired`; `QuoteMismatch` for anything but what was quoted.
    """
    assert connection.in_atomic_block, "Redeem in the transaction that moves."
    # Compare-and-set: of two racing callers one waits for the other's row and then
    # finds it redeemed.
    with connection.cursor() as cursor:
        cursor.execute(
            _REDEEM,
            {
                "at": at,
                "id": quote_id,
                "owner_id": owner_id,
                "source_minor": source.minor,
                "source_currency": source.currency.code,
                "destination_currency": destination.code,
            },
        )
        redeemed = cursor.fetchone()
    if redeemed is None:
        raise _why_not(get_quote(quote_id=quote_id, owner_id=owner_id), at)
    destination_minor, income_minor, rate = redeemed
    return Conversion(
        source=source,
        destination=Money(destination_minor, destination),
        income=Money(income_minor, destination),
        rate=rate,
    )


# No ORM call updates a row and returns it by one statement.
_REDEEM: Final = f"""
    UPDATE {Quote._meta.db_table} SET redeemed_at = %(at)s
    WHERE id = %(id)s AND owner_id = %(owner_id)s
        AND source_minor = %(source_minor)s
        AND source_currency = %(source_currency)s
        AND destination_currency = %(destination_currency)s
        AND redeemed_at IS NULL AND expires_at > %(at)s
    RETURNING destination_minor, income_minor, rate
"""  # noqa: S608


def _why_not(quote: Quote, at: datetime) -> Exception:
    if quote.redeemed_at is not None:
        return InvalidState(why="The quote has been redeemed already.")
    if quote.expires_at <= at:
        expired_at = quote.expires_at.astimezone(UTC).replace(tzinfo=None)
        return QuoteExpired(expires_at=f"{expired_at.isoformat()}Z")
    return QuoteMismatch(
        source_amount=quote.source.text,
        source_currency=quote.source_currency,
        destination_currency=quote.destination_currency,
    )
