"""judge_movements_in_order: of several faults in one order, the first one is told."""

import pytest

from accounts.services import freeze_account, unfreeze_account
from ledger.errors import AccountNotActive
from paycore.api.principals import Scope
from paycore.lib.errors import LimitExceeded
from paycore.lib.ids import new_id
from paycore.testing.problems import refusal_of
from paycore.testing.refusals import refused_with
from transfers.tests.movements import (
    DEPOSITS,
    EXCHANGE,
    LARGEST_BTC,
    PURCHASES,
    buy,
    deposit,
    exchange,
    purchase,
    quote,
    rate_becomes,
    refund,
    refund_of,
    reversal_of,
    reverse,
    send,
)
from transfers.tests.orders import order
from transfers.tests.providers import notice

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]


def test_of_an_exchange(
    ada, grace, anonymous, ada_usd, ada_eur, account_of, frozen, rates
):
    redeemed = quote(ada, "5.00 USD", "EUR")
    exchange(ada, ada_usd, ada_eur, "5.00", quote_id=redeemed.pk)
    graces = quote(grace, "5.00 USD", "EUR")
    grace_usd_frozen = frozen(grace, "USD", "5.00")
    ada_usd_frozen = frozen(ada, "USD", "5.00")
    ada_eur_frozen = frozen(ada, "EUR")
    francs, yen = account_of(ada, "CHF"), account_of(ada, "JPY", "1")
    body = order(type(ada_usd)(pk=new_id()), ada_usd, "x", currency="XXX", colour="red")
    body["quote_id"] = str(graces.pk)

    def answer(caller=ada, key=None, **changes):
        for name, value in changes.items():
            body[name] = str(getattr(value, "pk", value)) if value else None
        shown = {name: value for name, value in body.items() if value is not None}
        return refusal_of(caller.post(EXCHANGE, shown, key=key or str(new_id())))

    assert answer(anonymous) == (401, "unauthenticated")
    assert answer(ada.with_key(Scope.ACCOUNTS_READ)) == (403, "permission_denied")
    assert answer() == (400, "invalid_input")
    del body["colour"]
    assert answer() == (400, "invalid_amount")
    assert answer(amount="10000.00") == (400, "unsupported_currency")
    assert answer(currency="EUR", source_account_id=ada_usd) == (
        400,
        "same_account_transfer",
    )
    assert answer(source_account_id=new_id()) == (404, "account_not_found")
    assert answer(
        source_account_id=grace_usd_frozen, destination_account_id=new_id()
    ) == (404, "account_not_found")
    # Somebody else's quote, before whose money it is.
    assert answer(destination_account_id=ada_usd_frozen) == (404, "not_found")
    assert answer(quote_id=redeemed) == (403, "permission_denied")
    assert answer(source_account_id=ada_usd) == (409, "invalid_state")
    stale = quote(ada, "10000.00 USD", "GBP", age=61)
    other = quote(ada, "9999.00 USD", "EUR")
    assert answer(quote_id=stale) == (422, "currency_mismatch")
    assert answer(currency=None) == (422, "currency_mismatch")
    assert answer(destination_account_id=ada_eur_frozen) == (422, "account_not_active")
    assert answer(source_account_id=ada_usd_frozen) == (422, "account_not_active")
    assert answer(source_account_id=ada_usd, destination_account_id=ada_eur) == (
        422,
        "insufficient_balance",
    )
    assert answer(quote_id=other) == (422, "insufficient_balance")
    assert answer(amount="10.00") == (422, "quote_mismatch")
    assert answer(quote_id=stale) == (422, "quote_expired")
    # Without a rate, what is wrong with the accounts comes first.
    assert answer(quote_id=None, destination_account_id=francs, amount="10000.00") == (
        422,
        "insufficient_balance",
    )
    assert answer(amount="1.00") == (503, "rate_unavailable")
    assert answer(
        source_account_id=yen, destination_account_id=ada_usd, amount="2"
    ) == (422, "insufficient_balance")
    assert answer(amount="1") == (422, "amount_too_small")


def test_of_an_exchange_too_large_for_the_books_and_for_the_account(ada, account_of):
    rate_becomes("BTC/JPY", "1000000000")
    bitcoin, yen = account_of(ada, "BTC", "1.00000000"), account_of(ada, "JPY")

    with refused_with(LimitExceeded):
        exchange(ada, bitcoin, yen, LARGEST_BTC)


def test_of_a_purchase(
    ada, grace, anonymous, ada_usd, grace_usd, grace_eur, account_of, frozen, pay
):
    pay(ada, ada_usd, grace_usd, "1.00", reference="taken")
    grace_eur_frozen, ada_eur_frozen = frozen(grace, "EUR"), frozen(ada, "EUR")
    nobodys = str(new_id())
    body = buy(
        ada_usd,
        "x",
        "XXX",
        reference="taken",
        merchant_account_id=str(ada_usd.pk),
        colour="red",
    )

    def answer(caller=ada, key=None, **changes):
        for name, value in changes.items():
            body[name] = str(getattr(value, "pk", value))
        return refusal_of(caller.post(PURCHASES, body, key=key or str(new_id())))

    assert answer(anonymous) == (401, "unauthenticated")
    assert answer(ada.with_key(Scope.ACCOUNTS_READ)) == (403, "permission_denied")
    assert answer() == (400, "invalid_input")
    del body["colour"]
    assert answer() == (400, "invalid_amount")
    assert answer(amount="9999.00") == (400, "unsupported_currency")
    assert answer(currency="EUR") == (400, "same_account_transfer")
    assert answer(account_id=nobodys) == (404, "account_not_found")
    assert answer(account_id=grace_eur_frozen, merchant_account_id=nobodys) == (
        404,
        "account_not_found",
    )
    assert answer(merchant_account_id=ada_usd) == (403, "permission_denied")
    assert answer(account_id=ada_eur_frozen) == (409, "duplicate_reference")
    assert answer(reference="free") == (422, "currency_mismatch")
    assert answer(merchant_account_id=grace_eur) == (422, "account_not_active")
    assert answer(account_id=ada_usd, merchant_account_id=grace_eur_frozen) == (
        422,
        "account_not_active",
    )
    assert answer(merchant_account_id=grace_eur) == (422, "limit_exceeded")
    assert answer(amount="2000.00") == (422, "insufficient_balance")
    francs = account_of(ada, "CHF", "1.00")
    assert answer(account_id=francs, amount="1.00") == (503, "rate_unavailable")
    assert send(ada, PURCHASES, body | {"account_id": str(ada_usd.pk)}).status_code == (
        201
    )


def test_of_a_purchase_from_or_to_a_frozen_account_without_a_rate(
    ada, grace, ada_usd, frozen, nothing_moves
):
    purse, shop = frozen(ada, "USD", "10.00"), frozen(grace, "CHF")

    with nothing_moves(), refused_with(AccountNotActive):
        purchase(ada, purse, "1.00 CHF")
    with nothing_moves(), refused_with(AccountNotActive):
        purchase(ada, ada_usd, "1.00 CHF", merchant=shop)


def test_of_a_purchase_from_a_frozen_account_too_large_for_the_books(
    ada, frozen, nothing_moves
):
    yen = frozen(ada, "JPY", "1000")
    rate_becomes("BTC/JPY", "1000000000")

    with nothing_moves(), refused_with(AccountNotActive):
        purchase(ada, yen, f"{LARGEST_BTC} BTC")


def test_of_a_refund(
    ada, grace, mallory, anonymous, operator, paid, ada_usd, grace_usd, pay
):
    reversed_one = pay(ada, ada_usd, grace_usd, "1.00")
    reverse(operator, reversed_one)
    refund(operator, paid, "1.00")
    body = {"colour": "red"}
    path = f"/v1/transfers/{new_id()}/refund"

    def answer(caller, **changes):
        body.update(changes)
        return refusal_of(send(caller, path, body))

    assert answer(anonymous) == (401, "unauthenticated")
    assert answer(grace.with_key(Scope.ACCOUNTS_READ)) == (403, "permission_denied")
    assert answer(grace, amount=1) == (400, "invalid_input")
    del body["colour"]
    assert answer(grace, reason="r") == (400, "invalid_amount")
    assert answer(grace, amount="1.005") == (404, "not_found")
    path = refund_of(reversed_one)
    assert answer(mallory) == (404, "not_found")
    # Of a transfer that one sees, the currency and so the decimals are known.
    assert answer(ada) == (400, "invalid_amount")
    assert answer(ada, amount="999.00") == (403, "permission_denied")
    assert answer(grace) == (409, "invalid_state")
    path = refund_of(paid)
    freeze_account(account_id=ada_usd.pk, reason="r", origin=ada.origin)
    assert answer(grace) == (422, "account_not_active")
    unfreeze_account(account_id=ada_usd.pk, reason="r", origin=ada.origin)
    assert answer(grace) == (422, "insufficient_balance")
    assert answer(grace, amount="99.01") == (422, "refund_exceeds_original")
    assert send(grace, path, body | {"amount": "99.00"}).status_code == 201


def test_of_a_reversal(ada, operator, anonymous, paid, ada_usd, grace_usd, pay):
    done = pay(ada, ada_usd, grace_usd, "1.00")
    reverse(operator, done)
    freeze_account(account_id=ada_usd.pk, reason="r", origin=ada.origin)
    body = {"colour": "red"}
    path = f"/v1/transfers/{new_id()}/reverse"

    def answer(caller, **changes):
        body.update(changes)
        return refusal_of(send(caller, path, body))

    assert answer(anonymous) == (401, "unauthenticated")
    assert answer(operator.with_key(Scope.REVIEWS_WRITE)) == (403, "permission_denied")
    assert answer(operator) == (400, "invalid_input")
    del body["colour"]
    assert answer(operator, reason="r", force=True) == (403, "permission_denied")
    assert answer(operator, force=False) == (404, "not_found")
    path = reversal_of(done)
    assert answer(operator) == (409, "invalid_state")
    path = reversal_of(paid)
    assert answer(operator) == (422, "account_not_active")


def test_of_a_deposit(ada, operator, anonymous, ada_usd, frozen, nothing_moves):
    deposit(operator, ada_usd, "1.00 USD", reference="taken")
    cold = frozen(ada)
    nobodys = type(ada_usd)(pk=new_id())
    body = notice(nobodys, "x", "XXX", "taken") | {"colour": "red"}

    def answer(caller=operator, **changes):
        body.update(changes)
        return refusal_of(send(caller, DEPOSITS, body))

    assert answer(anonymous) == (401, "unauthenticated")
    assert answer(operator.with_key(Scope.TRANSFERS_WRITE)) == (
        403,
        "permission_denied",
    )
    assert answer() == (400, "invalid_input")
    del body["colour"]
    assert answer() == (400, "invalid_amount")
    assert answer(amount="1.00") == (400, "unsupported_currency")
    assert answer(currency="EUR") == (404, "account_not_found")
    assert answer(account_id=str(cold.pk)) == (409, "duplicate_reference")
    assert answer(reference="free") == (422, "currency_mismatch")
    assert answer(currency="USD") == (422, "account_not_active")
    right = body | {"account_id": str(ada_usd.pk)}
    assert send(operator, DEPOSITS, right).status_code == 201
