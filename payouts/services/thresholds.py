"""Which payouts need four eyes."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.conf import settings

from fx.errors import RateUnavailable
from fx.selectors import get_rate
from paycore.lib.money import CURRENCIES, Money


def needs_approval(amount: Money, *, at: datetime) -> bool:
    """Whether the amount is above the threshold of its currency, or of the first one.

    `PAYOUT_APPROVAL_ABOVE` says them, in major units. Without a rate to compare by, it
    is: whoever stops the rates from coming must not get money out unseen.
    """
    thresholds: dict[str, Decimal] = settings.PAYOUT_APPROVAL_ABOVE
    own = thresholds.get(amount.currency.code)
    if own is not None:
        return amount.amount > own
    if not thresholds:
        return False
    code, threshold = next(iter(thresholds.items()))
    try:
        rate = get_rate(amount.currency, CURRENCIES.get(code), at=at).rate
    except RateUnavailable:
        return True
    return Fraction(amount.amount) * rate > Fraction(threshold)
