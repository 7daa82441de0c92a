"""Every refusal of currency exchange, in order of precedence."""

from paycore.lib.errors import DomainError, Kind


class QuoteExpired(DomainError):
    code = "quote_expired"
    kind = Kind.REFUSED
    message = "The quote expired at {expires_at}. Ask for a new one."


class QuoteMismatch(DomainError):
    code = "quote_mismatch"
    kind = Kind.REFUSED
    message = (
        "The quote is for {source_amount} {source_currency} to {destination_currency}."
    )


class AmountTooSmall(DomainError):
    code = "amount_too_small"
    kind = Kind.REFUSED
    message = (
        "{amount} {currency} is less than the smallest unit of {destination_currency}."
    )


class RateUnavailable(DomainError):
    code = "rate_unavailable"
    kind = Kind.UNAVAILABLE
    message = "There is no current rate from {base} to {quote}."
    retryable = True


class SourceFault(Exception):
    """A source of rates did not answer, or not with rates. Says what and where."""
