"""find_differences ..."""

import pytest
from django.db import connection

from paycore.testing.attacks import corrupt
from reconciliation.checks import CHECKS
from reconciliation.services import find_differences
from reconciliation.tests.findings import code_of, found

pytestmark = [pytest.mark.django_db, pytest.mark.breaks_the_books]


def test_finds_nothing_in_empty_books():
    assert found() == []


def test_finds_nothing_in_good_books(ada, ada_usd, grace_usd, grace_eur, paid):
    assert found() == []


def test_asks_every_check_by_one_statement(paid, django_assert_num_queries):
    # Besides: a savepoint, two settings, and the savepoint's end; and how far the
    # roll-ups are.
    with django_assert_num_queries(len(CHECKS) + 5):
        list(find_differences())


def test_finds_everything_that_is_wrong_at_once(paid, ada_usd, grace_usd):
    for account in (ada_usd, grace_usd):
        corrupt(
            "UPDATE ledger_ledgeraccount SET held_minor = 1 WHERE id = %s", account.pk
        )

    assert sorted(item[1] for item in found()) == sorted(
        [code_of(ada_usd), code_of(grace_usd)]
    )


def test_asks_only_the_checks_it_is_given(ada_usd):
    corrupt("UPDATE ledger_ledgeraccount SET held_minor = 7 WHERE id = %s", ada_usd.pk)

    floors = tuple(check for check in CHECKS if "floor" in check.name)

    assert list(find_differences(checks=floors)) == []


def test_says_what_is_wrong_in_a_sentence(ada_usd):
    corrupt("UPDATE ledger_ledgeraccount SET held_minor = 7 WHERE id = %s", ada_usd.pk)

    [difference] = find_differences()

    assert str(difference) == (
        f"held_is_the_sum_of_open_holds: customer:{ada_usd.pk} USD:"
        " expected 0, found 7. What an account holds back is the sum of its open holds."
    )


def test_names_no_schema():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        [schema] = cursor.fetchone()

    assert not [check.name for check in CHECKS if f"{schema}." in check.sql]
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert all(check.rule.endswith(".") for check in CHECKS)
