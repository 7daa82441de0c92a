"""Lists come in pages: complete, without repetition, stable while rows are added."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from paycore.api.errors import ShapeErrors
from paycore.api.models import IdempotencyKey
from paycore.api.pagination import Page, PageQuery, read_page
from paycore.api.tests.conftest import ADA, Caller
from paycore.api.views import render_json

pytestmark = [pytest.mark.urls("paycore.api.tests.urls"), pytest.mark.django_db]

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def seven():
    """Seven rows of three moments, so that moments repeat."""
    return [remember(number, at=number // 3) for number in range(7)]


def test_is_newest_first_and_complete(seven):
    assert walk(rows(), limit=2) == [["6", "5"], ["4", "3"], ["2", "1"], ["0"]]


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8, 100])
def test_any_size_of_pages_gives_every_row_once(seven, limit):
    pages = walk(rows(), limit=limit)

    assert [key for page in pages for key in page] == list("6543210")


def test_a_full_last_page_has_no_next_one(seven):
    page = read_page(rows(), query=query(limit=7))

    assert len(page.items) == 7
    assert page.next_cursor is None


def test_an_empty_list():
    assert read_page(rows(), query=query()) == Page([], None)


def test_ascending(seven):
    pages = walk(rows(), limit=3, descending=False)

    assert pages == [["0", "1", "2"], ["3", "4", "5"], ["6"]]


def test_by_another_column(seven):
    pages = walk(rows(), limit=3, order=("status", "pk"))

    assert pages == [["5", "3", "1"], ["6", "4", "2"], ["0"]]


def test_rows_that_arrive_meanwhile_neither_shift_nor_repeat(seven):
    first = read_page(rows(), query=query(limit=3))
    remember(8, at=9)

    second = read_page(rows(), query=query(limit=3, cursor=first.next_cursor))

    assert keys(second) == ["3", "2", "1"]


def test_a_page_is_one_statement_and_a_range_of_the_columns(seven):
    first = read_page(rows(), query=query(limit=2))

    with CaptureQueriesContext(connection) as captured:
        read_page(rows(), query=query(limit=2, cursor=first.next_cursor))

    [statement] = [entry["sql"] for entry in captured.captured_queries]
    assert '"created_at", "api_idempotencykey"."id") < (' in statement
    assert "LIMIT 3" in statement


def test_arms_are_one_list_with_each_row_once(seven):
    arms = [
        rows().filter(key__in=["0", "2", "4", "6"]),
        rows().filter(key__in=["2", "3", "4", "5"]),
    ]

    assert walk(arms, limit=2) == [["6", "5"], ["4", "3"], ["2", "0"]]


def test_arms_cost_one_statement(seven):
    arms = [rows().filter(key="1"), rows().filter(key="2")]

    with CaptureQueriesContext(connection) as captured:
        assert keys(read_page(arms, query=query())) == ["2", "1"]

    assert len(captured.captured_queries) == 1


def test_the_api_walks_through_a_list(names):
    caller = Caller(ADA)

    first = caller.get("/v1/groups?limit=2").json()
    second = caller.get(f"/v1/groups?limit=2&cursor={first['next_cursor']}").json()

    assert first["items"] == [{"name": "e"}, {"name": "d"}]
    assert second["items"] == [{"name": "c"}, {"name": "b"}]


def test_the_size_of_pages_may_change_on_the_way(names):
    caller = Caller(ADA)
    first = caller.get("/v1/groups?limit=2").json()

    response = caller.get(f"/v1/groups?cursor={first['next_cursor']}&limit=1")

    assert response.json()["items"] == [{"name": "c"}]


def test_a_cursor_belongs_to_its_filters(names):
    caller = Caller(ADA)
    cursor = caller.get("/v1/groups?limit=2").json()["next_cursor"]

    response = caller.get(f"/v1/groups?limit=2&cursor={cursor}&name=a")

    assert response.status_code == 400
    assert response.json()["errors"] == [
        {
            "pointer": "/cursor",
            "code": "invalid_input",
            "detail": "This is not a cursor of this list.",
        }
    ]


def test_a_cursor_belongs_to_its_order(seven):
    cursor = read_page(rows(), query=query(limit=2)).next_cursor

    for changes in ({"descending": False}, {"order": ("status", "pk")}):
        with pytest.raises(ShapeErrors):
            read_page(rows(), query=query(limit=2, cursor=cursor), **changes)


def test_a_cursor_that_was_changed_is_refused(seven):
    cursor = read_page(rows(), query=query(limit=2)).next_cursor or ""

    for position in range(len(cursor)):
        other = "A" if cursor[position] != "A" else "B"
        changed = cursor[:position] + other + cursor[position + 1 :]
        with pytest.raises(ShapeErrors):
            read_page(rows(), query=query(limit=2, cursor=changed))


@pytest.mark.parametrize("cursor", ["a", "====", "é", "A" * 5000, "AAAA", "\x00", " "])
def test_a_cursor_that_never_was_one_is_refused(cursor):
    with pytest.raises(ShapeErrors):
        read_page(rows(), query=query(cursor=cursor))


def test_an_empty_cursor_is_none_of_ours(seven):
    # Taken for the first page, it would let a careless client loop for ever.
    with pytest.raises(ShapeErrors) as error:
        read_page(rows(), query=query(cursor=""))

    assert error.value.errors[0].pointer == "/cursor"


def test_writes_a_page_as_json():
    page = Page([{"a": 1}, {"b": "é"}], 'x"')

    assert render_json(page) == (
        '{"items":[{"a":1},{"b":"é"}],"next_cursor":"x\\""}'.encode()
    )


@pytest.fixture
def names():
    Group.objects.all().delete()
    for name in "abcde":
        Group.objects.create(name=name)


def rows():
    return IdempotencyKey.objects.all()


def query(*, limit=50, cursor=None):
    return PageQuery.model_validate({"limit": str(limit), "cursor": cursor})


def keys(page):
    return [row.key for row in page.items]


def walk(source, *, limit, **order):
    pages = []
    cursor = None
    while True:
        page = read_page(source, query=query(limit=limit, cursor=cursor), **order)
        pages.append(keys(page))
        cursor = page.next_cursor
        if cursor is None:
            return pages


def remember(number, *, at):
    return IdempotencyKey.objects.create(
        principal="user:1",
        route="/",
        key=str(number),
        fingerprint=b"f",
        status=[200, 201][number % 2] if number else 199,
        body=b"{}",
        created_at=START + timedelta(seconds=at),
    )
