"""Every test is a ledger test: after each one that touched the database, the books are
proved by the checks that prove them in production.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.db.backends.postgresql.operations import DatabaseOperations
from psycopg.pq import TransactionStatus
from pytest_django import DjangoDbBlocker

from ledger.services import ensure_house_accounts
from paycore.lib.money import CURRENCIES
from paycore.lib.roles import Role
from reconciliation.checks import CHECKS
from reconciliation.services import Difference, find_differences

MARKERS = (
    "breaks_the_books: writes behind the ledger's back, so nothing is proved afterwards.",
    "holds_without_an_owner: places holds that belong to no order.",
)
ORDERS_OF_HOLDS = "open_hold_has_a_pending_owner"


def pytest_configure(config: pytest.Config) -> None:
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)


@pytest.fixture(autouse=True)
def _books_are_right(request: pytest.FixtureRequest) -> Iterator[None]:
    if not uses_database(request):
        yield
        return
    request.getfixturevalue("_reference_rows_return")
    # Before the test's own fixtures, so that its data is still there at the end.
    request.getfixturevalue("_django_db_helper")

    yield

    if request.node.get_closest_marker("breaks_the_books") is None:
        holds_are_bare = request.node.get_closest_marker("holds_without_an_owner")
        wrong = what_is_wrong(holds_have_owners=holds_are_bare is None)
        assert not wrong, "The test left the books wrong:\n" + "\n".join(map(str, wrong))


def what_is_wrong(*, holds_have_owners: bool = True) -> list[Difference]:
    """What the checks find in the database as it is."""
    if _is_lost():
        return []
    checks = CHECKS
    if not holds_have_owners:
        checks = tuple(check for check in CHECKS if check.name != ORDERS_OF_HOLDS)
    # On the connection of the test, in its transaction if it has one.
    return list(find_differences(checks=checks))


def uses_database(request: pytest.FixtureRequest) -> bool:
    """Whether this test asks for the database, by marker or by fixture."""
    if request.node.get_closest_marker("django_db") is not None:
        return True
    return "_django_db_helper" in request.fixturenames


@pytest.fixture
def _reference_rows_return(
    request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    yield

    # After a transactional test all tables were emptied, and with them the rows that
    # migrations had written.
    with django_db_blocker.unblock():
        if not _reference_rows_are_there():
            write_reference_rows()


def write_reference_rows() -> None:
    """What migrations write, and a flushed database lacks."""
    with transaction.atomic():
        ensure_house_accounts(CURRENCIES.all())
        for role in Role:
            if role.is_staff:
                Group.objects.get_or_create(name=role)


def _reference_rows_are_there() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM ledger_ledgeraccount)")
        return bool(cursor.fetchone()[0])


def _is_lost() -> bool:
    # What a failed statement has left of a transaction can neither be read nor
    # committed, so there is nothing to prove.
    if connection.needs_rollback:
        return True
    raw = connection.connection
    return raw is not None and raw.info.transaction_status == TransactionStatus.INERROR


@pytest.fixture(autouse=True, scope="session")
def _flush_passes_triggers() -> Iterator[None]:
    # Transactional tests end by TRUNCATE, which the append-only tables refuse. This
    # lets the flush through, and nothing else: the setting ends with its transaction.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            DatabaseOperations, "sql_flush", _as_replica(DatabaseOperations.sql_flush)
        )
        yield


def _as_replica(sql_flush: Callable[..., list[str]]) -> Callable[..., list[str]]:
    def flush(*arguments: Any, **options: Any) -> list[str]:
        statements = sql_flush(*arguments, **options)
        return ["SET LOCAL session_replication_role = replica;", *statements]

    return flush
