"""A held purchase ...: create_purchase, complete_transfer, fail_transfer."""

import pytest

from accounts.errors import AccountNotEmpty
from accounts.services import close_account, freeze_account
from events.models import Event
from fx.errors import RateUnavailable
from fx.tests.rates import say
from ledger.errors import AccountNotActive, InsufficientBalance
from ledger.models import Hold
from paycore.lib.errors import (
    CurrencyMismatch,
    DuplicateReference,
    InvalidState,
    NotFound,
    PermissionDenied,
)
from paycore.lib.ids import new_id
from paycore.testing.refusals import refused_with
from transfers.models import Transfer
from transfers.services import complete_transfer, fail_transfer
from transfers.tests.movements import (
    complete,
    entry_of,
    events_of,
    fail,
    hold_purchase,
    purchase,
    refund,
    reverse,
    state_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]
STEPS = [complete, fail]


@pytest.fixture
def held(ada, ada_usd):
    """A purchase of 100.00 USD of ada's that waits."""
    return hold_purchase(ada, ada_usd, "100.00 USD", reference="r")


def test_waits_with_its_funds_on_hold(ada, held, ada_usd):
    held.refresh_from_db()

    assert (held.status, held.journal_entry_id, held.completed_at) == (
        "pending",
        None,
        None,
    )
    hold = Hold.objects.get(pk=held.hold_id)
    assert (hold.status, hold.amount.text, hold.expires_at) == ("open", "100.00", None)
    assert hold.owner == f"transfer:{held.pk}"
    assert state_of(ada_usd) == ("1000.00", "100.00", "0.00")
    answer = ada.get(f"/v1/accounts/{ada_usd.pk}").json()
    assert answer["balance"] == {
        "posted": "1000.00",
        "held": "100.00",
        "available": "900.00",
    }


def test_is_shown_as_pending(ada, held):
    answer = ada.get(f"/v1/transfers/{held.pk}").json()

    assert answer["status"] == "pending"
    assert (answer["journal_entry_id"], answer["completed_at"]) == (None, None)
    assert answer["merchant"] == {"name": "Corner Coffee", "category": "restaurants"}
    listed = ada.get("/v1/transfers", status="pending").json()["items"]
    assert [item["id"] for item in listed] == [str(held.pk)]


def test_leaves_the_rest_to_be_spent(ada, held, ada_usd, nothing_moves):
    with nothing_moves(), refused_with(InsufficientBalance) as caught:
        purchase(ada, ada_usd, "900.01 USD")
    purchase(ada, ada_usd, "900.00 USD")

    assert caught.value.facts["available"] == "900.00"
    # Risk holds that one, too.
    assert state_of(ada_usd) == ("1000.00", "1000.00", "0.00")


def test_holds_no_more_than_there_is(ada, held, ada_usd, nothing_moves):
    with nothing_moves(), refused_with(InsufficientBalance) as caught:
        hold_purchase(ada, ada_usd, "900.01 USD")

    assert caught.value.facts == {
        "available": "900.00",
        "required": "900.01",
        "currency": "USD",
    }


def test_moves_the_money_once_it_is_completed(held, ada_usd, grace, operator):
    done = complete(held, operator)

    done.refresh_from_db()
    entry = entry_of(done)
    assert (done.status, done.completed_at) == ("completed", entry.created_at)
    assert entry.metadata == {"transfer_id": str(held.pk), "reference": "r"}
    assert Hold.objects.get(pk=held.hold_id).status == "captured"
    assert state_of(ada_usd) == ("900.00", "0.00", "0.00")


def test_moves_nothing_when_it_fails(ada, held, ada_usd, operator, nothing_moves):
    failed = fail(held, operator)

    failed.refresh_from_db()
    assert (failed.status, failed.failure_code) == ("failed", "rejected_by_review")
    assert (failed.journal_entry_id, failed.completed_at) == (None, None)
    assert Hold.objects.get(pk=held.hold_id).status == "released"
    assert state_of(ada_usd) == ("1000.00", "0.00", "0.00")
    answer = ada.get(f"/v1/transfers/{held.pk}").json()
    assert (answer["status"], answer["failure_code"]) == (
        "failed",
        "rejected_by_review",
    )


def test_tells_of_each_move_once(ada, ada_usd, operator):
    completed = hold_purchase(ada, ada_usd, "1.00 USD")
    failed = hold_purchase(ada, ada_usd, "2.00 USD")
    complete(completed, operator)
    fail(failed, operator, "too_risky")

    assert events_of(completed.pk) == ["transfer.pending", "transfer.completed"]
    assert events_of(failed.pk) == ["transfer.pending", "transfer.failed"]
    last = Event.objects.get(subject_id=failed.pk, type="transfer.failed")
    assert last.data["failure_code"] == "too_risky"
    assert last.actor == f"user:{operator.id}"
    assert last.owner_ids == [ada.id]


@pytest.mark.parametrize("second", STEPS)
@pytest.mark.parametrize("first", STEPS)
def test_ends_once(held, operator, first, second, nothing_moves):
    first(held, operator)

    with nothing_moves(), refused_with(InvalidState):
        second(held, operator)


@pytest.mark.parametrize("step", STEPS)
def test_is_not_what_was_completed_at_once(
    ada, ada_usd, admin, operator, step, nothing_moves
):
    made = [
        purchase(ada, ada_usd, "1.00 USD"),
        reverse(admin, Transfer.objects.get(kind="opening"), force=True),
    ]

    for transfer in made:
        with nothing_moves(), refused_with(InvalidState):
            step(transfer, operator)


def test_has_to_be_there(operator, nothing_moves):
    nobodys = new_id()

    with nothing_moves(), refused_with(NotFound):
        complete_transfer(transfer_id=nobodys, origin=operator.origin)
    with nothing_moves(), refused_with(NotFound):
        fail_transfer(transfer_id=nobodys, failure_code="x", origin=operator.origin)


def test_is_refunded_and_reversed_only_when_completed(
    ada, held, ada_usd, operator, nothing_moves
):
    failed = hold_purchase(ada, ada_usd, "1.00 USD")
    fail(failed, operator)

    for transfer in (held, failed):
        with nothing_moves(), refused_with(InvalidState):
            refund(operator, transfer)
        with nothing_moves(), refused_with(InvalidState):
            reverse(operator, transfer)

    complete(held, operator)
    refund(operator, held, "1.00")
    assert state_of(ada_usd) == ("901.00", "0.00", "0.00")


def test_keeps_the_rate_of_when_it_was_made(ada, ada_usd, grace_eur, operator):
    held = hold_purchase(ada, ada_usd, "10.00 EUR", merchant=grace_eur)
    say("USD/EUR", "0.50", as_of=held.created_at)

    done = complete(held, operator)

    assert (done.amount.text, done.destination_amount.text) == ("10.87", "10.00")
    assert state_of(ada_usd)[0] == "989.13"
    assert state_of(grace_eur)[0] == "510.00"


@pytest.mark.parametrize("wanted", ["100.00 USD", "100.00 EUR"])
def test_is_completed_though_an_account_was_frozen(
    ada, grace, ada_usd, account_of, operator, wanted
):
    shop = account_of(grace, wanted.split()[1])
    held = hold_purchase(ada, ada_usd, wanted, merchant=shop)
    for account in (ada_usd, shop):
        freeze_account(account_id=account.pk, reason="r", origin=operator.origin)

    complete(held, operator)

    assert state_of(shop)[0] == "100.00"


def test_fails_though_its_account_was_frozen(held, ada_usd, operator):
    freeze_account(account_id=ada_usd.pk, reason="r", origin=operator.origin)

    fail(held, operator)

    assert state_of(ada_usd) == ("1000.00", "0.00", "0.00")


def test_keeps_its_account_from_being_closed(ada, account_of, operator):
    purse = account_of(ada, "USD", "5.00")
    held = hold_purchase(ada, purse, "5.00 USD")
    with refused_with(AccountNotEmpty):
        close_account(account_id=purse.pk, reason="r", origin=ada.origin)

    complete(held, operator)

    close_account(account_id=purse.pk, reason="r", origin=ada.origin)


def test_cannot_be_completed_once_the_merchants_account_is_closed(
    ada, grace, ada_usd, account_of, operator, nothing_moves
):
    shop = account_of(grace, "USD")
    held = hold_purchase(ada, ada_usd, "5.00 USD", merchant=shop)
    close_account(account_id=shop.pk, reason="r", origin=grace.origin)

    with nothing_moves(), refused_with(AccountNotActive) as caught:
        complete(held, operator)
    fail(held, operator)

    assert caught.value.facts == {"status": "closed", "account_id": str(shop.pk)}
    assert state_of(ada_usd) == ("1000.00", "0.00", "0.00")


def test_refuses_what_a_purchase_refuses(
    ada, grace, mallory, ada_usd, grace_usd, grace_eur, frozen, nothing_moves, held
):
    purse, shop = frozen(ada, "USD", "10.00"), frozen(grace, "USD")

    for refusal, player, account, wanted, more in (
        (PermissionDenied, mallory, ada_usd, "1.00 USD", {}),
        (DuplicateReference, ada, ada_usd, "1.00 USD", {"reference": "r"}),
        (CurrencyMismatch, ada, ada_usd, "1.00 USD", {"merchant": grace_eur}),
        (AccountNotActive, ada, purse, "1.00 USD", {}),
        (AccountNotActive, ada, purse, "1.00 CHF", {}),
        (AccountNotActive, ada, ada_usd, "1.00 USD", {"merchant": shop}),
        (RateUnavailable, ada, ada_usd, "1.00 CHF", {}),
    ):
        with nothing_moves(), refused_with(refusal):
            hold_purchase(player, account, wanted, **more)


def test_leaves_a_transfer_with_a_reference_that_is_used_up(
    ada, ada_usd, held, operator, nothing_moves
):
    fail(held, operator)

    # It was made and has failed; it was not refused.
    with nothing_moves(), refused_with(DuplicateReference):
        purchase(ada, ada_usd, "1.00 USD", reference="r")
    assert Transfer.objects.filter(reference="r").count() == 1
