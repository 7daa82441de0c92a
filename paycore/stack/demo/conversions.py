"""One currency becomes another: exchanges, quotes, and purchases abroad."""

from typing import Any

from paycore.stack.client import Answer, Caller
from paycore.stack.demo.stage import Stage
from paycore.stack.processes import StackError


def money_is_exchanged(stage: Stage) -> None:
    zoe = stage.callers["zoe"]
    read_the_rate(stage)
    answer = exchange(stage, zoe, "euros", "zoe", "92.00")
    stage.step(
        zoe,
        "exchanges 92.00 EUR for dollars",
        "201 92.00 EUR for 100.00 USD",
        both_sides(answer),
    )
    answer = exchange(stage, zoe, "zoe", "euros", "0.01")
    stage.step(
        zoe, "exchanges a cent, for 0.0092 EUR", "422 amount_too_small", answer.told()
    )
    answer = exchange(stage, zoe, "zoe", "savings", "1.00")
    stage.step(
        zoe, "exchanges dollars for dollars", "422 currency_mismatch", answer.told()
    )
    a_quote_is_redeemed(stage)
    stage.balance_is("zoe", "euros", "112.00 EUR", what="now has, in euros")
    stage.balance_is("zoe", "zoe", "384.00 USD", what="now has, in dollars")


def read_the_rate(stage: Stage) -> None:
    zoe = stage.callers["zoe"]
    answer = zoe.get("/v1/fx/rates")
    rates: list[dict[str, Any]] = answer["items"] or []
    found = [
        f"{rate['rate']} {rate['source']}"
        for rate in rates
        if {rate["base"], rate["quote"]} == {"USD", "EUR"}
    ]
    got = " ".join([str(answer.status), *found])
    stage.step(zoe, "reads what a dollar is in euros", "200 0.92 seed", got)
    if got != "200 0.92 seed":
        raise StackError(
            f"The rates in {stage.stack.home} are not the seeded ones, by which this"
            " story is told. Tell it in another home: PAYCORE_HOME=.paycore/demo make"
            " demo"
        )


def a_quote_is_redeemed(stage: Stage) -> None:
    zoe, mallory = stage.callers["zoe"], stage.callers["mallory"]
    wish = {"source_currency": "EUR", "destination_currency": "USD", "amount": "46.00"}
    quote = zoe.post("/v1/fx/quotes", wish)
    quote_id = str(quote["id"])
    stage.step(
        zoe,
        "asks what 46.00 EUR would be: a quote",
        "201 50.00 USD",
        quote.told("destination_amount", "destination_currency"),
    )
    answer = exchange(stage, mallory, "euros", "zoe", "46.00", quote_id=quote_id)
    stage.step(mallory, "redeems zoe's quote", "404 not_found", answer.told())
    answer = exchange(stage, zoe, "euros", "zoe", "45.00", quote_id=quote_id)
    stage.step(zoe, "redeems it for 45.00 EUR", "422 quote_mismatch", answer.told())
    answer = exchange(stage, zoe, "euros", "zoe", "46.00", quote_id=quote_id)
    stage.step(zoe, "redeems it", "201 46.00 EUR for 50.00 USD", both_sides(answer))
    answer = exchange(stage, zoe, "euros", "zoe", "46.00", quote_id=quote_id)
    stage.step(zoe, "redeems it again", "409 invalid_state", answer.told())


def purchases_are_made(stage: Stage) -> None:
    zoe = stage.callers["zoe"]
    answer = buy(stage, "zoe", "34.00 USD", "Market Hall")
    stage.step(
        zoe,
        "buys groceries for 34.00 USD",
        "201 34.00 USD for 34.00 USD",
        both_sides(answer),
    )
    answer = buy(stage, "zoe", "0.01 EUR", "Kiosk")
    stage.step(
        zoe,
        "buys for 0.01 EUR; her dollars round up",
        "201 0.02 USD for 0.01 EUR",
        both_sides(answer),
    )
    answer = buy(stage, "zoe", "9000.00 EUR", "Car Dealer")
    stage.step(zoe, "buys a car", "422 insufficient_balance", answer.told())
    stage.open_account("bob", "cafe", "EUR", "opens an account for his café")
    answer = buy(stage, "euros", "12.00 EUR", "Bob's Café", merchant="cafe")
    stage.transfers["lunch"] = str(answer["id"])
    stage.step(
        zoe,
        "pays lunch at bob's café in euros",
        "201 12.00 EUR for 12.00 EUR",
        both_sides(answer),
    )
    answer = buy(stage, "zoe", "10.00 EUR", "Bob's Café", merchant="cafe")
    stage.transfers["breakfast"] = str(answer["id"])
    stage.step(
        zoe,
        "pays breakfast there from her dollars",
        "201 10.87 USD for 10.00 EUR",
        both_sides(answer),
    )
    stage.balance_is("bob", "cafe", "22.00 EUR", what="now has, in the café's account")


def buy(
    stage: Stage, account: str, price: str, name: str, merchant: str = ""
) -> Answer:
    """Zoe pays a merchant, who has an account here or is paid by the house."""
    amount, currency = price.split()
    order = {
        "account_id": stage.accounts[account],
        "amount": amount,
        "currency": currency,
        "merchant_name": name,
        "merchant_category": "retail",
    }
    if merchant:
        order["merchant_account_id"] = stage.accounts[merchant]
    return stage.send(stage.callers["zoe"], "/v1/purchases", order)


def exchange(
    stage: Stage, who: Caller, source: str, destination: str, amount: str, **more: str
) -> Answer:
    order = stage.order(source, destination, amount, **more)
    return stage.send(who, "/v1/transfers/exchange", order)


def both_sides(answer: Answer) -> str:
    """What was paid for what was received, or the code of a problem."""
    if answer["code"] is not None:
        return answer.told()
    received = f"{answer['destination_amount']} {answer['destination_currency']}"
    return f"{answer.told('amount', 'currency')} for {received}"
