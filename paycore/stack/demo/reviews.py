"""A payment that looks like fraud: held by its score, and judged by a person."""

import time
from typing import Any, Final

from paycore.stack.client import Answer, Caller
from paycore.stack.demo.stage import Stage

# Deep in the night, and far from either end of it.
HOUR: Final = 2
FLAGS: Final = "UNUSUAL_AMOUNT HIGH_VALUE OFF_HOURS"


def suspicions_are_looked_into(stage: Stage) -> None:
    yuki_arrives(stage)
    yuki, operator = stage.callers["yuki"], stage.callers["operator"]
    coffees = [buy(stage, "4.50", "Corner Coffee") for _ in range(5)]
    stage.step(
        yuki,
        "buys five coffees",
        "201 completed, no score",
        shown(coffees[-1]),
    )
    answer = buy(stage, "40000.00", "Boats")
    stage.step(
        yuki, "buys a boat, beyond her limit", "422 limit_exceeded", answer.told()
    )
    watch = buy(stage, "3000.00", "Watches")
    stage.step(yuki, "buys a watch, at night", "201 pending, no score", shown(watch))
    stage.step(
        yuki,
        "looks at her balance",
        "200 3977.50 3000.00 977.50",
        balance(stage, yuki),
    )
    review = find_review(operator, watch)
    stage.step(
        operator,
        "finds it among the open reviews",
        f"60 review {FLAGS}",
        f"{review.get('score')} {review.get('band')} "
        + " ".join(review.get("flags", [])),
    )
    decide(stage, operator, review, watch)


def decide(
    stage: Stage, operator: Caller, review: dict[str, Any], watch: Answer
) -> None:
    yuki, path = stage.callers["yuki"], f"/v1/reviews/{review.get('id')}"
    reason = {"reason": "Called her: it is her father's birthday"}
    answer = operator.post(f"{path}/approve", reason)
    stage.step(operator, "approves it", "200 approved", answer.told("status"))
    answer = operator.post(f"{path}/approve", reason)
    stage.step(operator, "approves it again", "200 approved", answer.told("status"))
    answer = operator.post(f"{path}/reject", reason)
    stage.step(operator, "rejects it after all", "409 invalid_state", answer.told())
    answer = yuki.get(f"/v1/transfers/{watch['id']}")
    stage.step(yuki, "has her watch", "200 completed", answer.told("status"))
    stage.step(
        yuki, "looks at her balance", "200 977.50 0.00 977.50", balance(stage, yuki)
    )


def yuki_arrives(stage: Stage) -> None:
    person = {
        "email": stage.email("yuki"),
        "password": stage.password_of("yuki"),
        "time_zone": where_it_is_night(),
    }
    answer = stage.anybody.post("/v1/users", person)
    stage.step(
        stage.anybody,
        "signs up as yuki, where it is night",
        "201 active",
        answer.told("status"),
    )
    stage.sign_in("yuki", email=stage.email("yuki"), password=stage.password_of("yuki"))
    stage.open_account("yuki", "yuki", "USD", "opens an account")
    savings = {
        "reference": f"savings-{stage.run}",
        "account_id": stage.accounts["yuki"],
        "amount": "4000.00",
        "currency": "USD",
    }
    operator = stage.callers["operator"]
    answer = stage.send(operator, "/v1/deposits", savings)
    stage.step(
        operator,
        "deposits her savings",
        "201 deposit 4000.00",
        answer.told("kind", "amount"),
    )


def where_it_is_night() -> str:
    """A time zone in which it is two o'clock now. POSIX counts to the west."""
    ahead = (HOUR - time.gmtime().tm_hour) % 24
    west = 24 - ahead if ahead > 12 else -ahead
    return f"Etc/GMT{west:+d}"


def buy(stage: Stage, amount: str, merchant: str) -> Answer:
    order = {
        "account_id": stage.accounts["yuki"],
        "amount": amount,
        "currency": "USD",
        "merchant_name": merchant,
        "merchant_category": "retail",
    }
    return stage.send(stage.callers["yuki"], "/v1/purchases", order)


def shown(payment: Answer) -> str:
    """What she sees of it. Scores would tell a fraudster the rules."""
    score = "no score" if payment["risk"] is None else payment["risk"]
    return f"{payment.told('status')}, {score}"


def balance(stage: Stage, who: Caller) -> str:
    answer = who.get(f"/v1/accounts/{stage.accounts['yuki']}/balance")
    return answer.told("posted", "held", "available")


def find_review(operator: Caller, held: Answer) -> dict[str, Any]:
    """The open review of a payment; nothing when there is none."""
    answer = operator.get("/v1/reviews?status=open&limit=100")
    found: list[dict[str, Any]] = answer["items"] or []
    return next((row for row in found if row["subject_id"] == held["id"]), {})
