"""The sandbox bank, as a process: what it does with payments, and what is left of them
after a kill.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from sqlite3 import IntegrityError, connect
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
import pytest

from paycore.stack.bank import HOST, is_listening, url_file
from paycore.stack.tests.serving import free_port
from paycore.testing.bank import Executions, SandboxBank, sandbox_bank

PAYMENT = {
    "amount": "150.75",
    "currency": "EUR",
    "name": "Grace Hopper",
    "iban": "DE89370400440532013000",
    "bic": "",
    "reference": "rent",
}


def submit(bank, reference="rent", *, key=None, seconds=30.0, **changes):
    body = {**PAYMENT, "reference": reference, **changes}
    return bank.ask("POST", "/payments", body, key=key or str(uuid4()), seconds=seconds)


@contextmanager
def submitted_and_waiting(bank, reference, *, key):
    """One submission whose answer nobody reads, on a connection held for the block."""
    content = orjson.dumps({**PAYMENT, "reference": reference})
    with closing(HTTPConnection(urlsplit(bank.url).netloc)) as connection:
        connection.request("POST", "/payments", content, {"Idempotency-Key": key})
        yield connection.sock


def submit_in_vain(bank, reference, *, key):
    """One submission that the bank writes down, and whose answer never comes."""
    with pytest.raises(TimeoutError):
        submit(bank, reference, key=key, seconds=0.5)
    # On a busy machine that may be later than we were ready to wait.
    wait_until(lambda: bank.payment(key) is not None)


def wait_until(is_so):
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline, "Waited too long."
        time.sleep(0.01)


def test_executes_a_payment_and_tells_of_it(bank):
    key = str(uuid4())

    status, told = submit(bank, key=key)

    assert status == 201
    assert told["id"].startswith("bank-")
    assert told == {
        "number": told["number"],
        "key": key,
        "id": told["id"],
        "amount": "150.75",
        "currency": "EUR",
        "iban_last4": "3000",
        "reference": "rent",
        "status": "executed",
        "failure_code": "",
    }
    assert bank.payment(key) == {**told, "executions": 1}


def test_executes_a_key_once_however_often_it_comes(bank):
    key = str(uuid4())

    first, *again = [submit(bank, key=key) for _ in range(3)]

    assert first[0] == 201
    assert again == [(200, first[1])] * 2
    assert bank.payment(key)["executions"] == 1


def test_executes_a_key_once_however_many_come_at_once(bank):
    key = str(uuid4())

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: submit(bank, key=key), range(16)))

    assert sorted(status for status, _ in answers) == [200] * 15 + [201]
    assert len({told["id"] for _, told in answers}) == 1
    assert bank.payment(key)["executions"] == 1


@pytest.mark.parametrize(
    "change",
    [{"amount": "150.76"}, {"currency": "USD"}, {"iban": "GB29NWBK60161331926819"}],
    ids=lambda change: next(iter(change)),
)
def test_refuses_a_key_of_another_payment(bank, change):
    key = str(uuid4())
    submit(bank, key=key)

    answer = submit(bank, key=key, **change)

    assert answer == (409, {"code": "key_reused"})
    assert bank.payment(key)["executions"] == 1
    assert bank.payment(key)["amount"] == "150.75"


def test_declines(bank):
    key = str(uuid4())

    status, told = submit(bank, "sandbox-decline-1", key=key)

    assert (status, told["status"]) == (201, "declined")
    assert told["failure_code"] == "declined_by_bank"
    assert bank.payment(key)["executions"] == 0


def test_turns_a_flaky_payment_away_twice_and_remembers_over_a_kill(own_bank):
    key = str(uuid4())
    turned_away = (503, {"code": "not_accepted", "key": key})

    assert submit(own_bank, "sandbox-flaky", key=key) == turned_away
    assert own_bank.payment(key) is None
    own_bank.kill()
    own_bank.start()
    assert submit(own_bank, "sandbox-flaky", key=key) == turned_away
    assert submit(own_bank, "sandbox-flaky", key=key)[0] == 201
    assert own_bank.payment(key)["executions"] == 1


def test_answers_a_slow_payment_after_two_seconds(bank):
    key, started = str(uuid4()), time.monotonic()

    status, told = submit(bank, "sandbox-slow", key=key)

    assert time.monotonic() - started >= 2
    assert (status, told["status"]) == (201, "executed")


def test_executes_a_late_payment_and_never_says_so(bank):
    key = str(uuid4())

    submit_in_vain(bank, "sandbox-late", key=key)

    assert bank.payment(key)["status"] == "executed"
    assert bank.payment(key)["executions"] == 1


@pytest.mark.parametrize(("outcome", "executions"), [("executed", 1), ("declined", 0)])
def test_decides_what_it_received_only_when_told(bank, outcome, executions):
    key = str(uuid4())
    for _ in range(2):
        submit_in_vain(bank, "sandbox-timeout", key=key)
    assert bank.payment(key)["status"] == "received"
    assert bank.payment(key)["executions"] == 0

    bank.tell(key, outcome)
    bank.tell(key, outcome)

    assert bank.payment(key)["status"] == outcome
    assert bank.payment(key)["executions"] == executions
    # Now there is something to say.
    assert submit(bank, "sandbox-timeout", key=key)[1]["status"] == outcome


def test_does_not_change_an_outcome(bank):
    key = str(uuid4())
    submit(bank, key=key)

    status, told = bank.ask("POST", f"/payments/{key}/outcome", {"status": "declined"})

    assert (status, told["status"]) == (409, "executed")
    assert bank.payment(key)["status"] == "executed"


def test_cancels_what_it_only_received(bank):
    key = str(uuid4())
    submit_in_vain(bank, "sandbox-timeout", key=key)

    answers = [bank.ask("POST", f"/payments/{key}/cancel") for _ in range(2)]

    told = [(code, row["status"], row["failure_code"]) for code, row in answers]
    assert told == [(200, "declined", "cancelled")] * 2
    assert bank.payment(key)["executions"] == 0


def test_does_not_cancel_what_it_executed(bank):
    key = str(uuid4())
    submit(bank, key=key)

    status, told = bank.ask("POST", f"/payments/{key}/cancel")

    assert (status, told["status"]) == (409, "executed")


@pytest.mark.parametrize("reference", ["rent", "sandbox-slow", "sandbox-flaky"])
def test_declines_at_once_what_was_cancelled_before_it_came(bank, reference):
    key = str(uuid4())

    cancelled = bank.ask("POST", f"/payments/{key}/cancel")
    # A slow one takes longer.
    status, told = submit(bank, reference, key=key, seconds=2)

    assert cancelled == (404, {"code": "no_such_payment", "key": key})
    assert (status, told["status"]) == (201, "declined")
    assert told["failure_code"] == "cancelled"
    assert bank.payment(key)["executions"] == 0


def test_counts_executions_apart_from_payments(own_bank):
    keys = [str(uuid4()) for _ in range(3)]
    for key in keys:
        submit(own_bank, key=key)
        submit(own_bank, key=key)
    submit(own_bank, "sandbox-decline")

    assert own_bank.executions() == Executions(total=3, payments=3, most_per_key=1)
    assert own_bank.executed() == dict.fromkeys(keys, 1)


def test_a_second_execution_would_show(own_bank):
    key = str(uuid4())
    submit(own_bank, key=key)
    copy = (
        "INSERT INTO executions SELECT number + 1, key, payment_id, amount, currency,"
        " iban_last4, reference, executed_at FROM executions"
    )
    with closing(connect(own_bank.home / "bank" / "bank.sqlite3")) as books:
        for forbidden in ("DELETE FROM executions", "UPDATE executions SET key = 'x'"):
            with pytest.raises(IntegrityError, match="append-only"):
                books.execute(forbidden)

        books.execute(copy)
        books.commit()

    assert own_bank.executions() == Executions(total=2, payments=1, most_per_key=2)
    assert own_bank.executed() == {key: 2}


def test_lists_payments_in_the_order_in_which_they_came(own_bank):
    keys = [str(uuid4()) for _ in range(3)]
    for key in keys:
        submit(own_bank, key=key)

    _, first = own_bank.ask("GET", "/payments?limit=2")
    last_number = first["payments"][-1]["number"]
    _, rest = own_bank.ask("GET", f"/payments?after={last_number}&limit=2")

    assert [row["key"] for row in first["payments"] + rest["payments"]] == keys


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"amount": "1e3"}, "fine"),
        ({"amount": "-1.00"}, "fine"),
        ({"amount": 150.75}, "fine"),
        ({"currency": "eur"}, "fine"),
        ({"iban": ""}, "fine"),
        ({"bic": None}, "fine"),
        ({"urgent": "yes"}, "fine"),
        ({}, "no/key"),
        ({}, "k" * 65),
    ],
)
def test_refuses_what_it_does_not_understand(bank, change, key):
    answer = bank.ask("POST", "/payments", {**PAYMENT, **change}, key=key)

    assert answer == (400, {"code": "malformed"})
    assert bank.payment("fine") is None


def test_refuses_a_body_that_is_too_large(bank):
    answer = bank.ask("POST", "/payments", {"name": "x" * 70_000}, key="large")

    assert answer == (413, {"code": "too_large"})


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("POST", "/executions"), ("GET", "/payments/a/b")],
)
def test_knows_no_other_paths(bank, method, path):
    assert bank.ask(method, path) == (404, {"code": "no_such_path"})


def test_requests_that_hang_hinder_nobody(bank):
    keys = [str(uuid4()) for _ in range(100)]
    with ExitStack() as held:
        for key in keys:
            held.enter_context(submitted_and_waiting(bank, "sandbox-timeout", key=key))
        wait_until(lambda: bank.payment(keys[-1]) is not None)

        # Those hang for a minute.
        answers = [submit(bank, seconds=30)[0] for _ in range(20)]

    assert answers == [201] * 20


def test_what_was_answered_outlives_a_kill(own_bank):
    """Whoever was told "executed" finds it so afterwards, and nothing is done twice."""
    answered = []

    def send_until_it_dies(_):
        with suppress(OSError, HTTPException):
            while True:
                key = str(uuid4())
                status, _ = submit(own_bank, key=key)
                assert status == 201
                answered.append(key)

    with ThreadPoolExecutor(8) as threads:
        senders = [threads.submit(send_until_it_dies, n) for n in range(8)]
        wait_until(lambda: len(answered) > 200)
        own_bank.kill()
        for sender in senders:
            sender.result()
    own_bank.start()

    executed = own_bank.executed()
    assert set(answered) <= set(executed)
    assert set(executed.values()) == {1}
    # Written and not told is all that a kill may leave: one for each sender.
    assert len(executed) - len(answered) <= 8
    assert own_bank.executions() == Executions(len(executed), len(executed), 1)
    assert submit(own_bank, key=answered[0])[0] == 200
    assert own_bank.executed() == executed


def test_stops_at_once_when_told_though_requests_hang(own_bank):
    keys = [str(uuid4()) for _ in range(2)]
    with (
        submitted_and_waiting(own_bank, "sandbox-timeout", key=keys[0]),
        submitted_and_waiting(own_bank, "sandbox-late", key=keys[1]) as held,
    ):
        wait_until(lambda: all(own_bank.payment(key) for key in keys))
        started = time.monotonic()
        own_bank.stop()

        # Before it would have been killed.
        assert time.monotonic() - started < 10
        held.settimeout(30)
        assert held.recv(100) == b""

    assert own_bank.process.returncode == 0
    assert own_bank.log.read_text() == ""
    assert not url_file(own_bank.home).exists()
    assert own_bank.executed() == {keys[1]: 1}


def test_a_second_bank_of_a_home_waits_and_takes_over(own_bank):
    first = own_bank.url
    # The second one is ready as soon as the first one answers.
    with sandbox_bank(own_bank.home) as second:
        assert own_bank.url == first

        own_bank.kill()
        wait_until(lambda: is_listening(own_bank.home))

        assert second.url != first
        assert submit(second)[0] == 201


def test_a_file_that_was_left_behind_is_not_believed(tmp_path):
    bank = SandboxBank(tmp_path)
    bank.start()
    bank.kill()

    assert url_file(tmp_path).exists()
    assert not is_listening(tmp_path)


def test_answers_for_no_other_bank(own_bank, bank):
    """One that was killed may find another one on its port."""
    own, other = urlsplit(own_bank.url), urlsplit(bank.url)
    key = str(uuid4())
    submit(own_bank, key=key)

    url_file(own_bank.home).write_text(own._replace(netloc=other.netloc).geturl())

    assert not is_listening(own_bank.home)
    assert own_bank.ask("GET", f"/payments/{key}") == (404, {"code": "no_such_path"})
    assert submit(own_bank, key=key) == (404, {"code": "no_such_path"})
    assert bank.payment(key) is None


def test_is_the_same_bank_after_a_kill(own_bank):
    before = urlsplit(own_bank.url).path

    own_bank.kill()
    own_bank.start()

    assert urlsplit(own_bank.url).path == before


def test_listens_on_the_port_it_is_given(tmp_path):
    port = free_port()

    with sandbox_bank(tmp_path, port=port) as bank:
        assert bank.url.startswith(f"http://{HOST}:{port}/")
