"""What staff see of exchange rates and quotes. Only spreads can be set, by a button."""

from fx.admin.quotes import QuotePages
from fx.admin.rates import RatePages
from fx.admin.sources import RateSourcePages, failing_sources
from fx.admin.spreads import SpreadPages

__all__ = [
    "QuotePages",
    "RatePages",
    "RateSourcePages",
    "SpreadPages",
    "failing_sources",
]
