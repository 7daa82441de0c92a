"""reverse_transfer ..., as a service and over HTTP."""

import pytest

from accounts.services import freeze_account
from events.models import Event
from ledger.errors import AccountNotActive, InsufficientBalance
from ledger.models import LedgerAccount
from paycore.lib.errors import InvalidState, NotFound
from paycore.lib.ids import new_id
from paycore.testing.problems import refusal_of
from paycore.testing.refusals import refused_with
from transfers.models import Transfer
from transfers.services import ReversalOrder, reverse_transfer
from transfers.tests.movements import (
    complete,
    count_statements,
    deposit,
    entry_of,
    events_of,
    exchange,
    hold_purchase,
    legs_of,
    payer_of,
    purchase,
    refund,
    reversal_of,
    reverse,
    send,
    spread,
    state_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]


@pytest.fixture
def spent(paid, grace, grace_usd, mallory, account_of, pay):
    """The same, and grace has spent all but 10.00 USD."""
    pay(grace, grace_usd, account_of(mallory), "140.00")
    return paid


def test_puts_the_money_back(operator, paid, ada_usd, grace_usd, balance_of):
    response = send(operator, reversal_of(paid), {"reason": "Typo"})

    assert response.status_code == 201
    assert (balance_of(ada_usd), balance_of(grace_usd)) == ("1000.00", "50.00")


def test_answers_the_whole_resource(ada, operator, ada_usd, account_of):
    euros = account_of(ada, "EUR")
    spread("USD/EUR", 50)
    original = exchange(ada, ada_usd, euros, "100.00")

    answer = send(operator, reversal_of(original), {"reason": "Typo"}).json()

    made = Transfer.objects.get(kind="reversal")
    assert answer == {
        "id": str(made.pk),
        "kind": "reversal",
        "status": "completed",
        "source_account_id": str(euros.pk),
        "destination_account_id": str(ada_usd.pk),
        "amount": "91.54",
        "currency": "EUR",
        "destination_amount": "100.00",
        "destination_currency": "USD",
        "rate": "1.0924186148131964168669434128",
        "reference": None,
        "description": "Typo",
        "metadata": {},
        "merchant": None,
        "risk": None,
        "refunded_amount": "0.00",
        "original_transfer_id": str(original.pk),
        "journal_entry_id": str(made.journal_entry_id),
        "failure_code": None,
        "created_at": answer["created_at"],
        "completed_at": answer["created_at"],
    }
    assert legs_of(made, usd=ada_usd, eur=euros) == [
        "usd 100.00 USD",
        "house:fx:USD -100.00 USD",
        "house:fx:EUR 92.00 EUR",
        "house:fx_income:EUR -0.46 EUR",
        "eur -91.54 EUR",
    ]


def test_stores_a_rate_that_gives_the_amount_again(ada, operator, ada_usd, grace_eur):
    spread("USD/EUR", 37)
    for original in (
        exchange(ada, ada_usd, grace_eur, "123.45"),
        purchase(ada, ada_usd, "77.77 EUR"),
    ):
        made = reverse(operator, original)

        made.refresh_from_db()
        back = made.destination_amount
        assert made.rate is not None
        assert made.amount.convert(rate=made.rate, to=back.currency) == back


def test_marks_the_original(ada, operator, paid):
    reverse(operator, paid)

    answer = ada.get(f"/v1/transfers/{paid.pk}").json()
    assert (answer["status"], answer["refunded_amount"]) == ("reversed", "0.00")
    assert answer["journal_entry_id"] == str(paid.journal_entry_id)
    listed = ada.get("/v1/transfers", status="reversed").json()["items"]
    assert [item["id"] for item in listed] == [str(paid.pk)]


def test_writes_an_entry_that_says_which_it_reverses(operator, paid):
    made = reverse(operator, paid)

    entry = entry_of(made)
    assert (entry.kind, entry.description) == ("reversal", "A mistake")
    assert entry.reverses_id == paid.journal_entry_id


def test_tells_of_both_moves(ada, grace, operator, paid):
    made = reverse(operator, paid)

    assert events_of(paid.pk) == ["transfer.completed", "transfer.reversed"]
    assert events_of(made.pk) == ["transfer.completed"]
    told = Event.objects.get(subject_id=paid.pk, type="transfer.reversed")
    assert told.actor == f"user:{operator.id}"
    assert set(told.owner_ids) == {ada.id, grace.id}
    assert told.data["reversal_id"] == str(made.pk)
    assert told.data["reason"] == "A mistake"
    assert told.data["forced"] is False


def test_costs_few_statements(ada, operator, ada_usd, grace_usd, grace_eur, pay):
    originals = [
        pay(ada, ada_usd, grace_usd, "1.00"),
        pay(ada, ada_usd, grace_usd, "1.00"),
        exchange(ada, ada_usd, grace_eur, "1.00"),
    ]
    paths = [reversal_of(each) for each in originals]
    send(operator, paths[0], {"reason": "r"})

    # An internal transfer's 12, less the accounts, more the original: locked, its
    # postings, its new status, and the event that tells of it.
    counted = [
        count_statements(lambda path=path: send(operator, path, {"reason": "r"}))
        for path in paths[1:]
    ]
    assert counted == [15, 15]


def test_is_repeated_as_it_was(operator, paid, nothing_moves):
    body = {"reason": "r"}
    first = send(operator, reversal_of(paid), body, key="k")

    with nothing_moves():
        again = send(operator, reversal_of(paid), body, key="k")
        other = send(operator, reversal_of(paid), {"reason": "s"}, key="k")

    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert refusal_of(other) == (409, "idempotency_key_reused")


def test_remembers_refusals(operator, admin, spent, nothing_moves):
    with nothing_moves():
        first = send(operator, reversal_of(spent), {"reason": "r"}, key="k")
    reverse(admin, spent, force=True)

    with nothing_moves():
        again = send(operator, reversal_of(spent), {"reason": "r"}, key="k")

    assert refusal_of(first) == (422, "insufficient_balance")
    assert (again.status_code, again.content) == (422, first.content)


def test_happens_once(operator, admin, paid, nothing_moves):
    reverse(operator, paid)

    for player, force in ((operator, False), (admin, True)):
        with nothing_moves(), refused_with(InvalidState):
            reverse(player, paid, force=force)


@pytest.mark.parametrize("amount", ["0.01", None])
def test_refuses_what_has_refunds(grace, operator, paid, amount, nothing_moves):
    refund(grace, paid, amount)

    with nothing_moves(), refused_with(InvalidState):
        reverse(operator, paid)


def test_refuses_refunds_and_reversals(
    ada, operator, paid, ada_usd, grace_usd, pay, nothing_moves
):
    other = pay(ada, ada_usd, grace_usd, "1.00")
    made = [refund(operator, paid, "1.00"), reverse(operator, other)]

    for transfer in made:
        with nothing_moves(), refused_with(InvalidState):
            reverse(operator, transfer)


def test_frees_no_reference(ada, operator, paid, ada_usd, grace_usd, nothing_moves):
    reverse(operator, paid)
    body = {
        "source_account_id": str(ada_usd.pk),
        "destination_account_id": str(grace_usd.pk),
        "amount": "100.00",
        "reference": "rent",
    }

    with nothing_moves():
        response = send(ada, "/v1/transfers/internal", body)

    assert refusal_of(response) == (409, "duplicate_reference")


def test_lets_go_of_money_that_the_house_has(ada, operator, ada_usd, balance_of):
    for original in (
        purchase(ada, ada_usd, "10.00 USD"),
        purchase(ada, ada_usd, "10.00 EUR"),
    ):
        reverse(operator, original)

    assert balance_of(ada_usd) == "1000.00"


def test_takes_a_deposit_back(operator, ada_usd, balance_of):
    made = deposit(operator, ada_usd, "50.00 USD")

    reversal = reverse(operator, made)

    assert balance_of(ada_usd) == "1000.00"
    assert reversal.source_account_id == ada_usd.pk
    assert reversal.destination_account_id is None


def test_refuses_when_the_receiver_has_spent_it(operator, spent, nothing_moves):
    with nothing_moves():
        response = send(operator, reversal_of(spent), {"reason": "r"})

    assert refusal_of(response) == (422, "insufficient_balance")
    problem = response.json()
    assert (problem["available"], problem["required"], problem["currency"]) == (
        "10.00",
        "100.00",
        "USD",
    )


def test_by_force_takes_the_receiver_below_its_floor(
    grace, admin, spent, ada_usd, grace_usd
):
    response = send(admin, reversal_of(spent), {"reason": "Fraud", "force": True})

    assert response.status_code == 201
    assert state_of(ada_usd) == ("1000.00", "0.00", "0.00")
    assert state_of(grace_usd) == ("-90.00", "0.00", "90.00")
    balance = grace.get(f"/v1/accounts/{grace_usd.pk}").json()["balance"]
    assert balance == {"posted": "-90.00", "held": "0.00", "available": "-90.00"}
    told = Event.objects.get(subject_id=spent.pk, type="transfer.reversed")
    assert (told.data["forced"], told.data["reason"]) == (True, "Fraud")


def test_after_force_the_receiver_cannot_spend_until_all_is_repaid(
    ada, grace, admin, spent, ada_usd, grace_usd, pay, nothing_moves
):
    reverse(admin, spent, force=True)

    with nothing_moves(), refused_with(InsufficientBalance):
        pay(grace, grace_usd, ada_usd, "0.01")
    pay(ada, ada_usd, grace_usd, "30.00")
    assert state_of(grace_usd) == ("-60.00", "0.00", "60.00")
    with nothing_moves(), refused_with(InsufficientBalance):
        pay(grace, grace_usd, ada_usd, "0.01")
    pay(ada, ada_usd, grace_usd, "60.00")
    assert state_of(grace_usd) == ("0.00", "0.00", "0.00")
    with nothing_moves(), refused_with(InsufficientBalance):
        pay(grace, grace_usd, ada_usd, "0.01")
    pay(ada, ada_usd, grace_usd, "5.00")
    pay(grace, grace_usd, ada_usd, "5.00")
    assert state_of(grace_usd) == ("0.00", "0.00", "0.00")


def test_by_force_a_second_time_takes_it_further(
    ada, grace, admin, ada_usd, grace_usd, spent, pay
):
    second = pay(ada, ada_usd, grace_usd, "7.00")
    pay(grace, grace_usd, ada_usd, "17.00")

    reverse(admin, spent, force=True)
    reverse(admin, second, force=True)

    assert state_of(grace_usd) == ("-107.00", "0.00", "107.00")


def test_by_force_where_none_is_needed_leaves_nothing_lacking(admin, paid, grace_usd):
    reverse(admin, paid, force=True)

    assert state_of(grace_usd) == ("50.00", "0.00", "0.00")


def test_by_force_leaves_promised_funds_promised(
    ada, grace, admin, operator, grace_usd, paid
):
    held = hold_purchase(grace, grace_usd, "120.00 USD")

    reverse(admin, paid, force=True)

    assert state_of(grace_usd) == ("50.00", "120.00", "70.00")
    complete(held, operator)
    assert state_of(grace_usd) == ("-70.00", "0.00", "70.00")


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("side", ["source", "destination"])
def test_refuses_when_an_account_is_frozen(
    admin, paid, ada_usd, grace_usd, side, force, nothing_moves
):
    cold = {"source": ada_usd, "destination": grace_usd}[side]
    freeze_account(account_id=cold.pk, reason="r", origin=admin.origin)

    with nothing_moves(), refused_with(AccountNotActive):
        reverse(admin, paid, force=force)


@pytest.mark.parametrize("path", ["x", "0198c5a0-4b5e-7c3a-9d2e-6f1a2b3c4d5e"])
def test_refuses_when_there_is_no_such_transfer(operator, path, nothing_moves):
    with nothing_moves():
        response = send(operator, f"/v1/transfers/{path}/reverse", {"reason": "r"})

    assert refusal_of(response) == (404, "not_found")


def test_of_nothing_is_refused(operator, nothing_moves):
    with nothing_moves(), refused_with(NotFound):
        reverse_transfer(
            order=ReversalOrder(new_id(), "r"),
            payer=payer_of(operator),
            origin=operator.origin,
        )


def test_can_no_longer_be_refunded(grace, operator, paid, nothing_moves):
    reverse(operator, paid)

    with nothing_moves(), refused_with(InvalidState):
        refund(grace, paid, "1.00")


def test_leaves_every_other_account_alone(admin, spent, grace_usd):
    others = LedgerAccount.objects.exclude(pk=grace_usd.pk)

    reverse(admin, spent, force=True)

    assert set(others.values_list("shortfall_minor", flat=True)) == {0}
