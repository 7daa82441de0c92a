"""approve_payout: a large one is sent only after a second person said yes."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from events.models import Event
from fx.tests.rates import say
from paycore.api.principals import Role
from paycore.lib.errors import InvalidState, NotFound, PermissionDenied
from paycore.lib.ids import new_id
from paycore.testing.attacks import refusal_of as refused_rule
from paycore.testing.attacks import run
from paycore.testing.bookkeeping import held
from paycore.testing.cast import enter
from paycore.testing.problems import pointers_of, refusal_of
from paycore.testing.refusals import refused_with
from paycore.testing.wallets import open_for
from payouts.models import Payout, PayoutStatus
from payouts.services import approve_payout
from payouts.tests.orders import MASKED, at, order, send
from payouts.tests.working import approve, submit

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("currency", "amount", "approval"),
    [
        # Above 20,000 MYR: 4255.31 x 4.70 is 19999.957, 4255.32 x 4.70 is 20000.004.
        ("USD", "4255.31", None),
        ("USD", "4255.32", "required"),
        ("MYR", "20000.00", None),
        ("MYR", "20000.01", "required"),
        ("MYR", "19999.99", None),
        # 3.50 MYR: 19,999.98 and 20,000.015 of them.
        ("SGD", "5714.28", None),
        ("SGD", "5714.29", "required"),
    ],
)
def test_is_needed_above_the_threshold(
    ada, account_of, rates, currency, amount, approval
):
    account = account_of(ada, currency, "100000.00")

    answer = send(ada, order(account, amount)).json()

    assert (answer["status"], answer["approval"]) == ("pending", approval)
    assert (Payout.objects.get().due_at is None) == (approval == "required")
    assert held(account.ledger_account) == amount


@pytest.mark.parametrize(
    ("amount", "approval"), [("1000.00", None), ("1000.01", "required")]
)
def test_is_not_needed_for_exactly_the_threshold_of_another_currency(
    ada, ada_rich, rates, settings, amount, approval
):
    settings.PAYOUT_APPROVAL_ABOVE = {"MYR": Decimal(4700)}

    assert send(ada, order(ada_rich, amount)).json()["approval"] == approval


@pytest.mark.parametrize(
    ("amount", "approval"),
    [("999.99", None), ("1000.00", None), ("1000.01", "required")],
)
def test_is_needed_above_the_threshold_of_the_currency_itself(
    ada, ada_rich, settings, amount, approval
):
    # A threshold of its own needs no rate.
    settings.PAYOUT_APPROVAL_ABOVE = {"MYR": Decimal(1), "USD": Decimal(1000)}

    assert send(ada, order(ada_rich, amount)).json()["approval"] == approval


@pytest.mark.parametrize("amount", ["0.01", "100000.00"])
def test_is_needed_for_all_without_a_rate(ada, ada_rich, amount):
    assert send(ada, order(ada_rich, amount)).json()["approval"] == "required"


def test_is_needed_for_all_when_the_rate_is_too_old(ada, ada_rich):
    say("USD/MYR", "4.70", as_of=datetime(2020, 1, 1, tzinfo=UTC))

    assert send(ada, order(ada_rich, "0.01")).json()["approval"] == "required"


def test_is_needed_for_nothing_without_thresholds(ada, ada_rich, settings):
    settings.PAYOUT_APPROVAL_ABOVE = {}

    assert send(ada, order(ada_rich, "100000.00")).json()["approval"] is None


def test_staff_need_it_too(operator, admin, ada_rich, rates):
    for player in (operator, admin):
        answer = send(player, order(ada_rich, "10000.00")).json()
        assert answer["approval"] == "required"


def test_is_waited_for(large, gateway):
    assert submit() == 0
    assert gateway.heard == []
    assert Payout.objects.get().status == PayoutStatus.PENDING


def test_lets_it_be_sent(operator, large, gateway):
    answer = operator.post(at(large, "approve"), {"reason": "r"}).json()

    assert (answer["status"], answer["approval"]) == ("pending", "approved")
    assert submit() == 1
    assert gateway.heard_of(large.pk) == ["submit"]
    assert Payout.objects.get().status == PayoutStatus.COMPLETED


def test_answers_with_the_payout_as_it_is_then(operator, large):
    before = operator.get(at(large)).json()

    answer = operator.post(at(large, "approve"), {"reason": "r"}).json()

    assert answer == before | {
        "approval": "approved",
        "updated_at": answer["updated_at"],
    }
    assert operator.get(at(large)).json() == answer
    stored = Payout.objects.get()
    assert stored.approved_by_id == operator.id
    assert stored.approved_at == stored.due_at == stored.updated_at


def test_tells_of_it(ada, operator, large):
    response = operator.post(at(large, "approve"), {"reason": "Called back"})

    event = Event.objects.get(type="payout.approved")
    assert (event.subject_id, event.owner_ids) == (large.pk, [ada.id])
    assert (event.actor, event.request_id) == (
        f"user:{operator.id}",
        response["X-Request-Id"],
    )
    assert event.data == {
        "payout_id": str(large.pk),
        "account_id": str(large.account_id),
        "amount": "10000.00",
        "currency": "USD",
        "iban": MASKED,
        "reference": None,
        "approved_by": str(operator.id),
        "reason": "Called back",
    }


@pytest.mark.parametrize("who", ["operator", "admin"])
def test_nobody_approves_what_they_requested(
    request, who, ada_rich, payout_of, nothing_moves
):
    player = request.getfixturevalue(who)
    payout = payout_of(player, ada_rich, "10000.00")

    with nothing_moves():
        response = player.post(at(payout, "approve"))
    with nothing_moves(), refused_with(PermissionDenied):
        approve(player, payout)

    assert refusal_of(response) == (403, "permission_denied")


def test_nor_with_a_key_of_theirs(operator, caller, ada_rich, payout_of, nothing_moves):
    payout = payout_of(operator, ada_rich, "10000.00")
    server = caller("operator with admin")

    with nothing_moves():
        response = server.post(at(payout, "approve"))

    assert refusal_of(response) == (403, "permission_denied")


def test_another_operator_may(operator, ada_rich, payout_of):
    payout = payout_of(operator, ada_rich, "10000.00")
    colleague = enter("colleague", role=Role.OPERATOR)

    answer = colleague.post(at(payout, "approve")).json()

    assert answer["approval"] == "approved"
    assert Payout.objects.get().approved_by_id == colleague.id


def test_of_a_payout_whose_requester_nobody_knows(
    operator, admin, large, nothing_moves
):
    # A requester who is not known could be anybody, so nobody is another.
    run("UPDATE payouts_payout SET requested_by_id = NULL")

    for player in (operator, admin):
        with nothing_moves():
            response = player.post(at(large, "approve"))
        assert refusal_of(response) == (403, "permission_denied")
    assert submit() == 0


def test_of_their_own_money_is_for_somebody_else(
    operator, admin, payout_of, nothing_moves
):
    theirs = payout_of(admin, open_for(operator, "USD", "100000.00"), "10000.00")

    with nothing_moves():
        response = operator.post(at(theirs, "approve"))

    assert refusal_of(response) == (403, "permission_denied")
    rule = refused_rule(
        "UPDATE payouts_payout SET approval = 'approved', approved_by_id = %s,"
        " approved_at = now(), due_at = now()",
        operator.id,
    )
    assert rule == "payouts_payout_approver_is_not_its_requester"


@pytest.mark.parametrize("requester", [None, "the approver"])
def test_the_database_refuses_it_too(operator, large, requester):
    if requester is None:
        run("UPDATE payouts_payout SET requested_by_id = NULL")
    else:
        run("UPDATE payouts_payout SET requested_by_id = %s", operator.id)

    rule = refused_rule(
        "UPDATE payouts_payout SET approval = 'approved', approved_by_id = %s,"
        " approved_at = now(), due_at = now()",
        operator.id,
    )

    assert rule == "payouts_payout_approver_is_not_its_requester"


def test_again_changes_nothing(operator, admin, large, nothing_moves):
    first = operator.post(at(large, "approve"), {"reason": "r"})

    with nothing_moves():
        again = operator.post(at(large, "approve"), {"reason": "another"})
        others = admin.post(at(large, "approve"))

    assert (again.status_code, again.content) == (200, first.content)
    assert (others.status_code, others.content) == (200, first.content)
    assert Payout.objects.get().approved_by_id == operator.id
    assert Event.objects.filter(type="payout.approved").count() == 1


def test_with_a_key_is_answered_as_the_first_time(operator, large, gateway):
    first = operator.post(at(large, "approve"), {"reason": "r"}, key="k")
    submit()

    again = operator.post(at(large, "approve"), {"reason": "r"}, key="k")

    assert again.content == first.content
    assert again["Idempotent-Replayed"] == "true"


def test_refuses_one_that_needs_none(operator, payout, nothing_moves):
    with nothing_moves():
        response = operator.post(at(payout, "approve"))

    assert refusal_of(response) == (409, "invalid_state")
    assert response.json()["detail"] == "The payout needs no approval."


def test_refuses_one_that_was_cancelled(ada, operator, large, nothing_moves):
    ada.post(at(large, "cancel"))

    with nothing_moves():
        response = operator.post(at(large, "approve"))
    with nothing_moves(), refused_with(InvalidState):
        approve(operator, large)

    assert refusal_of(response) == (409, "invalid_state")


def test_an_approved_one_can_be_cancelled_until_it_is_sent(ada, approved, gateway):
    answer = ada.post(at(approved, "cancel")).json()

    assert (answer["status"], answer["approval"]) == ("cancelled", "approved")
    assert submit() == 0


def test_of_nothing(operator, nothing_moves):
    with nothing_moves(), refused_with(NotFound):
        approve_payout(
            payout_id=new_id(),
            approver_id=operator.id,
            reason="",
            origin=operator.origin,
        )


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"reason": 7}, "/reason"),
        ({"reason": "x" * 501}, "/reason"),
        ({"approver_id": "me"}, "/approver_id"),
    ],
)
def test_refuses_a_body_of_another_shape(operator, large, nothing_moves, body, pointer):
    with nothing_moves():
        response = operator.post(at(large, "approve"), body)

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response) == [pointer]
