"""What happens: each chapter is one thing that paycore is for."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from paycore.settings.environment import ROOT
from paycore.stack import seeds
from paycore.stack.client import Answer
from paycore.stack.demo.stage import Stage

AT_ONCE: Final = 20
SECONDS_FOR_THE_WORKER: Final = 30


def people_arrive(stage: Stage) -> None:
    anybody = stage.anybody
    answer = anybody.get("/v1/accounts")
    stage.step(
        anybody, "looks around without signing in", "401 unauthenticated", answer.told()
    )
    for name in ("zoe", "bob"):
        answer = sign_up(stage, name)
        got = answer.told("role", "status")
        stage.step(anybody, f"signs up as {name}", "201 user active", got)
    answer = sign_up(stage, "bob")
    stage.step(
        anybody, "signs up with bob's address", "409 duplicate_user", answer.told()
    )
    answer = stage.login(stage.email("zoe"), "not her pass phrase")
    stage.step(
        anybody, "signs in with a wrong password", "401 unauthenticated", answer.told()
    )
    for name in ("zoe", "bob"):
        stage.sign_in(name, email=stage.email(name), password=stage.password_of(name))
    for name in ("mallory", "operator", "admin"):
        email = seeds.BY_NAME[name].email
        stage.sign_in(name, email=email, password=stage.password)
    make_a_key(stage)


def sign_up(stage: Stage, name: str) -> Answer:
    body = {"email": stage.email(name), "password": stage.password_of(name)}
    return stage.anybody.post("/v1/users", body)


def make_a_key(stage: Stage) -> None:
    zoe = stage.callers["zoe"]
    answer = zoe.post("/v1/api-keys", {"name": "Till", "scopes": ["accounts:read"]})
    stage.step(zoe, "makes an API key that only reads", "201 Till", answer.told("name"))
    till = stage.anybody.with_key("zoe's till", str(answer["key"]))
    answer = till.get("/v1/accounts")
    stage.step(till, "lists zoe's accounts", "200 []", answer.told("items"))
    answer = till.post("/v1/accounts", {"currency": "USD"})
    stage.step(till, "opens an account", "403 permission_denied", answer.told())


def accounts_are_opened(stage: Stage) -> None:
    zoe, operator = stage.callers["zoe"], stage.callers["operator"]
    everyday = {"currency": "USD", "external_id": "everyday"}
    for name in ("zoe", "bob"):
        answer = stage.callers[name].post("/v1/accounts", everyday)
        stage.accounts[name] = str(answer["id"])
        stage.step(
            stage.callers[name],
            "opens an account in US dollars",
            "201 active 0.00",
            answer.told("status", "balance.available"),
        )
    answer = zoe.post("/v1/accounts", everyday)
    stage.step(
        zoe, "opens another of that external_id", "409 duplicate_account", answer.told()
    )
    savings = {"currency": "USD", "name": "Savings", "initial_balance": "500.00"}
    answer = zoe.post("/v1/accounts", savings)
    stage.step(
        zoe, "opens one that begins with 500.00", "403 permission_denied", answer.told()
    )
    owner_id = zoe.get("/v1/users/me")["id"]
    answer = operator.post("/v1/accounts", savings | {"owner_id": owner_id})
    stage.accounts["savings"] = str(answer["id"])
    stage.step(
        operator,
        "opens it for her, from house:opening:USD",
        "201 500.00",
        answer.told("balance.posted"),
    )


def money_moves(stage: Stage) -> None:
    zoe, mallory = stage.callers["zoe"], stage.callers["mallory"]
    answer = stage.pay(zoe, stage.order("savings", "zoe", "400.00"))
    stage.step(
        zoe,
        "moves 400.00 from savings to everyday",
        "201 completed 400.00",
        answer.told("status", "amount"),
    )
    answer = stage.pay(zoe, stage.order("zoe", "bob", "120.50", description="Rent"))
    stage.step(
        zoe,
        "pays bob 120.50, the rent",
        "201 completed 120.50",
        answer.told("status", "amount"),
    )
    stage.balances_are(zoe="279.50", bob="120.50")
    stage.refused(zoe, "pays a cent too much", "422 insufficient_balance", "279.51")
    stage.refused(zoe, "pays 0.001 dollars", "400 invalid_amount", "0.001")
    stage.refused(zoe, "sends a JSON number", "400 invalid_amount", 10.5)
    stage.refused(mallory, "pays with zoe's money", "403 permission_denied", "1.00")
    answer = mallory.get(f"/v1/accounts/{stage.accounts['zoe']}")
    stage.step(
        mallory, "looks at zoe's account", "404 account_not_found", answer.told()
    )
    answer = stage.pay(zoe, stage.order("zoe", "bob", "1.00", currency="EUR"))
    stage.step(zoe, "pays euros from dollars", "422 currency_mismatch", answer.told())
    stage.balances_are(zoe="279.50", bob="120.50")


def orders_are_repeated(stage: Stage) -> None:
    zoe = stage.callers["zoe"]
    dinner, key = stage.order("zoe", "bob", "9.50"), f"dinner-{stage.run}"
    first = stage.pay(zoe, dinner, key=key)
    stage.step(
        zoe,
        "pays 9.50 under an Idempotency-Key",
        "201 completed 9.50",
        first.told("status", "amount"),
    )
    again = stage.pay(zoe, dinner, key=key)
    same = "same answer" if again.body == first.body else "another answer"
    replayed = again.headers.get("idempotent-replayed")
    stage.step(
        zoe,
        "sends it again; Idempotent-Replayed says",
        "201 same answer, true",
        f"{again.status} {same}, {replayed}",
    )
    answer = stage.pay(zoe, dinner | {"amount": "95.00"}, key=key)
    stage.step(
        zoe,
        "sends another amount under that key",
        "409 idempotency_key_reused",
        answer.told(),
    )
    answer = stage.pay(zoe, dinner, key="")
    stage.step(zoe, "sends an empty key", "400 idempotency_key_required", answer.told())
    send_at_once(stage)
    stage.balances_are(zoe="250.00", bob="150.00")


def send_at_once(stage: Stage) -> None:
    zoe = stage.callers["zoe"]
    taxi, key = stage.order("zoe", "bob", "20.00"), f"taxi-{stage.run}"
    with ThreadPoolExecutor(AT_ONCE) as threads:
        orders = [threads.submit(stage.pay, zoe, taxi, key=key) for _ in range(AT_ONCE)]
        answers = [order.result() for order in orders]
    transfers = {answer["id"] for answer in answers if answer.status == 201}
    stage.step(
        zoe,
        f"sends one order {AT_ONCE} times at once",
        "1 transfer",
        f"{len(transfers)} transfer",
    )


def batches_are_sent(stage: Stage) -> None:
    zoe = stage.callers["zoe"]
    orders = [stage.order("zoe", "bob", amount) for amount in ("10", "900", "5")]
    answer = stage.batch(zoe, "independent", orders)
    stage.step(
        zoe,
        "pays 10.00, 900.00, 5.00, independently",
        "201 2 done, 1 failed",
        f"{answer.told('completed')} done, {answer['failed']} failed",
    )
    stage.balances_are(zoe="235.00", bob="165.00")
    answer = stage.batch(zoe, "atomic", orders)
    stage.step(zoe, "pays the same, all or nothing", "422 batch_refused", answer.told())
    statuses = [str(item.get("status")) for item in answer["items"] or []]
    stage.step(
        zoe,
        "reads what became of each",
        "not_executed, failed, not_executed",
        ", ".join(statuses),
    )
    answer = stage.batch(zoe, "atomic", [stage.order("zoe", "bob", "0.01")] * 100)
    stage.step(
        zoe,
        "pays 100 times a cent, all or nothing",
        "201 100",
        answer.told("completed"),
    )
    stage.balances_are(zoe="234.00", bob="166.00")


def an_account_is_frozen(stage: Stage) -> None:
    zoe, bob, operator = (stage.callers[name] for name in ("zoe", "bob", "operator"))
    path = f"/v1/accounts/{stage.accounts['bob']}"
    answer = bob.post(f"{path}/freeze", {"reason": "I want to"})
    stage.step(bob, "freezes his account", "403 permission_denied", answer.told())
    answer = operator.post(f"{path}/freeze", {"reason": "Reported stolen"})
    stage.step(operator, "freezes bob's account", "200 frozen", answer.told("status"))
    stage.refused(zoe, "pays bob all the same", "422 account_not_active", "1.00")
    answer = operator.post(f"{path}/unfreeze", {"reason": "Found again"})
    stage.step(operator, "unfreezes it", "200 active", answer.told("status"))
    answer = bob.post(f"{path}/close", {"reason": "Moving away"})
    stage.step(
        bob, "closes it with money in it", "422 account_not_empty", answer.told()
    )


def history_is_read(stage: Stage) -> None:
    bob = stage.callers["bob"]
    path = f"/v1/accounts/{stage.accounts['bob']}"
    answer = bob.get(f"{path}/entries?limit=100")
    more = "more" if answer["next_cursor"] else "no more"
    stage.step(
        bob,
        "reads the newest 100 entries",
        "200 100, and more",
        f"{answer.status} {len(answer['items'] or [])}, and {more}",
    )
    statement = bob.get(f"{path}/statement")
    lines: list[dict[str, Any]] = statement["lines"] or []
    stage.step(
        bob,
        "adds up his statement of 108 lines",
        "200 0.00 + 206.00 = 206.00",
        f"{statement.told('opening_balance')} + {total(lines)}"
        f" = {statement['closing_balance']}",
    )
    rent = next((line for line in lines if line["description"] == "Rent"), {})
    answer = bob.get(f"{path}/balance?as_of={rent.get('created_at')}")
    stage.step(
        bob, "asks what he had when the rent came", "200 120.50", answer.told("posted")
    )
    answer = bob.get("/v1/transfers?max_amount=0.01&sort_order=asc&limit=7")
    stage.step(
        bob,
        "lists the first seven of the cents",
        "200 7",
        f"{answer.status} {len(answer['items'] or [])}",
    )


def total(lines: list[dict[str, Any]]) -> str:
    """The sum of a statement's lines, in dollars."""
    signs = {"credit": 1, "debit": -1}
    cents = sum(
        int(line["amount"].replace(".", "")) * signs[line["direction"]]
        for line in lines
    )
    return f"{cents // 100}.{cents % 100:02}"


def books_are_proved(stage: Stage) -> None:
    before = proofs_by_the_worker(stage)
    subprocess.run(
        [
            *(sys.executable, "-m", "celery", "--app=paycore.celery", "call"),
            "reconciliation.verify_ledger",
        ],
        cwd=ROOT,
        env=stage.stack.environment(),
        stdout=subprocess.DEVNULL,
        check=True,
    )
    deadline = time.monotonic() + SECONDS_FOR_THE_WORKER
    while proofs_by_the_worker(stage) == before and time.monotonic() < deadline:
        time.sleep(0.2)
    proved = proofs_by_the_worker(stage) - before
    stage.step(
        stage.callers["operator"],
        "asks the worker to prove the books",
        "1 more proof in /metrics",
        f"{proved:.0f} more proof in /metrics",
    )
    verdict = stage.stack.manage("verify_ledger").strip().splitlines()[-1]
    stage.step(
        stage.callers["operator"],
        "runs manage.py verify_ledger",
        "The books are right.",
        f"{verdict.partition('. ')[0]}.",
    )


def proofs_by_the_worker(stage: Stage) -> float:
    lines = str(stage.callers["operator"].get("/metrics").body).splitlines()
    return sum(
        float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith("worker_runs_total")
        and 'result="ok"' in line
        and 'worker="verify_ledger"' in line
    )
