"""What holds: defaults from the code, replaced by what staff have set.

Plain, so that a back-test can make another one and ask what would have been.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from paycore.lib.errors import InvalidInput
from paycore.lib.money import CURRENCIES, Money
from risk.models import Band, OnError, Period, RuleState
from risk.payments import PaymentKind
from risk.rules import RULES, Measure, Parameters, Rule

# The version of what nobody has changed.
AS_IN_THE_CODE: Final = 0
DEFAULT_LIMITS: Final = {
    Period.TRANSACTION: Decimal(50_000),
    Period.DAY: Decimal(100_000),
}
# As far as a parameter of a rule goes, unless the rule says less.
HIGHEST_PARAMETER: Final = 10**9
HIGHEST_BAND: Final = 200
LIMITED_KINDS: Final = (PaymentKind.PURCHASE, PaymentKind.PAYOUT)


@dataclass(frozen=True, slots=True)
class ConfiguredRule:
    """A rule, and how it counts."""

    rule: Rule
    state: RuleState = RuleState.ON
    points: int = 0
    kinds: tuple[PaymentKind, ...] = ()
    parameters: Parameters = field(default_factory=dict)
    on_error: OnError = OnError.OPEN
    version: int = AS_IN_THE_CODE

    @classmethod
    def default(cls, rule: Rule) -> "ConfiguredRule":
        return cls(
            rule, points=rule.points, kinds=rule.kinds, parameters=rule.parameters
        )

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What it needs to know of the past. Of one that cannot say: nothing.

        Then it cannot judge either, which is recorded when it is asked to.
        """
        try:
            return self.rule.measures(self.parameters)
        except Exception:  # noqa: BLE001 - one broken rule must not stop all payments.
            return ()

    def is_asked_about(self, kind: PaymentKind) -> bool:
        return self.state != RuleState.OFF and kind in self.kinds


@dataclass(frozen=True, slots=True)
class Bands:
    """The lowest score of each band."""

    monitor_from: int = 40
    review_from: int = 60
    urgent_from: int = 80

    def of(self, score: int) -> Band:
        if score >= self.urgent_from:
            return Band.URGENT
        if score >= self.review_from:
            return Band.REVIEW
        return Band.MONITOR if score >= self.monitor_from else Band.APPROVE


@dataclass(frozen=True, slots=True)
class Limit:
    """How much a kind of payment may be. `user_id` None: for everybody."""

    kind: PaymentKind
    period: Period
    amount: Money | None
    user_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """All that decides about a payment, but for the payment."""

    rules: tuple[ConfiguredRule, ...]
    bands: Bands = Bands()
    limits: tuple[Limit, ...] = ()

    def rules_about(self, kind: PaymentKind) -> tuple[ConfiguredRule, ...]:
        return tuple(rule for rule in self.rules if rule.is_asked_about(kind))

    @property
    def measures(self) -> frozenset[Measure]:
        """What any of the rules needs to know of the past."""
        return frozenset(
            measure
            for rule in self.rules
            if rule.state != RuleState.OFF
            for measure in rule.measures
        )

    def limit(
        self, kind: PaymentKind, period: Period, *, user_id: UUID
    ) -> Money | None:
        """The user's own limit if there is one, else everybody's."""
        everybodys: Money | None = None
        for limit in self.limits:
            if (limit.kind, limit.period) == (kind, period):
                if limit.user_id == user_id:
                    return limit.amount
                if limit.user_id is None:
                    everybodys = limit.amount
        return everybodys


def default_configuration() -> Configuration:
    """What holds where nobody has set anything."""
    return Configuration(
        rules=tuple(ConfiguredRule.default(rule) for rule in RULES.values()),
        limits=tuple(
            Limit(kind, period, _in_risk_currency(amount))
            for kind in LIMITED_KINDS
            for period, amount in DEFAULT_LIMITS.items()
        ),
    )


def with_rules(
    configuration: Configuration, changed: Iterable[ConfiguredRule]
) -> Configuration:
    """The same, but for these rules."""
    by_code = {rule.rule.code: rule for rule in changed}
    return replace(
        configuration,
        rules=tuple(by_code.get(rule.rule.code, rule) for rule in configuration.rules),
    )


def require_sensible(rule: ConfiguredRule) -> ConfiguredRule:
    """Raises: `InvalidInput` for points, kinds or parameters that mean nothing."""
    code = rule.rule.code
    if type(rule.points) is not int or not 0 <= rule.points <= 100:
        raise InvalidInput(why=f"Points of {code} are 0 to 100.")
    if set(rule.parameters) != set(rule.rule.parameters):
        wanted = ", ".join(rule.rule.parameters)
        raise InvalidInput(why=f"{code} has these parameters: {wanted}.")
    for name, value in rule.parameters.items():
        if type(value) is not int or value < 0:
            raise InvalidInput(why=f"{name} of {code} is a whole number from 0 on.")
        most = rule.rule.highest.get(name, HIGHEST_PARAMETER)
        if value > most:
            raise InvalidInput(why=f"{name} of {code} is at most {most}.")
    return rule


def require_ascending(bands: Bands) -> Bands:
    """Raises: `InvalidInput` unless each band begins above the one before."""
    scores = (bands.monitor_from, bands.review_from, bands.urgent_from)
    if any(type(score) is not int for score in scores) or not (
        0 <= scores[0] < scores[1] < scores[2] <= HIGHEST_BAND
    ):
        raise InvalidInput(
            why="Each band begins above the one before it, from 0 on; one above 100"
            f" is never reached, and {HIGHEST_BAND} is the most."
        )
    return bands


def read_rule(document: Mapping[str, Any], *, rule: ConfiguredRule) -> ConfiguredRule:
    """A rule with what the document changes of it: `{"points": 40, "state": "on"}`.

    Raises: `InvalidInput`, naming what it does not understand.
    """
    code = rule.rule.code
    if not isinstance(document, Mapping):
        raise InvalidInput(why=f"{code}: what is set of it is an object.")
    unknown = set(document) - {"state", "points", "kinds", "parameters", "on_error"}
    if unknown:
        raise InvalidInput(why=f"{code} has no setting {min(unknown)!r}.")
    try:
        changed = replace(
            rule,
            state=RuleState(document.get("state", rule.state)),
            points=document.get("points", rule.points),
            kinds=tuple(
                PaymentKind(kind) for kind in document.get("kinds", rule.kinds)
            ),
            parameters={**rule.parameters, **document.get("parameters", {})},
            on_error=OnError(document.get("on_error", rule.on_error)),
        )
    except (ValueError, TypeError) as error:
        raise InvalidInput(why=f"{code}: {error}.") from None
    return require_sensible(changed)


def _in_risk_currency(major: Decimal) -> Money:
    currency = CURRENCIES.get(settings.RISK_CURRENCY)
    return Money.parse(str(major), currency)
