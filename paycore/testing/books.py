"""Every test is a ledger test: after each one that touched the database, the books are
proved by the checks that prove them in production.
"""

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.db.backends.postgresql.operations import DatabaseOperations
from psycopg.pq import TransactionStatus

from ledger.services import ensure_house_accounts
from paycore.lib.money import CURRENCIES
from paycore.lib.roles import Role
from reconciliation.checks import CHECKS, Check
from reconciliation.services import find_differences

MARKERS = (
    "breaks_the_books: writes behind the ledger's back, so nothing is proved.",
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
    # Before the test's own fixtures, so that its data is still there at the end.
    request.getfixturevalue("_django_db_helper")

    yield

    prove(request.node)


def prove(test: pytest.Item) -> None:
    """Assert that nothing is wrong with the books as they are now.

    On the connection of the test, and in its transaction if it has one.
    """
    if test.get_closest_marker("breaks_the_books") is not None or _is_lost():
        return
    checks: tuple[Check, ...] = CHECKS
    if test.get_closest_marker("holds_without_an_owner") is not None:
        checks = tuple(check for check in CHECKS if check.name != ORDERS_OF_HOLDS)
    # A streaming cursor is planned anew each time, which takes most of the proof here.
    with patch.object(connection, "chunked_cursor", connection.cursor):
        wrong = [str(difference) for difference in find_differences(checks=checks)]
    assert not wrong, "The test left the books wrong:\n" + "\n".join(wrong)


def uses_database(request: pytest.FixtureRequest) -> bool:
    """Whether this test asks for the database, by marker or by fixture."""
    if request.node.get_closest_marker("django_db") is not None:
        return True
    return "_django_db_helper" in request.fixturenames


def _is_lost() -> bool:
    # What a failed statement has left of a transaction can neither be read nor
    # committed, so there is nothing to prove.
    if connection.needs_rollback:
        return True
    raw = connection.connection
    return raw is not None and raw.info.transaction_status == TransactionStatus.INERROR


@pytest.fixture(autouse=True, scope="session")
def _flush_passes_triggers() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", _flush)
        yield


def _flush(self: DatabaseOperations, sql_list: list[str]) -> None:
    # Transactional tests end by TRUNCATE, which the append-only tables refuse. This
    # lets the flush through, and nothing else: the setting ends with its transaction.
    with transaction.atomic(), self.connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for sql in sql_list:
            cursor.execute(sql)
    write_reference_rows()


def write_reference_rows() -> None:
    """What migrations write, and a flushed database lacks."""
    with transaction.atomic():
        ensure_house_accounts(CURRENCIES.all())
        for role in Role:
            if role.is_staff:
                Group.objects.get_or_create(name=role)
