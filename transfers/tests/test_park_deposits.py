"""A deposit of which it is unclear where it belongs ..."""

import pytest

from accounts.errors import AccountNotFound
from accounts.services import close_account, unfreeze_account
from events.models import Event
from ledger.errors import AccountNotActive
from paycore.lib.errors import CurrencyMismatch, InvalidState, NotFound
from paycore.lib.ids import new_id
from paycore.testing.problems import refusal_of
from paycore.testing.refusals import refused_with
from transfers.models import ProviderDeposit, Transfer
from transfers.services import resolve_deposit
from transfers.tests.movements import (
    LARGEST_BTC,
    events_of,
    house_holds,
    legs_of,
)
from transfers.tests.providers import notice

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("secrets")]


def resolve(operator, deposit, account=None):
    return resolve_deposit(
        deposit_id=deposit.pk,
        account_id=None if account is None else account.pk,
        reason="A call from the bank",
        by=operator.id,
        origin=operator.origin,
    )


@pytest.fixture
def parked(provider, grace_eur):
    """50.00 USD that were announced for an account in euros."""
    answer = provider.tell(notice(grace_eur)).json()
    assert answer == {"status": "parked", "transfer_id": None}
    return ProviderDeposit.objects.get()


@pytest.fixture
def places(ada, account_of, frozen, grace_eur):
    """Accounts that cannot take 50.00 USD, by what is wrong with them."""
    closed = account_of(ada)
    close_account(account_id=closed.pk, reason="r", origin=ada.origin)
    return {
        "account_not_found": type(closed)(pk=new_id()),
        "account_not_active": frozen(ada),
        "closed": closed,
        "currency_mismatch": grace_eur,
    }


@pytest.mark.parametrize(
    "place", ["account_not_found", "account_not_active", "closed", "currency_mismatch"]
)
def test_is_parked_when_its_account_cannot_take_it(
    provider, places, place, ada, balance_of
):
    body = notice(places[place])

    responses = [provider.tell(body, message_id=f"msg_{n // 2}") for n in range(4)]

    for response in responses:
        assert response.status_code == 200
        assert response.json() == {"status": "parked", "transfer_id": None}
    [deposit] = ProviderDeposit.objects.all()
    why = "account_not_active" if place == "closed" else place
    assert (deposit.status, deposit.why_parked) == ("parked", why)
    assert deposit.account_id == places[place].pk
    assert not Transfer.objects.filter(kind="deposit").exists()
    assert house_holds("house:deposits:USD") == "0.00"
    assert events_of(deposit.pk) == ["deposit.parked"]


def test_is_parked_when_it_is_more_than_the_books_can_count(
    provider, ada, account_of, balance_of
):
    full = account_of(ada, "BTC", LARGEST_BTC)

    response = provider.tell(notice(full, "0.00000001", "BTC"))

    assert response.json() == {"status": "parked", "transfer_id": None}
    assert ProviderDeposit.objects.get().why_parked == "limit_exceeded"
    assert balance_of(full) == LARGEST_BTC


def test_tells_what_was_parked_and_why(provider, grace_eur, parked):
    told = Event.objects.get(type="deposit.parked")

    assert (told.actor, told.subject_type) == ("provider:default", "deposit")
    assert told.owner_ids == []
    assert told.data == {
        "deposit_id": str(parked.pk),
        "account_id": str(grace_eur.pk),
        "amount": "50.00",
        "currency": "USD",
        "provider": "default",
        "provider_reference": "wire-1",
        "why": "currency_mismatch",
    }


def test_stays_parked_until_somebody_decides(
    provider, ada, ada_usd, frozen, nothing_moves
):
    cold = frozen(ada)
    provider.tell(notice(cold))
    unfreeze_account(account_id=cold.pk, reason="r", origin=ada.origin)

    with nothing_moves():
        again = provider.tell(notice(cold))
        other = provider.tell(notice(ada_usd))

    assert again.json() == {"status": "parked", "transfer_id": None}
    assert refusal_of(other) == (409, "duplicate_reference")


def test_is_moved_to_where_an_operator_says(
    provider, operator, ada, ada_usd, grace_eur, parked, balance_of
):
    resolved = resolve(operator, parked, ada_usd)

    made = resolved.transfer
    assert (resolved.status, resolved.why_parked) == ("resolved", "currency_mismatch")
    assert balance_of(ada_usd) == "1050.00"
    assert (made.created_by_id, made.reference) == (operator.id, None)
    assert made.description == "A call from the bank"
    assert made.metadata == {"provider": "default", "provider_reference": "wire-1"}
    assert events_of(parked.pk) == ["deposit.parked", "deposit.resolved"]
    told = Event.objects.get(type="deposit.resolved")
    assert (told.actor, told.data["reason"]) == (
        f"user:{operator.id}",
        "A call from the bank",
    )
    # The provider hears of it when it asks again.
    assert provider.tell(notice(grace_eur)).json() == {
        "status": "duplicate",
        "transfer_id": str(made.pk),
    }
    assert ada.get(f"/v1/transfers/{made.pk}").status_code == 200


def test_is_put_aside_when_nobody_knows_whose_it_is(operator, parked):
    resolved = resolve(operator, parked)

    assert legs_of(resolved.transfer) == [
        "house:deposits:USD -50.00 USD",
        "house:suspense:USD 50.00 USD",
    ]
    transfer = resolved.transfer
    assert (transfer.source_account_id, transfer.destination_account_id) == (None, None)
    shown = operator.get(f"/v1/transfers/{transfer.pk}").json()
    assert (shown["kind"], shown["destination_account_id"]) == ("deposit", None)


def test_is_resolved_once(operator, ada_usd, parked, nothing_moves):
    resolve(operator, parked, ada_usd)

    for account in (ada_usd, None):
        with nothing_moves(), refused_with(InvalidState):
            resolve(operator, parked, account)


def test_is_resolved_only_when_parked(
    provider, operator, ada_usd, grace_usd, nothing_moves
):
    provider.tell(notice(ada_usd))
    done = ProviderDeposit.objects.get()

    with nothing_moves(), refused_with(InvalidState):
        resolve(operator, done, grace_usd)
    with nothing_moves(), refused_with(NotFound):
        resolve(operator, ProviderDeposit(), grace_usd)


def test_stays_parked_when_an_operator_errs(
    operator, ada, ada_usd, grace_eur, frozen, parked, nothing_moves, balance_of
):
    for refusal, account in (
        (AccountNotFound, type(ada_usd)(pk=new_id())),
        (CurrencyMismatch, grace_eur),
        (AccountNotActive, frozen(ada)),
    ):
        with nothing_moves(), refused_with(refusal):
            resolve(operator, parked, account)

    parked.refresh_from_db()
    assert parked.status == "parked"
    resolve(operator, parked, ada_usd)
    assert balance_of(ada_usd) == "1050.00"
