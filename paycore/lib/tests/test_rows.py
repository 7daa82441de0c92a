"""Writing many rows by one statement."""

import pytest
from django.apps import apps
from django.db import DataError, IntegrityError, connection, transaction

from paycore.lib.db import refuse_on, violated_constraint
from paycore.lib.ids import new_id
from paycore.lib.rows import insert_rows, pipelined

pytestmark = pytest.mark.django_db

# Any two models would do; these have documents, arrays, defaults and constraints.
Event = apps.get_model("events", "Event")
LedgerAccount = apps.get_model("ledger", "LedgerAccount")


def event_columns(*ids, **changes):
    columns = {
        "id": ids,
        "type": ["coat.hung"] * len(ids),
        "subject_type": ["coat"] * len(ids),
        "subject_id": ids,
        "actor": ["system"] * len(ids),
        "owner_ids": [[]] * len(ids),
        "request_id": [""] * len(ids),
        "data": [{}] * len(ids),
    }
    return columns | changes


def account_columns(*codes, **changes):
    columns = {
        "id": [new_id() for _ in codes],
        "code": codes,
        "currency": ["USD"] * len(codes),
        "posted_minor": [0] * len(codes),
        "held_minor": [0] * len(codes),
        "floor_minor": [0] * len(codes),
        "version": [0] * len(codes),
        "is_closed": [False] * len(codes),
    }
    return columns | changes


@pytest.mark.parametrize("count", [1, 1000])
def test_insert_rows_is_one_statement_for_any_number(count, django_assert_num_queries):
    ids = [new_id() for _ in range(count)]

    with django_assert_num_queries(1):
        insert_rows(Event, event_columns(*ids))

    assert Event.objects.count() == count


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"note": "it's \"quoted\", {braced}, \\escaped and \n broken"},
        {"name": "Zoë 李 😀", "empty": "", "null": None, "yes": True},
        {"nested": {"list": [1, 2.5, [], {}]}, "large": 2**53},
        {"percent": "100% of %s"},
    ],
)
def test_insert_rows_stores_documents_as_they_are(document):
    insert_rows(Event, event_columns(new_id(), data=[document]))

    assert Event.objects.get().data == document


@pytest.mark.parametrize("size", [0, 1, 3])
def test_insert_rows_stores_arrays_as_they_are(size):
    owners = [new_id() for _ in range(size)]

    insert_rows(Event, event_columns(new_id(), owner_ids=[owners]))

    assert Event.objects.get().owner_ids == owners


def test_insert_rows_keeps_rows_together_and_in_order():
    ids = [new_id() for _ in range(50)]

    insert_rows(
        Event,
        event_columns(
            *ids,
            data=[{"number": number} for number in range(50)],
            owner_ids=[ids[:number] for number in range(50)],
        ),
    )

    assert [
        (event.pk, event.data, event.owner_ids) for event in Event.objects.order_by("pk")
    ] == [(ids[number], {"number": number}, ids[:number]) for number in range(50)]


def test_insert_rows_leaves_other_columns_to_the_database():
    insert_rows(Event, event_columns(new_id(), new_id()))

    first, second = Event.objects.all()
    assert first.created_at == second.created_at
    assert first.created_at is not None
    assert first.xid == second.xid


def test_insert_rows_stores_null():
    insert_rows(LedgerAccount, account_columns("ada", "grace", floor_minor=[None, -5]))

    stored = LedgerAccount.objects.filter(code__in=["ada", "grace"]).order_by("code")
    assert [account.floor_minor for account in stored] == [None, -5]


def test_insert_rows_refuses_text_that_is_too_long_instead_of_cutting_it():
    with pytest.raises(DataError), transaction.atomic():
        insert_rows(Event, event_columns(new_id(), type=["x" * 61]))

    assert not Event.objects.exists()


def test_insert_rows_writes_all_or_none():
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        insert_rows(LedgerAccount, account_columns("ada", "ada"))

    assert violated_constraint(error.value) == "ledger_account_code_is_unique"
    assert not LedgerAccount.objects.filter(code="ada").exists()


def test_insert_rows_accepts_none_at_all():
    insert_rows(Event, event_columns())

    assert not Event.objects.exists()


def test_pipelined_writes_everything():
    with pipelined():
        insert_rows(LedgerAccount, account_columns("ada"))
        insert_rows(LedgerAccount, account_columns("grace"))

    assert LedgerAccount.objects.filter(code__in=["ada", "grace"]).count() == 2


def test_pipelined_raises_the_first_failure_and_writes_nothing():
    with pytest.raises(IntegrityError) as error, transaction.atomic(), pipelined():
        insert_rows(LedgerAccount, account_columns("ada"))
        insert_rows(LedgerAccount, account_columns("ada"))
        insert_rows(LedgerAccount, account_columns("grace", held_minor=[-1]))

    assert violated_constraint(error.value) == "ledger_account_code_is_unique"
    assert not LedgerAccount.objects.filter(code__in=["ada", "grace"]).exists()


def test_pipelined_failures_can_be_translated():
    taken = LookupError("The code is taken.")

    with pytest.raises(LookupError) as error, transaction.atomic():
        with refuse_on({"ledger_account_code_is_unique": taken}), pipelined():
            insert_rows(LedgerAccount, account_columns("ada"))
            insert_rows(LedgerAccount, account_columns("ada"))

    assert error.value is taken


def test_pipelined_raises_what_the_block_raises():
    with pytest.raises(ZeroDivisionError), transaction.atomic(), pipelined():
        insert_rows(LedgerAccount, account_columns("ada"))
        raise ZeroDivisionError

    assert not LedgerAccount.objects.filter(code="ada").exists()


def test_pipelined_leaves_the_connection_in_order():
    for _ in range(3):
        with pytest.raises(IntegrityError), transaction.atomic(), pipelined():
            insert_rows(LedgerAccount, account_columns("ada", "ada"))

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
