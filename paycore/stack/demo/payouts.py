"""Money leaves: sent once, and where nobody knows whether it was, a person decides."""

import time
from typing import Final

from django.conf import settings

from paycore.stack.client import Answer, Caller
from paycore.stack.demo.stage import Stage

SECONDS_FOR_THE_WORKER: Final = 30
SECONDS_BETWEEN_LOOKS: Final = 0.1
ON_THEIR_WAY: Final = ("pending", "processing")
IBAN: Final = "DE89370400440532013000"
MISTYPED: Final = "DE89370400440532013001"


def money_leaves(stage: Stage) -> None:
    # Bob has never sent money out, so that risk has nothing against him at any hour.
    bob, operator = stage.callers["bob"], stage.callers["operator"]
    stage.open_account("bob", "workshop", "USD", "opens an account for his workshop")
    takings = {
        "reference": f"takings-{stage.run}",
        "account_id": stage.accounts["workshop"],
        "amount": "5000.00",
        "currency": "USD",
    }
    answer = stage.send(operator, "/v1/deposits", takings)
    stage.step(
        operator,
        "deposits its takings",
        "201 deposit 5000.00",
        answer.told("kind", "amount"),
    )
    answer = request(stage, bob, "100.00", iban=MISTYPED)
    stage.step(bob, "mistypes his IBAN", "400 invalid_input", answer.told())
    answer = request(stage, bob, "9000.00")
    stage.step(bob, "sends out too much", "422 insufficient_balance", answer.told())
    a_payout_is_sent_once(stage)
    answer = request(stage, bob, "70.00", reference="sandbox-decline")
    stage.step(
        bob,
        "sends 70.00; this one the bank declines",
        "202 pending 70.00",
        answer.told("status", "amount"),
    )
    answer = wait_for(bob, answer)
    stage.step(
        bob,
        "looks again a moment later",
        "200 failed declined_by_bank",
        answer.told("status", "failure_code"),
    )
    funds_are(stage, "4900.00 0.00 4900.00")


def a_payout_is_sent_once(stage: Stage) -> None:
    bob, key = stage.callers["bob"], f"payout-{stage.run}"
    first = request(stage, bob, "100.00", reference="savings", key=key)
    stage.step(
        bob,
        "sends 100.00 to his bank",
        "202 pending 100.00",
        first.told("status", "amount"),
    )
    stage.step(
        bob,
        "sees the IBAN only masked",
        "202 DE****************3000",
        first.told("destination.iban"),
    )
    answer = wait_for(bob, first)
    stage.step(
        bob,
        "looks again a moment later",
        "200 completed, sent once",
        f"{answer.told('status')}, sent {times(answer['attempts'])}",
    )
    again = request(stage, bob, "100.00", reference="savings", key=key)
    same = "same answer" if again.body == first.body else "another answer"
    stage.step(
        bob,
        "sends the order again, under its key",
        "202 same answer, true",
        f"{again.status} {same}, {again.headers.get('idempotent-replayed')}",
    )
    answer = request(stage, bob, "100.00", reference="savings")
    stage.step(
        bob,
        "sends it again, under another key",
        "409 duplicate_reference",
        answer.told(),
    )
    funds_are(stage, "4900.00 0.00 4900.00")


def payouts_need_four_eyes(stage: Stage) -> None:
    bob, operator = stage.callers["bob"], stage.callers["operator"]
    answer = request(stage, bob, "4500.00")
    stage.step(
        bob,
        "sends 4500.00, above the threshold",
        "202 pending required",
        answer.told("status", "approval"),
    )
    funds_are(stage, "4900.00 4500.00 400.00")
    answer = order(bob, answer, "cancel", {"reason": "Too soon"})
    stage.step(bob, "cancels it", "200 cancelled", answer.told("status"))
    funds_are(stage, "4900.00 0.00 4900.00")
    asked = request(stage, operator, "4500.00")
    stage.step(
        operator,
        "sends 4500.00 for him",
        "202 pending required",
        asked.told("status", "approval"),
    )
    for who, what in ((bob, "approves it"), (operator, "approves what he requested")):
        answer = order(who, asked, "approve", {"reason": "It is right"})
        stage.step(who, what, "403 permission_denied", answer.told())
    admin = stage.callers["admin"]
    answer = order(admin, asked, "approve", {"reason": "Called him back"})
    stage.step(admin, "approves it", "200 approved", answer.told("approval"))
    answer = wait_for(bob, asked)
    stage.step(
        bob, "looks again a moment later", "200 completed", answer.told("status")
    )
    answer = order(bob, asked, "cancel", {"reason": "Changed my mind"})
    stage.step(bob, "cancels it, too late", "409 invalid_state", answer.told())
    funds_are(stage, "400.00 0.00 400.00")


def a_person_decides(stage: Stage) -> None:
    bob, operator = stage.callers["bob"], stage.callers["operator"]
    asked = request(stage, bob, "50.00", reference="sandbox-timeout")
    stage.step(
        bob,
        "sends 50.00; the bank never answers",
        "202 pending 50.00",
        asked.told("status", "amount"),
    )
    answer = wait_for(bob, asked)
    stage.step(
        bob,
        "looks again: sent, and nobody knows more",
        "200 manual_review, sent once",
        f"{answer.told('status')}, sent {times(answer['attempts'])}",
    )
    funds_are(stage, "400.00 50.00 350.00")
    answer = operator.get("/v1/payouts/manual-review?limit=100")
    waiting = {item["id"]: item for item in answer["items"] or []}
    amount = waiting.get(asked["id"], {}).get("amount")
    stage.step(
        operator,
        "finds it in the queue of manual review",
        "200 50.00",
        f"{answer.status} {amount}",
    )
    refund = {"decision": "refund_failed", "reason": "The bank's statement has none"}
    answer = order(bob, asked, "resolve", refund)
    stage.step(bob, "resolves it", "403 permission_denied", answer.told())
    for what in ("resolves it: it was not executed", "resolves it again, likewise"):
        answer = order(operator, asked, "resolve", refund)
        stage.step(
            operator,
            what,
            "200 refunded_by_review",
            answer.told("failure_code"),
        )
    sent = {"decision": "confirm_sent", "reason": "It has one after all"}
    answer = order(operator, asked, "resolve", sent)
    stage.step(operator, "resolves it otherwise", "409 invalid_state", answer.told())
    funds_are(stage, "400.00 0.00 400.00")


def request(
    stage: Stage,
    who: Caller,
    amount: str,
    *,
    reference: str = "",
    iban: str = IBAN,
    key: str | None = None,
) -> Answer:
    """Somebody sends so much of the workshop's dollars to bob's bank."""
    payout: dict[str, object] = {
        "account_id": stage.accounts["workshop"],
        "amount": amount,
        "currency": "USD",
        "destination": {"type": "iban", "iban": iban, "name": "Bob"},
    }
    if reference:
        payout["reference"] = f"{reference}-{stage.run}"
    return stage.send(who, "/v1/payouts", payout, key=key)


def order(who: Caller, payout: Answer, what: str, body: dict[str, str]) -> Answer:
    return who.post(f"/v1/payouts/{payout['id']}/{what}", body)


def wait_for(who: Caller, payout: Answer) -> Answer:
    """The payout as soon as the worker can do nothing more for it."""
    seconds = SECONDS_FOR_THE_WORKER + settings.PAYOUT_UNKNOWN_AFTER
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        payout = who.get(f"/v1/payouts/{payout['id']}")
        if payout["status"] not in ON_THEIR_WAY:
            break
        time.sleep(SECONDS_BETWEEN_LOOKS)
    return payout


def times(number: object) -> str:
    return "once" if number == 1 else f"{number} times"


def funds_are(stage: Stage, expected: str) -> None:
    """What the workshop has: in the books, on hold, and to spend."""
    bob = stage.callers["bob"]
    answer = bob.get(f"/v1/accounts/{stage.accounts['workshop']}/balance")
    stage.step(
        bob,
        "has: posted, on hold, available",
        f"200 {expected}",
        answer.told("posted", "held", "available"),
    )
