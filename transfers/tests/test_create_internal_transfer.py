"""create_internal_transfer ..., as a service and over HTTP."""

from datetime import datetime
from uuid import UUID

import pytest

from accounts.errors import AccountNotFound
from accounts.services import freeze_account
from events.models import Event
from ledger.errors import AccountNotActive, InsufficientBalance
from ledger.house import HousePurpose, house_account_id
from ledger.models import JournalEntry
from paycore.lib.errors import (
    CurrencyMismatch,
    InvalidAmount,
    LimitExceeded,
    PermissionDenied,
    UnsupportedCurrency,
)
from paycore.lib.ids import new_id
from paycore.lib.metrics import TRANSFERS
from paycore.lib.money import CURRENCIES
from paycore.testing.bookkeeping import entry, house, money, post
from paycore.testing.refusals import refused_with
from transfers.errors import SameAccountTransfer
from transfers.services import InternalOrder, Payer, create_internal_transfer
from transfers.tests.orders import order, send

pytestmark = pytest.mark.django_db
# As many digits as the grammar allows; as many minor units as a BIGINT holds.
LARGEST_JPY = "999999999999999"
LARGEST_BTC = "92233720368.54775807"


def create(player, source, destination, amount="10.00", **more):
    return create_internal_transfer(
        order=InternalOrder(source.pk, destination.pk, amount, **more),
        payer=Payer(player.id, may_spend_from_any=player.principal.is_operator),
        origin=player.origin,
    )


def test_moves_money_between_two_people(ada, ada_usd, grace_usd, balance_of):
    response = send(ada, order(ada_usd, grace_usd, "150.75"))

    assert response.status_code == 201
    assert response["Content-Type"] == "application/json"
    assert balance_of(ada_usd) == "849.25"
    assert balance_of(grace_usd) == "200.75"


def test_answers_the_whole_resource(ada, ada_usd, grace_usd):
    body = order(
        ada_usd,
        grace_usd,
        "150.75",
        currency="USD",
        reference="invoice 7",
        description="Rent",
        metadata={"month": 11, "tags": ["flat", None, True]},
    )

    answer = send(ada, body).json()

    assert UUID(answer.pop("id")).version == 7
    assert UUID(answer.pop("journal_entry_id")).version == 7
    created, completed = answer.pop("created_at"), answer.pop("completed_at")
    assert created == completed
    assert created.endswith("Z")
    assert datetime.fromisoformat(created).utcoffset().total_seconds() == 0
    assert answer == {
        "kind": "internal",
        "status": "completed",
        "source_account_id": str(ada_usd.pk),
        "destination_account_id": str(grace_usd.pk),
        "amount": "150.75",
        "currency": "USD",
        "destination_amount": "150.75",
        "destination_currency": "USD",
        "rate": None,
        "reference": "invoice 7",
        "description": "Rent",
        "metadata": {"month": 11, "tags": ["flat", None, True]},
        "merchant": None,
        "risk": None,
        "refunded_amount": "0.00",
        "original_transfer_id": None,
        "failure_code": None,
    }


def test_writes_one_balanced_entry(ada, ada_usd, grace_usd):
    transfer = create(ada, ada_usd, grace_usd, "1.50", reference="r", description="d")

    entry = JournalEntry.objects.get(pk=transfer.journal_entry_id)
    assert (entry.kind, entry.description) == ("internal", "d")
    assert entry.metadata == {"transfer_id": str(transfer.pk), "reference": "r"}
    postings = entry.postings.order_by("pk")
    assert list(
        postings.values_list("account_id", "amount_minor", "balance_after_minor")
    ) == [(ada_usd.pk, -150, 99850), (grace_usd.pk, 150, 5150)]
    assert {posting.created_at for posting in postings} == {transfer.created_at}


def test_announces_it_once_to_both_owners(ada, grace, ada_usd, grace_usd):
    answer = ada.post(
        "/v1/transfers/internal",
        order(ada_usd, grace_usd, "10.00", reference="r"),
        key="once",
        **{"X-Request-Id": "request-7"},
    ).json()

    event = Event.objects.get(type="transfer.completed", subject_id=answer["id"])
    assert (event.actor, event.request_id) == (f"user:{ada.id}", "request-7")
    assert set(event.owner_ids) == {ada.id, grace.id}
    assert event.data == {
        "transfer_id": answer["id"],
        "kind": "internal",
        "source_account_id": str(ada_usd.pk),
        "destination_account_id": str(grace_usd.pk),
        "amount": "10.00",
        "currency": "USD",
        "destination_amount": "10.00",
        "destination_currency": "USD",
        "reference": "r",
        "original_transfer_id": None,
    }


def test_is_counted_once_it_is_committed(
    ada, ada_usd, grace_usd, django_capture_on_commit_callbacks
):
    def counted():
        return [
            TRANSFERS.labels(kind="internal", outcome=outcome)._value.get()
            for outcome in ("completed", "insufficient_balance", "failed")
        ]

    before = counted()
    with django_capture_on_commit_callbacks(execute=True):
        send(ada, order(ada_usd, grace_usd), key="k")
        send(ada, order(ada_usd, grace_usd), key="k")
        send(ada, order(ada_usd, grace_usd, "1000.00"))

    assert [now - then for now, then in zip(counted(), before, strict=True)] == [
        1,
        1,
        0,
    ]


@pytest.mark.parametrize("name", ["💸" * 255, "é東", "'; --", "%s", "{x}"])
def test_keeps_names_as_they_are(ada, ada_usd, grace_usd, name):
    answer = send(
        ada,
        order(
            ada_usd, grace_usd, reference=name, description=name, metadata={name: name}
        ),
    ).json()

    assert (answer["reference"], answer["description"]) == (name, name)
    assert answer["metadata"] == {name: name}
    assert ada.get(f"/v1/transfers/{answer['id']}").json() == answer


def test_moves_between_two_own_accounts(ada, ada_usd, account_of, balance_of):
    savings = account_of(ada, "USD")

    create(ada, ada_usd, savings, "1000.00")

    assert (balance_of(ada_usd), balance_of(savings)) == ("0.00", "1000.00")
    event = Event.objects.get(type="transfer.completed", data__kind="internal")
    assert event.owner_ids == [ada.id]


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_lets_staff_spend_from_any_account(
    request, role, ada_usd, grace_usd, balance_of
):
    player = request.getfixturevalue(role)

    transfer = create(player, ada_usd, grace_usd, "10.00")

    assert transfer.created_by_id == player.id
    assert (balance_of(ada_usd), balance_of(grace_usd)) == ("990.00", "60.00")


@pytest.mark.parametrize(
    ("currency", "holding", "amount", "left", "moved"),
    [
        ("USD", "1.00", "0.01", "0.99", "0.01"),
        ("USD", "10.00", "007.5", "2.50", "7.50"),
        ("USD", "10.00", "3", "7.00", "3.00"),
        ("JPY", "1200", "1199", "1", "1199"),
        ("JPY", LARGEST_JPY, LARGEST_JPY, "0", LARGEST_JPY),
        ("KWD", "1.000", "0.001", "0.999", "0.001"),
        ("KWD", "1.000", "0.5", "0.500", "0.500"),
        ("BTC", "1.00000000", "0.00000001", "0.99999999", "0.00000001"),
        ("BTC", LARGEST_BTC, LARGEST_BTC, "0.00000000", LARGEST_BTC),
    ],
)
def test_moves_exactly_the_minor_units_of_each_currency(
    ada, grace, account_of, balance_of, currency, holding, amount, left, moved
):
    source = account_of(ada, currency, holding)
    destination = account_of(grace, currency)

    answer = send(ada, order(source, destination, amount)).json()

    assert (answer["amount"], answer["currency"]) == (moved, currency)
    assert answer["destination_amount"] == moved
    assert (balance_of(source), balance_of(destination)) == (left, moved)


@pytest.mark.parametrize(
    ("currency", "amount"),
    [
        ("USD", "0.010000005"),
        ("USD", "0.01000000"),
        ("USD", "1.005"),
        ("USD", "1.000"),
        ("JPY", "1.0"),
        ("JPY", "0.5"),
        ("KWD", "0.0001"),
        ("BTC", "0.000000001"),
        ("USD", "0.00"),
        ("USD", "0"),
        ("BTC", "0.00000000"),
        # One more than a BIGINT of minor units holds.
        ("BTC", "92233720368.54775808"),
    ],
)
@pytest.mark.parametrize("is_named", [True, False])
def test_rounds_nothing_on_the_way_in(
    ada, grace, account_of, nothing_moves, currency, amount, is_named
):
    source = account_of(ada, currency, "100")
    destination = account_of(grace, currency)
    named = currency if is_named else None

    with nothing_moves(), refused_with(InvalidAmount):
        create(ada, source, destination, amount, currency=named)


def test_refuses_an_unknown_currency(ada, ada_usd, grace_usd, nothing_moves):
    with nothing_moves(), refused_with(UnsupportedCurrency):
        create(ada, ada_usd, grace_usd, currency="XXX")


def test_refuses_the_same_account(ada, ada_usd, nothing_moves):
    with nothing_moves(), refused_with(SameAccountTransfer) as caught:
        create(ada, ada_usd, ada_usd)

    assert caught.value.pointer == "/destination_account_id"


@pytest.mark.parametrize("side", ["source", "destination"])
def test_refuses_an_unknown_account(ada, ada_usd, side, nothing_moves):
    nobodys = type(ada_usd)(pk=new_id())
    sides = {"source": ada_usd, "destination": ada_usd, side: nobodys}

    with nothing_moves(), refused_with(AccountNotFound) as caught:
        create(ada, **sides)

    assert caught.value.pointer == f"/{side}_account_id"


@pytest.mark.parametrize("purpose", list(HousePurpose))
@pytest.mark.parametrize("side", ["source", "destination"])
@pytest.mark.parametrize("who", ["ada", "admin"])
def test_cannot_reach_the_house(request, who, purpose, side, ada_usd, nothing_moves):
    player = request.getfixturevalue(who)
    house_id = house_account_id(purpose, CURRENCIES.get("USD"))
    house = type(ada_usd)(pk=house_id)
    sides = {"source": ada_usd, "destination": ada_usd, side: house}

    with nothing_moves(), refused_with(AccountNotFound):
        create(player, **sides)


def test_refuses_to_spend_somebody_elses_money(
    mallory, ada_usd, account_of, nothing_moves
):
    loot = account_of(mallory, "USD")

    with nothing_moves(), refused_with(PermissionDenied):
        create(mallory, ada_usd, loot)


def test_refuses_another_currency_than_the_sources(
    ada, ada_usd, grace_usd, nothing_moves
):
    with nothing_moves(), refused_with(CurrencyMismatch):
        create(ada, ada_usd, grace_usd, currency="EUR")


def test_refuses_accounts_of_two_currencies(ada, ada_usd, grace_eur, nothing_moves):
    with nothing_moves(), refused_with(CurrencyMismatch):
        create(ada, ada_usd, grace_eur)


@pytest.mark.parametrize("side", ["source", "destination"])
def test_refuses_a_frozen_account(ada, ada_usd, grace_usd, side, nothing_moves):
    frozen = {"source": ada_usd, "destination": grace_usd}[side]
    freeze_account(account_id=frozen.pk, reason="r", origin=ada.origin)

    with nothing_moves(), refused_with(AccountNotActive) as caught:
        create(ada, ada_usd, grace_usd)

    assert caught.value.facts == {"status": "frozen", "account_id": str(frozen.pk)}


def test_refuses_to_send_to_a_closed_account(
    ada, grace, ada_usd, account_of, nothing_moves
):
    closed = account_of(grace, "USD")
    grace.post(f"/v1/accounts/{closed.pk}/close", {"reason": "r"})

    with nothing_moves(), refused_with(AccountNotActive) as caught:
        create(ada, ada_usd, closed)

    assert caught.value.facts["status"] == "closed"


def test_refuses_more_than_there_is(ada, ada_usd, grace_usd, nothing_moves):
    with nothing_moves(), refused_with(InsufficientBalance) as caught:
        create(ada, ada_usd, grace_usd, "1000.01")

    assert caught.value.facts == {
        "available": "1000.00",
        "required": "1000.01",
        "currency": "USD",
    }


def test_refuses_what_the_receiver_could_not_count(
    ada, grace, account_of, nothing_moves
):
    full = account_of(grace, "BTC", LARGEST_BTC)
    source = account_of(ada, "BTC")
    deposit = money("0.00000001 BTC")
    post(entry((house(HousePurpose.DEPOSITS, "BTC"), -deposit), (source.pk, deposit)))

    with nothing_moves(), refused_with(LimitExceeded):
        create(ada, source, full, "0.00000001")
