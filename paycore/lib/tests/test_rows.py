"""Writing many rows by one statement."""

import pytest
from django.apps import apps
from django.db import DataError, IntegrityError, connection, transaction

from paycore.lib.db import refuse_on, violated_constraint
from paycore.lib.ids import new_id
from paycore.lib.rows import FEW, insert_rows, pipelined

pytestmark = pytest.mark.django_db

UNIQUE_KEY = "api_idempotency_key_is_used_once_per_principal_and_route"
# Any two models would do; these have documents, arrays, defaults and constraints.
Event = apps.get_model("events", "Event")
IdempotencyKey = apps.get_model("api", "IdempotencyKey")


# Few rows and many are sent differently, and must be stored alike.
any_number = pytest.mark.parametrize("count", [1, FEW, FEW + 1, 50])


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


def key_columns(*keys, **changes):
    columns = {
        "principal": ["user:ada"] * len(keys),
        "route": ["/v1/coats"] * len(keys),
        "key": keys,
        "fingerprint": [b"\x00\xff"] * len(keys),
        "status": [201] * len(keys),
        "body": [b"{}"] * len(keys),
    }
    return columns | changes


def keys():
    return sorted(IdempotencyKey.objects.values_list("key", flat=True))


@pytest.mark.parametrize("count", [1, FEW, FEW + 1, 1000])
def test_insert_rows_is_one_statement_for_any_number(count, django_assert_num_queries):
    ids = [new_id() for _ in range(count)]

    with django_assert_num_queries(1):
        insert_rows(Event, event_columns(*ids))

    assert Event.objects.count() == count


@any_number
@pytest.mark.parametrize(
    "document",
    [
        {},
        {"note": 'it\'s "quoted", {braced}, \\escaped and \n broken'},
        {"name": "Zoë 李 😀", "empty": "", "null": None, "yes": True},
        {"nested": {"list": [1, 2.5, [], {}]}, "large": 2**53},
        {"percent": "100% of %s"},
    ],
)
def test_insert_rows_stores_documents_as_they_are(document, count):
    ids = [new_id() for _ in range(count)]

    insert_rows(Event, event_columns(*ids, data=[document] * count))

    assert [event.data for event in Event.objects.all()] == [document] * count


@any_number
@pytest.mark.parametrize("size", [0, 1, 3])
def test_insert_rows_stores_arrays_as_they_are(size, count):
    ids = [new_id() for _ in range(count)]
    owners = [new_id() for _ in range(size)]

    insert_rows(Event, event_columns(*ids, owner_ids=[owners] * count))

    assert [event.owner_ids for event in Event.objects.all()] == [owners] * count


@any_number
def test_insert_rows_keeps_rows_together_and_in_order(count):
    ids = [new_id() for _ in range(count)]

    insert_rows(
        Event,
        event_columns(
            *ids,
            data=[{"number": number} for number in range(count)],
            owner_ids=[ids[:number] for number in range(count)],
        ),
    )

    assert [
        (event.pk, event.data, event.owner_ids)
        for event in Event.objects.order_by("pk")
    ] == [(ids[number], {"number": number}, ids[:number]) for number in range(count)]


def test_insert_rows_leaves_other_columns_to_the_database():
    insert_rows(Event, event_columns(new_id(), new_id()))

    first, second = Event.objects.all()
    assert first.created_at == second.created_at
    assert first.created_at is not None
    assert first.xid == second.xid


@any_number
def test_insert_rows_stores_null_and_bytes(count):
    names = [str(number) for number in range(count)]

    insert_rows(
        IdempotencyKey,
        key_columns(*names, status=[None] * count, body=[None] * count),
    )

    assert [
        (key.key, bytes(key.fingerprint), key.status, key.body)
        for key in IdempotencyKey.objects.order_by("pk")
    ] == [(name, b"\x00\xff", None, None) for name in names]


@any_number
def test_insert_rows_refuses_text_that_is_too_long_instead_of_cutting_it(count):
    ids = [new_id() for _ in range(count)]

    with pytest.raises(DataError), transaction.atomic():
        insert_rows(Event, event_columns(*ids, type=["x" * 61] * count))

    assert not Event.objects.exists()


@any_number
def test_insert_rows_writes_all_or_none(count):
    names = [str(number) for number in range(count)]

    with pytest.raises(IntegrityError) as error, transaction.atomic():
        insert_rows(IdempotencyKey, key_columns(*names, "0"))

    assert violated_constraint(error.value) == UNIQUE_KEY
    assert keys() == []


def test_insert_rows_accepts_none_at_all():
    insert_rows(Event, event_columns())

    assert not Event.objects.exists()


def test_pipelined_writes_everything():
    with pipelined():
        insert_rows(IdempotencyKey, key_columns("one"))
        insert_rows(IdempotencyKey, key_columns("two"))

    assert keys() == ["one", "two"]


def test_pipelined_raises_the_first_failure_and_writes_nothing():
    with pytest.raises(IntegrityError) as error, transaction.atomic(), pipelined():
        insert_rows(IdempotencyKey, key_columns("one"))
        insert_rows(IdempotencyKey, key_columns("one"))
        insert_rows(IdempotencyKey, key_columns("two", status=[None]))

    assert violated_constraint(error.value) == UNIQUE_KEY
    assert keys() == []


def test_pipelined_failures_can_be_translated():
    taken = LookupError("The key is taken.")

    with (
        pytest.raises(LookupError) as error,
        transaction.atomic(),
        refuse_on({UNIQUE_KEY: taken}),
        pipelined(),
    ):
        insert_rows(IdempotencyKey, key_columns("one"))
        insert_rows(IdempotencyKey, key_columns("one"))

    assert error.value is taken


def test_pipelined_raises_what_the_block_raises():
    with pytest.raises(ZeroDivisionError), transaction.atomic(), pipelined():
        insert_rows(IdempotencyKey, key_columns("one"))
        raise ZeroDivisionError

    assert keys() == []


def test_pipelined_leaves_the_connection_in_order():
    for _ in range(3):
        with pytest.raises(IntegrityError), transaction.atomic(), pipelined():
            insert_rows(IdempotencyKey, key_columns("one", "one"))

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
