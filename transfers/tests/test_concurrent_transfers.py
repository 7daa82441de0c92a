"""Transfers at the same time, each request on a thread and a connection of its own."""

from collections import Counter

import pytest
from django.db import connection

from accounts.services import freeze_account
from paycore.testing.cast import Caller
from paycore.testing.races import race
from transfers.models import Transfer
from transfers.serializers import TransferResource
from transfers.tests.orders import BATCH, INTERNAL, batch, order

pytestmark = pytest.mark.django_db(transaction=True)


def sender(player, path, body, key):
    """A request to be sent on another thread, by a client of its own."""
    client = Caller(headers=player.headers, client=player.client)

    def send():
        response = client.post(path, body, key=key)
        return response.status_code, response.content, response.get("Retry-After")

    return send


def statuses(answers):
    return Counter(status for status, *_ in answers)


def request_of(kind, source, destination, amount="10.00", **more):
    body = order(source, destination, amount, **more)
    if kind == "single":
        return INTERNAL, body
    return BATCH, batch(body, mode=kind)


@pytest.mark.parametrize("kind", ["single", "independent", "atomic"])
def test_fifty_identical_requests_are_one(ada, ada_usd, grace_usd, balance_of, kind):
    path, body = request_of(kind, ada_usd, grace_usd)

    answers = race(*[sender(ada, path, body, "k")] * 50)

    assert statuses(answers) == {201: 50}
    assert len({content for _, content, _ in answers}) == 1
    assert (balance_of(ada_usd), balance_of(grace_usd)) == ("990.00", "60.00")
    assert Transfer.objects.filter(kind="internal").count() == 1


def test_fifty_identical_refusals_are_one(ada, ada_usd, grace_usd, nothing_moves):
    body = order(ada_usd, grace_usd, "1000.01")

    with nothing_moves():
        answers = race(*[sender(ada, INTERNAL, body, "k")] * 50)

    assert statuses(answers) == {422: 50}
    assert len({content for _, content, _ in answers}) == 1


def test_two_requests_with_one_key_are_a_conflict(ada, ada_usd, grace_usd, balance_of):
    bodies = [order(ada_usd, grace_usd, f"{n}.00") for n in range(1, 9)]

    answers = race(*[sender(ada, INTERNAL, body, "k") for body in bodies])

    assert statuses(answers) == {201: 1, 409: 7}
    [made] = Transfer.objects.filter(kind="internal")
    assert balance_of(ada_usd) == f"{1000 - made.amount_minor // 100}.00"


@pytest.mark.parametrize("kind", ["single", "atomic"])
def test_one_reference_is_used_once(ada, ada_usd, grace_usd, balance_of, kind):
    path, body = request_of(kind, ada_usd, grace_usd, "1.00", reference="r")

    answers = race(*[sender(ada, path, body, f"k{n}") for n in range(8)])

    refused = 409 if kind == "single" else 422
    assert statuses(answers) == {201: 1, refused: 7}
    assert all(
        b"duplicate_reference" in content for s, content, _ in answers if s == refused
    )
    assert balance_of(ada_usd) == "999.00"


def test_one_reference_between_accounts_that_share_no_lock(
    ada, grace, ada_usd, grace_usd, account_of, balance_of
):
    savings, other = account_of(ada, "USD", "1.00"), account_of(grace)
    requests = [
        (INTERNAL, order(ada_usd, grace_usd, "1.00", reference="r")),
        (INTERNAL, order(savings, other, "1.00", reference="r")),
        (BATCH, batch(order(savings, other, "1.00", reference="r"))),
        (BATCH, batch(order(ada_usd, grace_usd, "1.00", reference="r"))),
    ] * 3

    answers = race(
        *[sender(ada, path, body, f"k{n}") for n, (path, body) in enumerate(requests)]
    )

    # Independent batches are answered 201 whatever became of their items.
    assert set(statuses(answers)) <= {201, 409}
    assert sum(b'"status":"completed"' in content for _, content, _ in answers) == 1
    assert Transfer.objects.filter(reference="r").count() == 1
    assert {balance_of(ada_usd), balance_of(savings)} in (
        {"999.00", "1.00"},
        {"1000.00", "0.00"},
    )


def test_references_taken_in_opposite_order_do_not_deadlock(
    ada, ada_usd, grace_usd, account_of
):
    savings = account_of(ada, "USD", "100.00")
    there = [order(ada_usd, grace_usd, "0.01", reference=f"r{n}") for n in range(300)]
    # The same references between other accounts: only an index is fought over.
    back = [
        order(savings, account_of(ada), "0.01", reference=f"r{n}")
        for n in reversed(range(300))
    ]

    answers = race(
        sender(ada, BATCH, batch(*there), "k1"), sender(ada, BATCH, batch(*back), "k2")
    )

    assert statuses(answers) == {201: 2}
    completed = sum(
        content.count(b'"status":"completed","transfer"') for _, content, _ in answers
    )
    assert completed == 300
    assert Transfer.objects.filter(kind="internal").count() == 300


def test_opposite_transfers_do_not_deadlock(
    ada, grace, ada_usd, account_of, balance_of
):
    other = account_of(grace, "USD", "1000.00")
    there, back = order(ada_usd, other, "1.00"), order(other, ada_usd, "1.00")
    many_there = batch(*[there] * 20)
    many_back = batch(*[back] * 20)

    answers = race(
        *[sender(ada, INTERNAL, there, f"t{n}") for n in range(20)],
        *[sender(grace, INTERNAL, back, f"b{n}") for n in range(20)],
        *[sender(ada, BATCH, many_there, f"t{n}") for n in range(4)],
        *[sender(grace, BATCH, many_back, f"b{n}") for n in range(4)],
    )

    assert statuses(answers) == {201: 48}
    assert (balance_of(ada_usd), balance_of(other)) == ("1000.00", "1000.00")


def test_many_cannot_overdraw_one_account(ada, grace_usd, account_of, balance_of):
    purse = account_of(ada, "USD", "100.00")

    answers = race(
        *[
            sender(ada, INTERNAL, order(purse, grace_usd, "1.00"), f"k{n}")
            for n in range(200)
        ]
    )

    assert statuses(answers) == {201: 100, 422: 100}
    assert (balance_of(purse), balance_of(grace_usd)) == ("0.00", "150.00")


def test_nothing_passes_an_account_once_it_is_frozen(
    ada, ada_usd, grace_usd, balance_of
):
    def freeze():
        freeze_account(account_id=ada_usd.pk, reason="r", origin=ada.origin)
        return 200, b"", None

    body = order(ada_usd, grace_usd, "1.00")
    answers = race(
        *[sender(ada, INTERNAL, body, f"a{n}") for n in range(10)],
        freeze,
        *[sender(ada, INTERNAL, body, f"b{n}") for n in range(10)],
    )
    [late] = race(sender(ada, INTERNAL, body, "late"))

    seen = statuses(answers)
    assert set(seen) <= {200, 201, 422}
    assert late[0] == 422
    assert balance_of(ada_usd) == f"{1000 - seen[201]}.00"


@pytest.mark.parametrize("kind", ["single", "independent", "atomic"])
def test_what_died_before_its_commit_is_done_by_the_retry(
    ada, ada_usd, grace_usd, balance_of, nothing_moves, monkeypatch, kind
):
    path, body = request_of(kind, ada_usd, grace_usd, reference="r")

    def die(*_):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with monkeypatch.context() as patch, nothing_moves():
        patch.setattr(TransferResource, "of", die)
        [died] = race(sender(ada, path, body, "k"))
    [retried] = race(sender(ada, path, body, "k"))

    assert (died[0], died[2]) == (503, "1")
    assert retried[0] == 201
    assert (balance_of(ada_usd), balance_of(grace_usd)) == ("990.00", "60.00")
