"""How long it takes to add up what was spent, of a million purchases.

All of it happens in one transaction that is never committed, as in `finished`, so the
requests are answered in this process. That is not to our advantage: of rows that were
just written PostgreSQL knows neither that they are committed nor which pages need no
second look.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.test import Client
from rich import box
from rich.table import Table
from structlog.testing import capture_logs

from accounts import tokens
from accounts.services import grant_role
from paycore.lib.roles import Role
from paycore.stack.bench.figures import percentile
from paycore.stack.bench.town import ORIGIN, Town
from reports.services import rebuild_rollups
from transfers.models import Transfer

PURCHASES: Final = 1_000_000
DAYS: Final = 365
PEOPLE: Final = 1_000
# The question whose plan is printed; that of everybody's is some pages longer.
PLANNED: Final = "one's own, 30 days by category"
TRIES: Final = 200
PATH: Final = "/v1/analytics/spending"
# Of people as of the world: a few time zones, currencies and categories.
TIME_ZONES: Final = (
    *("Asia/Kuala_Lumpur", "Europe/London", "Europe/Berlin", "America/New_York"),
    *("America/Los_Angeles", "Asia/Kolkata", "Australia/Sydney", "UTC"),
)
CURRENCIES: Final = ("USD", "EUR", "GBP")
CATEGORIES: Final = 12
# The aim of issue 5.
P95_AIM_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, asked often: latencies in seconds, sorted."""

    what: str
    latencies: Sequence[float]

    @property
    def p95(self) -> float:
        return percentile(self.latencies, 95)


@dataclass(frozen=True, slots=True)
class SpendingReports:
    """What was measured. `plans` are of the statements that add up."""

    purchases: int
    rolled_up_in_seconds: float
    rollups: int
    asked: Sequence[Asked]
    plans: Sequence[tuple[str, str]]

    @property
    def is_reached(self) -> bool:
        return all(asked.p95 < P95_AIM_SECONDS for asked in self.asked)


def look_at_spending(
    town: Town, *, now: datetime, purchases: int = PURCHASES, tries: int = TRIES
) -> SpendingReports:
    """Time every kind of question, with the roll-ups that the keeper makes."""
    # What a server writes about requests would be in the middle of the report.
    with transaction.atomic(), capture_logs():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
        people = _settle_people(PEOPLE)
        _spend(town, people, purchases, now)
        started = time.perf_counter()
        rebuild_rollups(until=now)
        rolled_up_in = time.perf_counter() - started
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
            cursor.execute("SELECT count(*) FROM reports_spendingrollup")
            rollups = cursor.fetchone()[0]
        asked = [
            Asked(what, sorted(_ask(callers, query, now, tries)))
            for what, callers, query in _questions(people)
        ]
        plans = [
            (what, _plan_of(callers, query, now))
            for what, callers, query in _questions(people)
            if what == PLANNED
        ]
        transaction.set_rollback(True)
    return SpendingReports(purchases, rolled_up_in, rollups, asked, plans)


def table(found: SpendingReports) -> Table:
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    shown.add_column(f"spending of {found.purchases:,} purchases", no_wrap=True)
    for name in ("requests", "p50", "p95", "p99"):
        shown.add_column(name, justify="right", no_wrap=True)
    for asked in found.asked:
        shown.add_row(
            asked.what,
            str(len(asked.latencies)),
            *(f"{percentile(asked.latencies, p) * 1000:,.1f}" for p in (50, 95, 99)),
        )
    return shown


def lines(found: SpendingReports) -> Iterator[str]:
    """What there is to say beside the table."""
    yield (
        f"{found.rollups:,} roll-ups made in {found.rolled_up_in_seconds:,.1f} s."
        " Latencies in milliseconds, of one request in one process."
    )
    for what, plan in found.plans:
        yield f"{what}:\n{plan}"
    slowest = max(found.asked, key=lambda asked: asked.p95)
    yield (
        f"Aim {'reached' if found.is_reached else 'MISSED'}: spending reports, p95"
        f" {slowest.p95 * 1000:,.1f} ms at most, wanted under"
        f" {P95_AIM_SECONDS * 1000:,.0f} ms."
    )


@dataclass(frozen=True, slots=True)
class _People:
    """Who spends, each with what proves who they are; and an operator."""

    ids: Sequence[UUID]
    headers: Sequence[dict[str, str]]
    operator: dict[str, str]


Query = dict[str, str]
Question = tuple[str, Sequence[dict[str, str]], Query]


def _questions(people: _People) -> list[Question]:
    everybody = [people.operator]
    return [
        (PLANNED, people.headers, {"days": "30"}),
        (
            "one's own, 30 days by day, in MYR",
            people.headers,
            {"days": "30", "group_by": "day", "currency": "MYR"},
        ),
        (
            "one's own, a year by month",
            people.headers,
            {"days": "364", "group_by": "month"},
        ),
        ("everybody's, 30 days by category", everybody, {"days": "30"}),
        (
            "everybody's, 30 days by day, in MYR",
            everybody,
            {"days": "30", "group_by": "day", "currency": "MYR"},
        ),
        (
            "everybody's, a year by month",
            everybody,
            {"days": "364", "group_by": "month"},
        ),
    ]


def _ask(
    callers: Sequence[dict[str, str]], query: Query, now: datetime, tries: int
) -> Iterator[float]:
    client = Client(headers={"host": "localhost"})
    for number in range(tries):
        # Nobody asks twice in the same instant, so nothing can be remembered.
        parameters = _parameters(query, now - timedelta(seconds=number))
        headers = callers[number % len(callers)]
        started = time.perf_counter()
        response = client.get(PATH, parameters, headers=headers)
        yield time.perf_counter() - started
        assert response.status_code == 200, response.content


def _parameters(query: Query, now: datetime) -> Query:
    start = now - timedelta(days=int(query["days"]))
    rest = {name: value for name, value in query.items() if name != "days"}
    return {"from": start.isoformat(), "to": now.isoformat(), **rest}


def _plan_of(callers: Sequence[dict[str, str]], query: Query, now: datetime) -> str:
    plans: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "transfers_transfer" in sql:
            with connection.connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS OFF) {sql}", params)
                plans.append("\n".join(row[0] for row in cursor.fetchall()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        list(_ask(callers, query, now, 1))
    return plans[-1]


def _settle_people(number: int) -> _People:
    password = make_password("nobody signs in by password")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_user (id, email, password, full_name, time_zone,"
            " currency, status, is_staff, is_superuser)"
            " SELECT uuidv7(), 'spender-' || number || '@bench.example', %s, '',"
            " (%s::text[])[1 + number %% %s], 'USD', 'active', FALSE, FALSE"
            " FROM generate_series(1, %s) AS number RETURNING id",
            [password, list(TIME_ZONES), len(TIME_ZONES), number],
        )
        ids = [user_id for (user_id,) in cursor.fetchall()]
    grant_role(user_id=ids[0], role=Role.OPERATOR, origin=ORIGIN)
    headers = [_bearer(user_id, password) for user_id in ids]
    return _People(ids[1:], headers[1:], headers[0])


def _bearer(user_id: UUID, password: str) -> dict[str, str]:
    token = tokens.issue_access_token(user_id=user_id, password_hash=password)
    return {"Authorization": f"Bearer {token}"}


def _spend(town: Town, people: _People, number: int, now: datetime) -> None:
    columns = [field.column or "" for field in Transfer._meta.concrete_fields]
    pause_seconds = DAYS * 86400 / number
    values = [_SPENT.get(column, "NULL") for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO transfers_transfer ({', '.join(columns)})"  # noqa: S608
            f" SELECT {', '.join(values)} FROM (SELECT number,"
            " %(people)s::uuid[] AS people, %(currencies)s::text[] AS currencies,"
            " %(now)s - number * make_interval(secs => %(pause)s) AS spent_at"
            " FROM generate_series(1, %(number)s::bigint) AS number) AS given",
            {
                "people": list(people.ids),
                "currencies": list(CURRENCIES),
                "now": now,
                "pause": pause_seconds,
                "number": number,
                "account": town.account_ids[0],
            },
        )


# Numbers of which none divides the other, so that everybody spends on everything.
_PERSON: Final = "people[1 + number %% cardinality(people)]"
_AMOUNT: Final = "100 + number * 7919 %% 20000"
_CURRENCY: Final = "currencies[1 + number / 11 %% cardinality(currencies)]"
# What makes purchases of numbers, each with the size and the index entries of a real
# one. They refer to entries that do not exist, which the database would look at when
# the transaction ends, if it ended otherwise than it does.
_SPENT: Final = {
    "id": "uuidv7()",
    "kind": "'purchase'",
    "status": "'completed'",
    "source_account_id": "%(account)s::uuid",
    "source_owner_id": _PERSON,
    "created_by_id": _PERSON,
    "amount_minor": _AMOUNT,
    "currency": _CURRENCY,
    "amount_value": f"({_AMOUNT}) * 1000000",
    "destination_amount_minor": _AMOUNT,
    "destination_currency": _CURRENCY,
    "income_minor": "0",
    "description": "''",
    "metadata": "'{}'::jsonb",
    "merchant_name": "'Merchant ' || number %% 997",
    "merchant_category": f"'category ' || number / 7 %% {CATEGORIES}",
    "refunded_minor": "0",
    "journal_entry_id": "uuidv7()",
    "failure_code": "''",
    "created_at": "spent_at",
    "completed_at": "spent_at",
}
