"""All writes of risk."""

from risk.services.configuration import (
    configure_bands,
    configure_rule,
    find_rule,
    read_configuration,
    set_limit,
    withdraw_limit,
)
from risk.services.reviews import (
    close_needless_review,
    look_at_reviews,
    resolve_review,
)
from risk.services.screening import Screening, screen_payment, void_payments

__all__ = [
    "Screening",
    "close_needless_review",
    "configure_bands",
    "configure_rule",
    "find_rule",
    "look_at_reviews",
    "read_configuration",
    "resolve_review",
    "screen_payment",
    "set_limit",
    "void_payments",
    "withdraw_limit",
]
