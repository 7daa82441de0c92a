"""Setting rules, bands and limits in tests, in few words."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from paycore.lib.money import Money
from paycore.lib.origin import Origin
from paycore.testing.bookkeeping import money
from risk.configuration import Bands, ConfiguredRule, Limit, default_configuration
from risk.models import BandSetting, LimitSetting, Period, RuleSetting
from risk.payments import PaymentKind
from risk.rules import RULES, Rule
from risk.services import configure_bands, configure_rule, find_rule, set_limit

STAGE = Origin(actor="test")
WHY = "A test needs it"
PURCHASE, PAYOUT = PaymentKind.PURCHASE, PaymentKind.PAYOUT
TRANSACTION, DAY = Period.TRANSACTION, Period.DAY


def configure(code: str, **changes: Any) -> RuleSetting:
    """`configure("HIGH_VALUE", points=40)`."""
    rule = replace(find_rule(code), **changes)
    return configure_rule(rule=rule, reason=WHY, origin=STAGE)


def begin_bands(monitor: int, review: int, urgent: int) -> BandSetting:
    bands = Bands(monitor, review, urgent)
    return configure_bands(bands=bands, reason=WHY, origin=STAGE)


def limit(
    amount: str | Money | None,
    period: Period = DAY,
    kind: PaymentKind = PURCHASE,
    *,
    user_id: UUID | None = None,
) -> LimitSetting:
    """`limit("100.00 MYR")`; None for no limit."""
    parsed = money(amount) if isinstance(amount, str) else amount
    currency = "MYR" if parsed is None else parsed.currency.code
    return set_limit(
        limit=Limit(kind, period, parsed, user_id),
        currency=currency,
        reason=WHY,
        origin=STAGE,
    )


def ruled_by(*rules: ConfiguredRule, bands: Bands | None = None) -> Any:
    """A configuration of these rules alone, without any database."""
    default = replace(default_configuration(), rules=rules)
    return default if bands is None else replace(default, bands=bands)


def as_configured(rule: Rule | str, **changes: Any) -> ConfiguredRule:
    found = RULES[rule] if isinstance(rule, str) else rule
    return replace(ConfiguredRule.default(found), **changes)
