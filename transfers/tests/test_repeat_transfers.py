"""repeat_transfers ...: an order that is sent again is answered as the first time."""

import json

import pytest

from accounts.services import close_account, freeze_account
from paycore.testing.cast import Caller
from paycore.testing.problems import refusal_of
from transfers.models import Transfer
from transfers.serializers import TransferResource
from transfers.tests.orders import BATCH, INTERNAL, batch, order

pytestmark = pytest.mark.django_db
KINDS = ["single", "independent", "atomic"]


def request_of(kind, source, destination, amount="10.00", **more):
    """Path and body of one transfer, alone or in a batch."""
    body = order(source, destination, amount, **more)
    if kind == "single":
        return INTERNAL, body
    return BATCH, batch(body, mode=kind)


def assert_replays(again, first):
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again["Content-Type"] == first["Content-Type"]
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first


@pytest.mark.parametrize("kind", KINDS)
def test_once_and_for_all(ada, ada_usd, grace_usd, balance_of, nothing_moves, kind):
    path, body = request_of(kind, ada_usd, grace_usd)
    first = ada.post(path, body, key="k")

    with nothing_moves():
        again = [ada.post(path, body, key="k") for _ in range(3)]

    assert first.status_code == 201
    for response in again:
        assert_replays(response, first)
        assert response["X-Request-Id"] != first["X-Request-Id"]
    assert (balance_of(ada_usd), balance_of(grace_usd)) == ("990.00", "60.00")


@pytest.mark.parametrize("kind", KINDS)
def test_however_their_json_is_written(ada, ada_usd, grace_usd, nothing_moves, kind):
    path, body = request_of(kind, ada_usd, grace_usd, description="Käse", reference="r")
    first = ada.post(path, json.dumps(body), key="k")
    backwards = json.loads(
        json.dumps(body),
        object_pairs_hook=lambda pairs: dict(reversed(pairs)),
    )

    with nothing_moves():
        again = [
            ada.post(path, json.dumps(backwards), key="k"),
            ada.post(path, json.dumps(body, indent=4, sort_keys=True), key="k"),
            ada.post(path, json.dumps(body, ensure_ascii=False).encode(), key="k"),
            ada.post(path, b"\r\n\t " + json.dumps(body).encode() + b" \n", key="k"),
        ]

    for response in again:
        assert_replays(response, first)


@pytest.mark.parametrize("kind", KINDS)
def test_refuses_another_request_with_the_key(
    ada, ada_usd, grace_usd, account_of, nothing_moves, kind
):
    path, body = request_of(kind, ada_usd, grace_usd, "10.00")
    ada.post(path, body, key="k")
    savings = account_of(ada)
    others = [
        request_of(kind, ada_usd, grace_usd, "10.01"),
        request_of(kind, ada_usd, grace_usd, "10.0"),
        request_of(kind, ada_usd, savings, "10.00"),
        request_of(kind, ada_usd, grace_usd, "10.00", description="x"),
        request_of(kind, ada_usd, grace_usd, "10.00", metadata={"a": 1}),
    ]

    for _, other in others:
        with nothing_moves():
            response = ada.post(path, other, key="k")
        assert refusal_of(response) == (409, "idempotency_key_reused")


def test_a_batch_of_other_order_or_mode_is_another_request(
    ada, ada_usd, grace_usd, nothing_moves
):
    small = order(ada_usd, grace_usd, "1.00")
    large = order(ada_usd, grace_usd, "2.00")
    ada.post(BATCH, batch(small, large), key="k")

    for other in (batch(large, small), batch(small, large, mode="atomic")):
        with nothing_moves():
            response = ada.post(BATCH, other, key="k")
        assert refusal_of(response) == (409, "idempotency_key_reused")


def test_keys_are_one_persons_own(ada, grace, operator, ada_usd, grace_usd, balance_of):
    ids = set()
    for player, source, destination in [
        (ada, ada_usd, grace_usd),
        (grace, grace_usd, ada_usd),
        (operator, ada_usd, grace_usd),
    ]:
        response = player.post(INTERNAL, order(source, destination, "1.00"), key="k")
        assert response.status_code == 201
        ids.add(response.json()["id"])

    assert len(ids) == 3
    assert (balance_of(ada_usd), balance_of(grace_usd)) == ("999.00", "51.00")


def test_keys_are_of_one_route(ada, ada_usd, grace_usd, balance_of):
    single = ada.post(INTERNAL, order(ada_usd, grace_usd, "1.00"), key="k")
    several = ada.post(BATCH, batch(order(ada_usd, grace_usd, "1.00")), key="k")
    opened = ada.post("/v1/accounts", {"currency": "USD"}, key="k")

    assert [r.status_code for r in (single, several, opened)] == [201, 201, 201]
    assert balance_of(ada_usd) == "998.00"


@pytest.mark.parametrize("key", ["K", "kk", "k k", "k" * 255, "~!@#$%^&*(){}[]"])
def test_keys_are_compared_letter_by_letter(ada, ada_usd, grace_usd, balance_of, key):
    for each in ("k", key):
        response = ada.post(INTERNAL, order(ada_usd, grace_usd, "1.00"), key=each)
        assert response.status_code == 201

    assert balance_of(ada_usd) == "998.00"


def test_a_server_repeats_what_its_person_sent(
    caller, ada, ada_usd, grace_usd, nothing_moves
):
    body = order(ada_usd, grace_usd)
    first = ada.post(INTERNAL, body, key="k")
    server = caller("ada with transfers:write")

    with nothing_moves():
        again = server.post(INTERNAL, body, key="k")

    assert_replays(again, first)


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_became_of_the_accounts(
    ada, grace, ada_usd, grace_usd, account_of, pay, nothing_moves, kind
):
    path, body = request_of(kind, ada_usd, grace_usd, reference="r")
    first = ada.post(path, body, key="k")
    pay(ada, ada_usd, account_of(grace), "990.00")

    with nothing_moves():
        emptied = ada.post(path, body, key="k")
    freeze_account(account_id=grace_usd.pk, reason="r", origin=ada.origin)
    with nothing_moves():
        frozen = ada.post(path, body, key="k")
    close_account(account_id=ada_usd.pk, reason="r", origin=ada.origin)
    with nothing_moves():
        closed = ada.post(path, body, key="k")

    for again in (emptied, frozen, closed):
        assert_replays(again, first)


@pytest.mark.parametrize("kind", ["single", "atomic"])
def test_remembers_refusals(
    ada, grace, ada_usd, grace_usd, pay, nothing_moves, balance_of, kind
):
    path, body = request_of(kind, ada_usd, grace_usd, "1000.01", reference="r")
    with nothing_moves():
        first = ada.post(path, body, key="k")
    pay(grace, grace_usd, ada_usd, "50.00")

    with nothing_moves():
        again = ada.post(path, body, key="k")
    anew = ada.post(path, body, key="another")

    assert refusal_of(first)[0] == 422
    assert_replays(again, first)
    assert anew.status_code == 201
    assert balance_of(ada_usd) == "49.99"


def test_remembers_failed_items_of_a_batch(
    ada, grace, ada_usd, grace_usd, pay, nothing_moves
):
    body = batch(order(ada_usd, grace_usd, "1000.01"))
    first = ada.post(BATCH, body, key="k")
    pay(grace, grace_usd, ada_usd, "50.00")

    with nothing_moves():
        again = ada.post(BATCH, body, key="k")

    assert first.json()["failed"] == 1
    assert_replays(again, first)


def test_remembers_no_mistake(
    ada, ada_usd, grace_usd, account_of, pay, balance_of, nothing_moves
):
    pay(ada, ada_usd, grace_usd, "1.00", reference="taken")
    right = order(ada_usd, grace_usd, "1.00")
    mistakes: list[tuple[dict[str, object], int]] = [
        ({"amount": "1.005"}, 400),
        ({"amount": 1}, 400),
        ({"colour": "red"}, 400),
        ({"source_account_id": "00000000-0000-7000-8000-000000000000"}, 404),
        ({"source_account_id": right["destination_account_id"]}, 400),
        (
            {
                "source_account_id": right["destination_account_id"],
                "destination_account_id": right["source_account_id"],
            },
            403,
        ),
        ({"reference": "taken"}, 409),
    ]

    for mistake, status in mistakes:
        with nothing_moves():
            response = ada.post(INTERNAL, right | mistake, key="k")
        assert refusal_of(response)[0] == status
    made = ada.post(INTERNAL, right, key="k")

    assert made.status_code == 201
    assert balance_of(ada_usd) == "998.00"


def test_only_to_who_may_still_order(caller, ada, ada_usd, grace_usd, nothing_moves):
    body = order(ada_usd, grace_usd)
    ada.post(INTERNAL, body, key="k")
    reader = caller("ada with accounts:read")

    with nothing_moves():
        nobody = Caller().post(INTERNAL, body, key="k")
        without_scope = reader.post(INTERNAL, body, key="k")
    suspended = caller("suspended ada").post(INTERNAL, body, key="k")

    assert refusal_of(nobody) == (401, "unauthenticated")
    assert refusal_of(without_scope) == (403, "permission_denied")
    assert refusal_of(suspended) == (403, "permission_denied")


def test_judges_the_shape_before_it_looks_back(ada, ada_usd, grace_usd, nothing_moves):
    body = order(ada_usd, grace_usd)
    ada.post(INTERNAL, body, key="k")

    with nothing_moves():
        response = ada.post(INTERNAL, body | {"amount": 10}, key="k")

    assert refusal_of(response) == (400, "invalid_amount")


@pytest.mark.parametrize("kind", KINDS)
def test_after_a_failure_of_ours_does_it_anew(
    ada, ada_usd, grace_usd, balance_of, nothing_moves, monkeypatch, kind
):
    path, body = request_of(kind, ada_usd, grace_usd, reference="r")
    calls = []

    def fail(*_):
        # The transfer, its entry and the balances are written, nothing is committed.
        calls.append(Transfer.objects.filter(reference="r").count())
        raise RuntimeError("secret of ours")

    with monkeypatch.context() as patch, nothing_moves():
        patch.setattr(TransferResource, "of", fail)
        failed = ada.post(path, body, key="k")
    retried = ada.post(path, body, key="k")

    assert calls == [1]
    assert refusal_of(failed) == (500, "internal_error")
    assert b"secret" not in failed.content
    assert failed.json()["retryable"] is True
    assert retried.status_code == 201
    assert "Idempotent-Replayed" not in retried
    assert (balance_of(ada_usd), balance_of(grace_usd)) == ("990.00", "60.00")
