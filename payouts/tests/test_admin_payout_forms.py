"""The forms behind the buttons of payouts: what they show, and what they ask for."""

import pytest

from paycore.testing.office import button_of
from payouts.gateways import Answer, Outcome
from payouts.tests.working import (
    ask,
    make_due,
    status_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates", "calm")]
PAYOUTS = "payouts_payout"
BUTTONS = ["approve", "cancel", "ask_again", "confirm_sent", "refund_failed"]
RESOLVING = ["confirm_sent", "refund_failed"]


@pytest.mark.parametrize("button", RESOLVING)
def test_the_form_shows_the_facts(office, in_review, gateway, button):
    gateway.will(
        "find", Answer(in_review.pk, Outcome.UNKNOWN, "bank-7", "", "It is thinking.")
    )
    make_due(in_review)
    ask()

    form = office.client.get(button_of(PAYOUTS, in_review, button)).content.decode()

    for fact in [
        *("10.00 USD", "Ada Lovelace", "DE****************3000", "sandbox", "once"),
        *("ada@paycore.example", "In doubt since", "16\N{NO-BREAK SPACE}minutes ago"),
        *("bank-7", "unknown: It is thinking. ("),
    ]:
        assert fact in form


def test_the_form_says_when_the_gateway_never_answered(office, in_review):
    form = office.client.get(
        button_of(PAYOUTS, in_review, "refund_failed")
    ).content.decode()

    assert "unknown: Nobody here knows whether the money has left." in form


@pytest.mark.parametrize("button", RESOLVING)
@pytest.mark.parametrize(
    "answer",
    [(Outcome.ABSENT, "", ""), (Outcome.UNKNOWN, "bank-9", "")],
    ids=["another answer", "another reference"],
)
def test_who_decided_by_older_facts_looks_again(
    office, in_review, gateway, button, answer, nothing_moves
):
    form = office.client.get(button_of(PAYOUTS, in_review, button)).context["form"]
    gateway.will("find", Answer(in_review.pk, *answer))
    make_due(in_review)
    ask()

    with nothing_moves():
        told = office.order(PAYOUTS, in_review, button, "x", seen=form.initial["seen"])

    assert "Something has changed since you opened the form." in told
    assert status_of(in_review) == "manual_review"


@pytest.mark.parametrize("button", RESOLVING)
def test_the_same_answer_again_is_no_news(office, in_review, button):
    form = office.client.get(button_of(PAYOUTS, in_review, button)).context["form"]
    make_due(in_review)
    ask()

    told = office.order(PAYOUTS, in_review, button, "x", seen=form.initial["seen"])

    assert "Something has changed" not in told
    assert status_of(in_review) in {"completed", "failed"}


@pytest.mark.parametrize("button", BUTTONS)
@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "a\x00b"])
def test_a_reason_is_mandatory(office, in_review, large, button, reason, nothing_moves):
    row = large if button in BUTTONS[:2] else in_review
    address = button_of(PAYOUTS, row, button)

    with nothing_moves():
        response = office.client.post(address, {"reason": reason})

    assert response.status_code == 200
    assert list(response.context["form"].errors) == ["reason"]


@pytest.mark.parametrize("reference", ["x" * 256, "a\x00b"])
def test_a_wrong_reference_is_refused_at_the_field(
    office, in_review, reference, nothing_moves
):
    address = button_of(PAYOUTS, in_review, "confirm_sent")

    with nothing_moves():
        response = office.client.post(
            address, {"reason": "x", "gateway_reference": reference}
        )

    assert list(response.context["form"].errors) == ["gateway_reference"]


@pytest.mark.parametrize("button", BUTTONS)
def test_looking_at_a_form_does_nothing(
    office, in_review, large, button, nothing_moves
):
    row = large if button in BUTTONS[:2] else in_review

    with nothing_moves():
        for method in ("get", "head", "options", "put", "delete"):
            getattr(office.client, method)(button_of(PAYOUTS, row, button))


@pytest.mark.parametrize("button", BUTTONS)
@pytest.mark.parametrize("key", ["nonsense", "01a1f758-c65a-7758-9758-d04d00000000"])
def test_buttons_of_nothing_are_404(office, button, key):
    address = button_of(PAYOUTS, key, button)

    assert office.client.get(address).status_code == 404
    assert office.client.post(address, {"reason": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("button", "statements"),
    # The session, the person and their groups, the row. What is approved is read
    # whole; what the gateway said is read to be shown and to be compared.
    [("approve", 5), ("cancel", 4), ("ask_again", 5), ("refund_failed", 6)],
)
def test_a_form_takes_as_many_statements(
    office, in_review, large, button, statements, django_assert_num_queries
):
    row = large if button in BUTTONS[:2] else in_review
    address = button_of(PAYOUTS, row, button)
    office.client.get(address)

    with django_assert_num_queries(statements):
        office.client.get(address)
