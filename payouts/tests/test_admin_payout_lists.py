"""The back office: lists of payouts, and the queues of people."""

import re
from decimal import Decimal

import pytest

from paycore.lib.ids import new_id
from paycore.testing.office import address_of, button_of
from payouts.tests.orders import IBAN, MASKED, request_by
from payouts.tests.risks import hold_what_is_unusual
from payouts.tests.working import (
    now,
    send_into_review,
    submit,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates", "calm")]
PAYOUTS = "payouts_payout"
ATTEMPTS = "payouts_payoutattempt"


@pytest.fixture
def waiting(ada, ada_usd, ada_rich, gateway):
    """Payouts that wait for people, oldest first, by what for; and one that does not.

    Their references are `wait-0`, `wait-1`, ...
    """
    first = request_by(ada, ada_usd, "1.00", reference="wait-0")
    send_into_review(gateway, first)
    approval = request_by(ada, ada_rich, "9000.00", reference="wait-1")
    second = request_by(ada, ada_usd, "2.00", reference="wait-2")
    send_into_review(gateway, second)
    return {
        "review": [first, second],
        "approval": [approval],
        "nobody": [request_by(ada, ada_usd, "3.00", reference="wait-3")],
    }


def shown(office, **query):
    """The ids in a list, in its order."""
    return re.findall(
        rf"{address_of(PAYOUTS)}([0-9a-f-]{{36}})/", office.see(PAYOUTS, **query)
    )


def ids_of(*payouts):
    return [str(payout.pk) for payout in payouts]


def test_the_list_says_to_whom_how_much_and_what_is_known(office, ada, waiting):
    seen = office.see(PAYOUTS)

    for text in [
        *("Ada Lovelace", "DE…3000", ada.user.email, "sandbox", "9000.00 USD"),
        *("manual_review", "needs approval", "unknown"),
    ]:
        assert text in seen
    # A queue says for how long each waits, and how often it was sent.
    queue = office.see(PAYOUTS, waits="person")
    for text in ("Age", "once", "never"):
        assert f">{text}<" in re.sub(r"\s*([<>])\s*", r"\1", queue)
    assert "Created at" not in queue


def test_a_long_name_is_cut_and_whole_where_one_points(office, ada, ada_usd):
    request_by(ada, ada_usd, name="Wolfeschlegelsteinhausenbergerdorff Senior")

    seen = office.see(PAYOUTS)

    assert ">Wolfeschlegelsteinhause…<" in seen
    assert 'title="Wolfeschlegelsteinhausenbergerdorff Senior"' in seen


def test_payouts_are_found_by_whole_id_references_and_entry(
    office, ada, ada_usd, gateway
):
    payout = request_by(ada, ada_usd, reference="Invoice-7")
    submit()
    paid = now(payout)

    for term in (
        *(str(paid.pk), "Invoice-7", paid.gateway_reference),
        str(paid.journal_entry_id),
    ):
        assert office.found(PAYOUTS, q=term) == 1, term
    for term in (
        "Invoice",
        "invoice-7",
        "%",
        "'",
        "\\",
        str(new_id()),
        IBAN,
        "x" * 999,
    ):
        assert office.found(PAYOUTS, q=term) == 0, term


def test_payouts_are_filtered(office, ada, grace, ada_usd, grace_eur, waiting):
    request_by(grace, grace_eur, "5.00")
    year = str(waiting["review"][0].created_at.year)

    for query, count in [
        ({"status__exact": "manual_review"}, 2),
        ({"status__exact": "completed"}, 0),
        ({"approval__exact": "required"}, 1),
        ({"approval__exact": "approved"}, 0),
        ({"gateway": "sandbox"}, 5),
        ({"gateway": "sepa"}, 0),
        ({"currency": "EUR"}, 1),
        ({"account": str(ada_usd.pk)}, 3),
        ({"owner": str(ada.id)}, 4),
        ({"owner": str(ada.id), "status__exact": "pending"}, 2),
        ({"owner": "ada"}, 0),
        ({"created_at__year": year}, 5),
        ({"created_at__year": "2001"}, 0),
    ]:
        assert office.found(PAYOUTS, **query) == count, query


def test_a_queue_begins_with_who_has_waited_longest(office, waiting):
    [first, second], [approval], [other] = waiting.values()

    for query, rows in [
        ({"waits": "person"}, [first, approval, second]),
        ({"waits": "review"}, [first, second]),
        ({"waits": "approval"}, [approval]),
        ({"status__exact": "manual_review"}, [first, second]),
        ({}, [other, second, approval, first]),
        ({"status__exact": "pending"}, [other, approval]),
    ]:
        assert shown(office, **query) == ids_of(*rows), query


def test_what_risk_holds_waits_for_a_person_too(
    settings, office, ada, ada_rich, payout
):
    hold_what_is_unusual()
    settings.PAYOUT_APPROVAL_ABOVE = {"USD": Decimal(9000)}
    held = request_by(ada, ada_rich, "8000.00")
    large = request_by(ada, ada_rich, "10000.00")

    for query in ({"waits": "risk"}, {"waits": "person"}):
        assert shown(office, **query) == ids_of(held, large)
    seen = office.see(PAYOUTS)
    assert seen.count("held by risk") == 2
    assert seen.count("needs approval") == 1
    form = office.client.get(button_of(PAYOUTS, large, "approve")).content.decode()
    assert "a review of its risk" in form
    told = office.order(PAYOUTS, large, "approve", "Fine")
    assert "It still waits for a review of its risk." in told


def test_a_queue_that_there_is_not_is_the_list(office, waiting):
    assert office.found(PAYOUTS, waits="nonsense") == 4


@pytest.mark.parametrize(
    "query",
    [
        {"iban_masked": MASKED},
        {"iban_sealed__startswith": "g"},
        {"status__regex": "(a+)+"},
        {"created_at__year": "9999"},
        {"gateway": "\x00"},
    ],
)
def test_what_is_not_offered_is_not_asked(office, payout, query):
    response = office.client.get(address_of(PAYOUTS), query)

    assert response.status_code == 302
    assert response["Location"].endswith("?e=1")


def test_a_list_reads_no_sealed_iban(office, payout, django_assert_num_queries):
    with django_assert_num_queries(8) as captured:
        office.see(PAYOUTS)

    assert not [query for query in captured if "iban_sealed" in query["sql"]]
