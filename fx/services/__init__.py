"""All writes of rates, spreads and quotes."""

from fx.services.quotes import create_quote, redeem_quote
from fx.services.rates import (
    load_rates,
    record_rates,
    seed_rates,
)
from fx.services.refresh import refresh_rates
from fx.services.spreads import set_spread

__all__ = [
    "create_quote",
    "load_rates",
    "record_rates",
    "redeem_quote",
    "refresh_rates",
    "seed_rates",
    "set_spread",
]
