"""Internal transfers, when risk is asked about them, ..."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from paycore.testing.problems import refusal_of
from paycore.testing.suspicion import suspect_everything
from risk.models import Assessment, Review
from risk.payments import PaymentKind
from risk.tests.calls import decide
from risk.tests.settings import DAY, configure, limit
from transfers.models import Transfer
from transfers.tests.movements import events_of, state_of
from transfers.tests.orders import batch, order, send

pytestmark = pytest.mark.django_db
INTERNAL = PaymentKind.INTERNAL


@pytest.fixture(autouse=True)
def _asked(settings):
    settings.RISK_KINDS = settings.RISK_KINDS | {"internal"}


@pytest.fixture
def suspicious():
    """Whatever is above 10 is held, and nothing else."""
    for code in ("HIGH_VELOCITY", "SUSPICIOUS_VELOCITY", "OFF_HOURS", "UNUSUAL_AMOUNT"):
        configure(code, state="off")
    configure(
        "HIGH_VALUE",
        points=60,
        parameters={"above": 10},
        kinds=tuple(PaymentKind),
    )


@pytest.fixture
def ada_myr(ada, account_of):
    return account_of(ada, "MYR", "100.00")


@pytest.fixture
def grace_myr(grace, account_of):
    return account_of(grace, "MYR", "50.00")


def test_are_held_one_by_one(ada, ada_myr, grace_myr, operator):
    suspect_everything()

    made = send(ada, order(ada_myr, grace_myr, "30.00")).json()

    assert (made["status"], made["risk"]) == ("pending", None)
    assert state_of(ada_myr)[:2] == ("100.00", "30.00")
    decide(operator, Review.objects.get().pk, "approve")
    assert (state_of(ada_myr)[0], state_of(grace_myr)[0]) == ("70.00", "80.00")


@pytest.mark.parametrize("mode", ["atomic", "independent"])
def test_are_held_in_a_batch_where_they_stand(
    ada, ada_myr, grace_myr, suspicious, mode
):
    items = [
        order(ada_myr, grace_myr, amount, reference=f"r{index}")
        for index, amount in enumerate(["1.00", "20.00", "2.00", "30.00"])
    ]

    answer = send(ada, batch(*items, mode=mode)).json()

    assert (answer["completed"], answer["failed"]) == (2, 0)
    assert [
        (item["index"], item["status"], item["transfer"]["amount"])
        for item in answer["items"]
    ] == [
        (0, "completed", "1.00"),
        (1, "pending", "20.00"),
        (2, "completed", "2.00"),
        (3, "pending", "30.00"),
    ]
    assert state_of(ada_myr) == ("97.00", "50.00", "0.00")
    assert state_of(grace_myr)[0] == "53.00"
    held = Transfer.objects.filter(status="pending").order_by("amount_minor")
    reviews = Review.objects.order_by("pk").values_list("subject_id", flat=True)
    assert list(reviews) == [transfer.pk for transfer in held]
    assert [events_of(transfer.pk) for transfer in held] == [["transfer.pending"]] * 2


def test_see_what_those_before_them_hold(ada, ada_myr, grace_myr, suspicious):
    items = [order(ada_myr, grace_myr, amount) for amount in ("95.00", "6.00", "5.00")]

    answer = send(ada, batch(*items)).json()

    assert [item["status"] for item in answer["items"]] == [
        "pending",
        "failed",
        "completed",
    ]
    assert answer["items"][1]["error"]["code"] == "insufficient_balance"
    assert answer["items"][1]["error"]["available"] == "5.00"
    assert Assessment.objects.count() == 2


def test_leave_nothing_when_a_batch_is_refused(
    ada, ada_myr, grace_myr, suspicious, nothing_moves
):
    items = [order(ada_myr, grace_myr, amount) for amount in ("20.00", "999.00")]

    with nothing_moves():
        response = send(ada, batch(*items, mode="atomic"))

    assert refusal_of(response) == (422, "batch_refused")
    assert not Assessment.objects.exists()
    assert not Review.objects.exists()


def test_are_limited_like_others(ada, ada_myr, grace_myr, suspicious):
    limit("10.00 MYR", DAY, INTERNAL)
    items = [order(ada_myr, grace_myr, amount) for amount in ("6.00", "5.00", "4.00")]

    answer = send(ada, batch(*items)).json()

    assert [item["status"] for item in answer["items"]] == [
        "completed",
        "failed",
        "completed",
    ]
    error = answer["items"][1]["error"]
    assert (error["code"], error["used"], error["left"]) == (
        "limit_exceeded",
        "6.00",
        "4.00",
    )


def test_are_judged_in_the_usual_order(ada, ada_myr, grace_myr, frozen, suspicious):
    limit("10.00 MYR", DAY, INTERNAL)
    cold = frozen(ada, "MYR", "5.00")
    items = [
        order(ada_myr, grace_myr, "1.00", reference="r"),
        order(ada_myr, grace_myr, "999.00", reference="r"),
        order(cold, grace_myr, "999.00"),
        order(ada_myr, grace_myr, "999.00"),
        order(ada_myr, ada_myr, "999.00"),
    ]

    answer = send(ada, batch(*items)).json()

    assert [item["error"]["code"] for item in answer["items"] if "error" in item] == [
        "duplicate_reference",
        "account_not_active",
        "limit_exceeded",
        "same_account_transfer",
    ]


def test_are_refused_all_alike(ada, ada_myr, grace_myr):
    answer = send(ada, batch(order(ada_myr, ada_myr, "1.00"))).json()

    assert answer["failed"] == 1
    assert not Assessment.objects.exists()


def test_show_their_risk_to_operators_only(ada, ada_myr, grace_myr, operator):
    suspect_everything(points=30)
    items = [order(ada_myr, grace_myr, amount) for amount in ("1.00", "2.00")]

    def risks(caller):
        answer = send(caller, batch(*items)).json()
        return [item["transfer"]["risk"] for item in answer["items"]]

    assert risks(ada) == [None, None]
    assert [risk["score"] for risk in risks(operator)] == [30, 30]


@pytest.mark.parametrize("who", ["ada", "operator"])
@pytest.mark.parametrize("amounts", [["1.00"], ["20.00"], ["1.00", "20.00"]])
def test_cost_as_many_statements_for_many_as_for_one(
    caller, ada_myr, grace_myr, account_of, ada, suspicious, amounts, who
):
    rich = account_of(ada, "MYR", "9000.00")
    somebody = caller(who)

    def asked_by(times):
        items = [order(rich, grace_myr, amount) for amount in amounts * times]
        with CaptureQueriesContext(connection) as captured:
            response = send(somebody, batch(*items))
        assert response.status_code == 201
        return [query["sql"][:40] for query in captured]

    asked_by(1)

    assert len(asked_by(1)) == len(asked_by(100))
