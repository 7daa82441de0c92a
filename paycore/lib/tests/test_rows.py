"""Writing many rows by one statement."""

from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.db import DataError, IntegrityError, connection, transaction

from paycore.lib.db import refuse_on, violated_constraint
from paycore.lib.ids import new_id
from paycore.lib.rows import FEW, insert_rows, pipelined, update_rows

pytestmark = pytest.mark.django_db

UNIQUE_KEY = "api_idempotency_key_is_used_once_per_principal_and_route"
# Any two models would do; these have documents, arrays, defaults and constraints.
Event = apps.get_model("events", "Event")
IdempotencyKey = apps.get_model("api", "IdempotencyKey")
ApiKey = apps.get_model("accounts", "ApiKey")


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


def stored_keys(count):
    """Keys called `0`, `1`, ... as they are stored."""
    insert_rows(IdempotencyKey, key_columns(*map(str, range(count))))
    return list(IdempotencyKey.objects.order_by("pk"))


@pytest.mark.parametrize("count", [1, FEW, FEW + 1, 1000])
def test_update_rows_is_one_statement_for_any_number(count, django_assert_num_queries):
    rows = stored_keys(count)
    for number, row in enumerate(rows):
        row.status = number

    with django_assert_num_queries(1):
        update_rows(rows, ["status"])

    assert list(
        IdempotencyKey.objects.order_by("pk").values_list("status", flat=True)
    ) == list(range(count))


@any_number
def test_update_rows_keeps_rows_together_in_any_order(count):
    rows = stored_keys(count)
    for row in rows:
        row.principal = f"user:{row.key}"
        row.body = row.key.encode()

    update_rows(rows[::-1], ["principal", "body"])

    for row in IdempotencyKey.objects.all():
        assert row.body is not None
        assert (row.principal, bytes(row.body)) == (f"user:{row.key}", row.key.encode())


@any_number
def test_update_rows_changes_only_the_named_fields_of_the_given_rows(count):
    others = stored_keys(count + 1)
    rows = others[:count]
    for row in others:
        row.status, row.route = 202, "/v1/hats"

    update_rows(rows, ["status"])

    stored = IdempotencyKey.objects.order_by("pk")
    assert [row.status for row in stored] == [202] * count + [201]
    assert {row.route for row in stored} == {"/v1/coats"}


@any_number
def test_update_rows_stores_null_and_text_as_it_is(count):
    rows = stored_keys(count)
    for row in rows:
        row.status, row.body = None, None
        row.route = 'it\'s 100% of "{this}", \\ and \n 😀'

    update_rows(rows, ["status", "body", "route"])

    for row in IdempotencyKey.objects.all():
        assert (row.status, row.body) == (None, None)
        assert row.route == 'it\'s 100% of "{this}", \\ and \n 😀'


def stored_api_keys(owner, count):
    return ApiKey.objects.bulk_create(
        ApiKey(
            user=owner.user,
            name="A server",
            prefix="pk_live_",
            digest=number.to_bytes(32),
            scopes=["accounts:read"],
        )
        for number in range(count)
    )


@any_number
def test_update_rows_stores_times_and_references(count, ada, grace):
    moment = datetime(2030, 1, 1, 12, tzinfo=UTC)
    rows = stored_api_keys(ada, count + 1)
    for row in rows:
        row.last_used_at = moment
    rows[0].user_id = grace.id

    update_rows(rows[:count], ["user", "last_used_at"])

    stored = ApiKey.objects.in_bulk([row.pk for row in rows])
    assert [(stored[row.pk].user_id, stored[row.pk].last_used_at) for row in rows] == [
        (grace.id, moment),
        *[(ada.id, moment)] * (count - 1),
        (ada.id, None),
    ]


@any_number
def test_update_rows_refuses_text_that_is_too_long_instead_of_cutting_it(count, ada):
    rows = stored_api_keys(ada, count)
    rows[-1].name = "x" * 101

    with pytest.raises(DataError), transaction.atomic():
        update_rows(rows, ["name"])

    assert not ApiKey.objects.exclude(name="A server").exists()


@any_number
def test_update_rows_writes_all_or_none(count):
    rows = stored_keys(count + 1)
    for row in rows:
        row.status, row.key = 202, "0"

    with pytest.raises(IntegrityError) as error, transaction.atomic():
        update_rows(rows, ["status", "key"])

    assert violated_constraint(error.value) == UNIQUE_KEY
    assert not IdempotencyKey.objects.exclude(status=201).exists()


def test_update_rows_accepts_none_at_all(django_assert_num_queries):
    with django_assert_num_queries(0):
        update_rows([], ["status"])
