"""What is undone: refunds by who received the money, reversals by staff."""

from paycore.stack.client import Answer, Caller
from paycore.stack.demo.conversions import both_sides
from paycore.stack.demo.stage import Stage


def money_is_given_back(stage: Stage) -> None:
    zoe, bob, operator = (stage.callers[name] for name in ("zoe", "bob", "operator"))
    answer = refund(stage, zoe, "breakfast")
    stage.step(
        zoe, "refunds herself the breakfast", "403 permission_denied", answer.told()
    )
    answer = refund(stage, bob, "breakfast", "5.00")
    stage.step(
        bob,
        "refunds 5.00 of its 10.87 USD",
        "201 4.60 EUR for 5.00 USD",
        both_sides(answer),
    )
    answer = refund(stage, bob, "breakfast", "5.88")
    stage.step(
        bob,
        "refunds a cent more than is left",
        "422 refund_exceeds_original",
        answer.told(),
    )
    answer = refund(stage, bob, "breakfast")
    stage.step(
        bob,
        "refunds what is left",
        "201 5.40 EUR for 5.87 USD",
        both_sides(answer),
    )
    answer = refund(stage, bob, "breakfast", "0.01")
    stage.step(
        bob, "refunds another cent", "422 refund_exceeds_original", answer.told()
    )
    answer = zoe.get(f"/v1/transfers/{stage.transfers['breakfast']}")
    stage.step(
        zoe,
        "sees her purchase, refunded",
        "200 completed 10.87",
        answer.told("status", "refunded_amount"),
    )
    answer = refund(stage, operator, "lunch")
    stage.step(
        operator,
        "refunds the lunch, in full",
        "201 12.00 EUR for 12.00 EUR",
        both_sides(answer),
    )
    stage.balance_is("bob", "cafe", "0.00 EUR", what="now has, in the café's account")
    stage.balance_is("zoe", "euros", "112.00 EUR", what="now has, in euros")
    stage.balance_is("zoe", "zoe", "349.98 USD", what="now has, in dollars")


def movements_are_reversed(stage: Stage) -> None:
    zoe, bob, operator = (stage.callers[name] for name in ("zoe", "bob", "operator"))
    answer = stage.pay(zoe, stage.order("zoe", "bob", "60.00"))
    stage.transfers["mistake"] = str(answer["id"])
    stage.step(
        zoe,
        "pays bob 60.00 by mistake",
        "201 completed 60.00",
        answer.told("status", "amount"),
    )
    answer = reverse(stage, bob, "mistake")
    stage.step(bob, "reverses it", "403 permission_denied", answer.told())
    answer = reverse(stage, operator, "mistake")
    stage.step(
        operator, "reverses it", "201 reversal 60.00", answer.told("kind", "amount")
    )
    answer = zoe.get(f"/v1/transfers/{stage.transfers['mistake']}")
    stage.step(zoe, "sees her payment", "200 reversed", answer.told("status"))
    answer = reverse(stage, operator, "mistake")
    stage.step(operator, "reverses it again", "409 invalid_state", answer.told())
    answer = reverse(stage, operator, "breakfast")
    stage.step(
        operator, "reverses the refunded breakfast", "409 invalid_state", answer.told()
    )
    stage.balances_are(zoe="349.98", bob="166.00")
    a_swindle_is_reversed(stage)


def a_swindle_is_reversed(stage: Stage) -> None:
    zoe, mallory = stage.callers["zoe"], stage.callers["mallory"]
    operator, admin = stage.callers["operator"], stage.callers["admin"]
    stage.open_account("mallory", "swindle", "USD", "opens an account in US dollars")
    answer = stage.pay(zoe, stage.order("zoe", "swindle", "40.00"))
    stage.transfers["bicycle"] = str(answer["id"])
    stage.step(
        zoe,
        "pays her 40.00 for a bicycle",
        "201 completed 40.00",
        answer.told("status", "amount"),
    )
    answer = stage.pay(mallory, stage.order("swindle", "bob", "40.00"))
    stage.step(
        mallory,
        "pays her debts to bob with it",
        "201 completed 40.00",
        answer.told("status", "amount"),
    )
    answer = reverse(stage, operator, "bicycle")
    stage.step(
        operator,
        "reverses zoe's payment; nothing is left",
        "422 insufficient_balance",
        answer.told(),
    )
    answer = reverse(stage, operator, "bicycle", force=True)
    stage.step(operator, "forces it", "403 permission_denied", answer.told())
    answer = reverse(stage, admin, "bicycle", force=True)
    stage.step(admin, "forces it", "201 reversal 40.00", answer.told("kind", "amount"))
    stage.balance_is("mallory", "swindle", "-40.00 USD")
    stage.balances_are(zoe="349.98", bob="206.00")


def refund(stage: Stage, who: Caller, transfer: str, amount: str = "") -> Answer:
    """Without an amount: all that is left."""
    path = f"/v1/transfers/{stage.transfers[transfer]}/refund"
    order = {"reason": "It was cold"} | ({"amount": amount} if amount else {})
    return stage.send(who, path, order)


def reverse(stage: Stage, who: Caller, transfer: str, *, force: bool = False) -> Answer:
    path = f"/v1/transfers/{stage.transfers[transfer]}/reverse"
    order = {"reason": "Sent to the wrong person"} | ({"force": True} if force else {})
    return stage.send(who, path, order)
