"""Reading what holds, and setting something else. Nothing that held is forgotten."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection
from django.db.models import Model, QuerySet

from events.services import EventDraft, publish_events
from paycore.lib.db import joined_atomic
from paycore.lib.errors import InvalidInput, InvalidState
from paycore.lib.ids import new_id
from paycore.lib.money import CURRENCIES, Money
from paycore.lib.origin import Origin
from risk.configuration import (
    Bands,
    Configuration,
    ConfiguredRule,
    Limit,
    default_configuration,
    require_ascending,
    require_sensible,
)
from risk.models import (
    BandSetting,
    LimitSetting,
    OnError,
    Period,
    RuleSetting,
    RuleState,
)
from risk.payments import PaymentKind
from risk.rules import RULES

# What advisory locks of users begin with, so that no other use of them collides.
LOCK_SPACE: Final = 0x5249534B
# And what those begin with of whoever sets something.
SETTINGS_LOCK_SPACE: Final = 0x52495353

# All that was set last, by one statement: small tables, an index each.
_NEWEST: Final = """
    SELECT 'rule', to_jsonb(newest) FROM (
        SELECT DISTINCT ON (code) * FROM risk_rulesetting ORDER BY code, id DESC
    ) AS newest
    UNION ALL
    SELECT 'bands', to_jsonb(newest) FROM (
        SELECT * FROM risk_bandsetting ORDER BY id DESC LIMIT 1
    ) AS newest
    UNION ALL
    SELECT 'limit', to_jsonb(newest) FROM (
        SELECT DISTINCT ON (kind, period, user_id) * FROM risk_limitsetting
        WHERE user_id IS NULL OR user_id = ANY (%s::uuid[])
        ORDER BY kind, period, user_id, id DESC
    ) AS newest
"""


# In the order of what is locked, not of whom: two users may share a hash, which costs
# them a wait, and then two batches must still queue.
_LOCKED: Final = f"""
    WITH locked AS MATERIALIZED (
        SELECT pg_advisory_xact_lock(%s, number) FROM (
            SELECT DISTINCT hashtext(id::text) AS number
            FROM unnest(%s::uuid[]) AS given (id)
            ORDER BY number
        ) AS in_order
    )
    {_NEWEST}
    UNION ALL
    SELECT 'lock', NULL FROM locked
"""  # noqa: S608


def read_configuration(*, user_ids: list[UUID]) -> Configuration:
    """What holds now, with these users' own limits. One statement."""
    return _read(_NEWEST, [user_ids])


def lock_users(user_ids: list[UUID]) -> Configuration:
    """Take the users' locks until the transaction ends, and read what holds for them.

    One statement. It began before the locks were given, so what must be seen under
    them has to be read by another.
    """
    return _read(_LOCKED, [LOCK_SPACE, user_ids, user_ids])


def _read(sql: str, parameters: list[Any]) -> Configuration:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[str, str]] = cursor.fetchall()
    found: dict[str, list[dict[str, Any]]] = {"rule": [], "bands": [], "limit": []}
    for kind, document in rows:
        if kind in found:
            # Django leaves it to whoever reads a document to parse it.
            found[kind].append(orjson.loads(document))
    default = default_configuration()
    return Configuration(
        rules=tuple(_configured(default.rules, found["rule"])),
        bands=_bands(found["bands"]) or default.bands,
        limits=tuple(_limits(default.limits, found["limit"])),
    )


def _configured(
    defaults: tuple[ConfiguredRule, ...], stored: list[dict[str, Any]]
) -> Iterator[ConfiguredRule]:
    by_code = {row["code"]: row for row in stored}
    for default in defaults:
        row = by_code.get(default.rule.code)
        if row is None:
            yield default
            continue
        yield replace(
            default,
            state=RuleState(row["state"]),
            points=row["points"],
            kinds=tuple(PaymentKind(kind) for kind in row["kinds"]),
            # A parameter that the rule got since is as in the code.
            parameters={
                name: row["parameters"].get(name, value)
                for name, value in default.rule.parameters.items()
            },
            on_error=OnError(row["on_error"]),
            version=row["id"],
        )


def _bands(stored: list[dict[str, Any]]) -> Bands | None:
    if not stored:
        return None
    [row] = stored
    return Bands(row["monitor_from"], row["review_from"], row["urgent_from"])


def _limits(
    defaults: tuple[Limit, ...], stored: list[dict[str, Any]]
) -> Iterator[Limit]:
    stored = [row for row in stored if not row["is_withdrawn"]]
    set_here = {(row["kind"], row["period"]) for row in stored if not row["user_id"]}
    for row in stored:
        minor = row["amount_minor"]
        yield Limit(
            kind=PaymentKind(row["kind"]),
            period=Period(row["period"]),
            amount=None if minor is None else Money.of(minor, row["currency"]),
            user_id=UUID(row["user_id"]) if row["user_id"] else None,
        )
    for limit in defaults:
        if (limit.kind.value, limit.period.value) not in set_here:
            yield limit


# Note [Two people do not undo each other]
#     Whoever sets something says which row they have `seen` as the newest of its table,
#     and is refused when there is a newer one of what they set; None asks nothing. The
#     lock makes that hold also for two at once, and lets the ids of a table follow each
#     other as they are committed: what was not there to be seen has a higher one.
def _take_turn(rows: QuerySet[Any], *, seen: int | None) -> None:
    """Raises: `InvalidState`. See Note [Two people do not undo each other]."""
    model: type[Model] = rows.model
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, hashtext(%s))",
            [SETTINGS_LOCK_SPACE, model._meta.db_table],
        )
    if seen is not None and rows.filter(pk__gt=seen).exists():
        raise InvalidState(
            why="Somebody has set it since you opened the form. Nothing was done; look"
            " at it again."
        )


def configure_rule(
    *, rule: ConfiguredRule, reason: str, origin: Origin, seen: int | None = None
) -> RuleSetting:
    """Let a rule count like this from now on.

    Raises: `InvalidInput` for settings that mean nothing; `InvalidState` when it was
    set since.
    """
    require_sensible(rule)
    with joined_atomic():
        _take_turn(RuleSetting.objects.filter(code=rule.rule.code), seen=seen)
        setting = RuleSetting.objects.create(
            code=rule.rule.code,
            state=rule.state,
            points=rule.points,
            kinds=[kind.value for kind in rule.kinds],
            parameters=dict(rule.parameters),
            on_error=rule.on_error,
            actor=origin.actor,
            reason=reason,
        )
        _announce("risk.rule_configured", {"code": setting.code}, reason, origin)
        return setting


def configure_bands(
    *, bands: Bands, reason: str, origin: Origin, seen: int | None = None
) -> BandSetting:
    """Hold payments from these scores on.

    Raises: `InvalidInput` unless each band begins above the one before; `InvalidState`
    when they were set since.
    """
    require_ascending(bands)
    with joined_atomic():
        _take_turn(BandSetting.objects.all(), seen=seen)
        setting = BandSetting.objects.create(
            monitor_from=bands.monitor_from,
            review_from=bands.review_from,
            urgent_from=bands.urgent_from,
            actor=origin.actor,
            reason=reason,
        )
        _announce("risk.bands_configured", {"bands": str(setting)}, reason, origin)
        return setting


def set_limit(
    *,
    limit: Limit,
    currency: str,
    reason: str,
    origin: Origin,
    seen: int | None = None,
) -> LimitSetting:
    """Limit a kind of payment from now on, for one user or for all.

    `currency` is the limit's, also where `amount` is None: no limit.

    Raises: `UnsupportedCurrency`; `InvalidInput` for an amount in another currency, or
    below zero; `InvalidState` when it was set since.
    """
    known = CURRENCIES.get(currency)
    if limit.amount is not None and (
        limit.amount.currency != known or limit.amount.minor < 0
    ):
        raise InvalidInput(why=f"A limit in {known} is an amount of {known}, or none.")
    with joined_atomic():
        _take_turn(_limits_of(limit.kind, limit.period, limit.user_id), seen=seen)
        setting = LimitSetting.objects.create(
            kind=limit.kind.value,
            period=limit.period,
            user_id=limit.user_id,
            amount_minor=None if limit.amount is None else limit.amount.minor,
            currency=currency,
            actor=origin.actor,
            reason=reason,
        )
        facts = {
            "kind": setting.kind,
            "period": setting.period,
            "amount": None if limit.amount is None else limit.amount.text,
            "currency": currency,
            "user_id": None if limit.user_id is None else str(limit.user_id),
        }
        _announce("risk.limit_set", facts, reason, origin)
        return setting


def withdraw_limit(
    *,
    kind: PaymentKind,
    period: Period,
    user_id: UUID | None,
    reason: str,
    origin: Origin,
    seen: int | None = None,
) -> LimitSetting:
    """Let everybody's limit hold again for a person, or the default for everybody.

    Again, or without a limit to withdraw: it changes nothing but the history.

    Raises: `InvalidState` when it was set since.
    """
    with joined_atomic():
        _take_turn(_limits_of(kind, period, user_id), seen=seen)
        setting = LimitSetting.objects.create(
            kind=kind.value,
            period=period,
            user_id=user_id,
            currency=settings.RISK_CURRENCY,
            is_withdrawn=True,
            actor=origin.actor,
            reason=reason,
        )
        facts = {
            "kind": setting.kind,
            "period": setting.period,
            "user_id": None if user_id is None else str(user_id),
        }
        _announce("risk.limit_withdrawn", facts, reason, origin)
        return setting


def _limits_of(
    kind: PaymentKind, period: Period, user_id: UUID | None
) -> QuerySet[LimitSetting]:
    return LimitSetting.objects.filter(kind=kind.value, period=period, user=user_id)


def _announce(
    event_type: str, facts: Mapping[str, Any], reason: str, origin: Origin
) -> None:
    draft = EventDraft(
        type=event_type,
        subject_type="risk_setting",
        # A setting has no id that anybody knows.
        subject_id=new_id(),
        data={**facts, "reason": reason},
    )
    publish_events([draft], origin=origin)


def find_rule(code: str) -> ConfiguredRule:
    """A rule as it holds now. Raises: `InvalidInput` for a code that is none."""
    if code not in RULES:
        raise InvalidInput(why=f"There is no rule {code!r}.")
    rules = read_configuration(user_ids=[]).rules
    return next(rule for rule in rules if rule.rule.code == code)
