"""The back office: the queue of held payments, and the page of each."""

import re
from datetime import timedelta

import pytest

from paycore.backoffice import lists
from paycore.lib.ids import new_id
from paycore.testing.cast import enter
from paycore.testing.office import address_of, button_of, enter_office
from risk.models import RuleState
from risk.payments import PaymentKind
from risk.tests.held import (
    REVIEWS,
    buy,
    held_once,
    hold,
    request_payout,
    review_of,
    suspect,
)
from risk.tests.settings import configure

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates", "no_rules")]
HOUR = timedelta(hours=1)


@pytest.fixture
def office(operator):
    return enter_office(operator)


@pytest.fixture
def queue(ada, grace):
    """Open reviews in the order in which to look at them."""
    first = held_once(ada, ago=3 * HOUR, score=85, flags=["HIGH_VELOCITY"])
    second = held_once(grace, ago=HOUR / 2, score=100, kind=PaymentKind.PAYOUT)
    third = held_once(ada, ago=30 * HOUR, score=60)
    fourth = held_once(ada, ago=5 * HOUR, score=79)
    return [first, second, third, fourth]


def shown(office, **query):
    """The ids in the list, in its order."""
    return re.findall(
        rf'<a href="{address_of(REVIEWS)}([0-9a-f-]{{36}})/change/',
        office.see(REVIEWS, **query),
    )


def ids_of(*reviews):
    return [str(review.pk) for review in reviews]


@pytest.mark.breaks_the_books
def test_the_queue_begins_with_the_urgent_ones_and_who_waits_longest(office, queue):
    assert shown(office) == ids_of(*queue)
    assert shown(office, status="open") == ids_of(*queue)


def test_the_queue_says_what_is_held_of_whom_and_why(office, ada, ada_usd):
    review = hold(ada, ada_usd, "12.50")

    seen = office.see(REVIEWS)

    for text in ("12.50 USD", ">70<", "OFF_HOURS", "purchase"):
        assert text in seen, text
    assert f'href="{address_of("accounts_user", ada.id)}"' in seen
    assert f'href="{address_of("transfers_transfer", review.subject_id)}"' in seen


def test_a_held_payout_leads_to_its_page(office, ada, ada_usd):
    suspect(70)
    payout = request_payout(ada, ada_usd, "10.00")

    address = address_of("payouts_payout", payout["id"])

    assert f'href="{address}"' in office.see(REVIEWS)
    assert f'href="{address}"' in office.see(REVIEWS, review_of(payout["id"]))


@pytest.mark.breaks_the_books
def test_the_queue_is_filtered(office, ada, grace, queue):
    first, second, third, fourth = queue

    for query, found in [
        ({"age": "hour"}, [first, third, fourth]),
        ({"age": "late"}, [third, fourth]),
        ({"age": "day"}, [third]),
        ({"band": "urgent"}, [first, second]),
        ({"band": "review"}, [third, fourth]),
        ({"score": "60"}, [third]),
        ({"score": "70"}, [fourth]),
        ({"score": "80"}, [first]),
        ({"score": "90"}, [second]),
        ({"flag": "HIGH_VELOCITY"}, [first]),
        ({"flag": "HIGH_VALUE"}, [second, third, fourth]),
        ({"flag": "OFF_HOURS"}, []),
        ({"subject_type": "payout"}, [second]),
        ({"user": str(grace.id)}, [second]),
        ({"user": str(ada.id), "age": "late", "band": "review"}, [third, fourth]),
        ({"user": "ada"}, []),
        # What nobody offers is asked for by hand, and finds nothing or is not asked.
        ({"status": "lost"}, []),
        ({"age": "x", "score": "x"}, queue),
    ]:
        assert shown(office, **query) == ids_of(*found), query


@pytest.mark.parametrize("filters", [{"actor": "x"}, {"user__email": "x"}])
def test_other_filters_are_not_offered(office, filters):
    response = office.client.get(address_of(REVIEWS), filters)

    assert response["Location"].endswith("?e=1")


def test_open_ones_are_found_however_many_there_are(office, monkeypatch, ada, ada_usd):
    for _ in range(3):
        hold(ada, ada_usd)
    monkeypatch.setattr(lists, "MOST_ROWS_LOOKED_AT", 2)
    note = "Only the newest 2 were looked through."

    assert office.found(REVIEWS, flag="OFF_HOURS", score="70") == 3
    assert office.found(REVIEWS, status="all", user=str(ada.id)) == 3
    # Of the decided ones there are ever more, and no index has their flags.
    assert office.found(REVIEWS, status="all", flag="OFF_HOURS") == 2
    assert note in office.see(REVIEWS, status="all", flag="OFF_HOURS")
    assert note not in office.see(REVIEWS, flag="OFF_HOURS")


def test_an_empty_queue_says_so(office):
    assert "No payment waits for a review." in office.see(REVIEWS)
    for query in ({"band": "urgent"}, {"q": "nobody"}):
        assert "Nothing is found." in office.see(REVIEWS, **query)


def test_decided_ones_leave_the_queue_and_are_found(office, ada, ada_usd):
    held = hold(ada, ada_usd)
    approved, rejected = (hold(ada, ada_usd) for _ in range(2))
    office.order(REVIEWS, approved, "approve", "Called them")
    office.order(REVIEWS, rejected, "reject", "Not them")

    assert shown(office) == ids_of(held)
    assert shown(office, status="approved") == ids_of(approved)
    assert shown(office, status="rejected") == ids_of(rejected)
    # All are a log, not a queue: newest first.
    assert shown(office, status="all") == ids_of(rejected, approved, held)
    for term in (str(approved.pk), str(approved.subject_id)):
        assert shown(office, q=term) == ids_of(approved)
    assert len(shown(office, q=ada.user.email)) == 3
    for term in (str(new_id()), "ada", "%", "x" * 999):
        assert shown(office, q=term) == [], term


def test_one_that_waits_for_too_long_stands_out(office, ada, ada_usd, settings):
    review = hold(ada, ada_usd)
    for page in (office.see(REVIEWS), office.see(REVIEWS, review)):
        assert "0 s, overdue" not in page

    settings.REVIEW_SLA = 0

    for page in (office.see(REVIEWS), office.see(REVIEWS, review)):
        assert re.search(r"\d s, overdue", page)


def test_a_page_explains_why_in_sentences_and_figures(office, ada, ada_usd):
    configure("HIGH_VALUE", state=RuleState.SHADOW, parameters={"above": 40})
    configure("HIGH_VELOCITY", state=RuleState.ON)
    review = hold(ada, ada_usd, "10.00")

    seen = office.see(REVIEWS, review)

    for text in [
        *("10.00 USD", "47.00 MYR", "Corner Coffee", ada.user.email),
        "<li>At ",
        *("above 40, worth 47.00, currency MYR", "Worth 47.00 MYR: above 40 MYR."),
        *("for 70 of 100 points", "did not apply", "review.opened"),
        f'href="{address_of("transfers_transfer", review.subject_id)}"',
        f'href="{address_of("risk_assessment", review.assessment_id)}"',
        f'href="{address_of("accounts_user", ada.id)}"',
    ]:
        assert text in seen, text
    # What did not count is no reason.
    assert "<li>Worth" not in seen


def test_a_page_shows_what_else_the_person_paid(office, ada, grace, ada_usd, grace_usd):
    small = buy(ada, ada_usd, "1.23")
    buy(grace, grace_usd, "4.56")
    review = hold(ada, ada_usd, "10.00")

    seen = office.see(REVIEWS, review)

    assert f"What {ada.user.email} paid lately" in seen
    assert f'href="{address_of("transfers_transfer", small["id"])}"' in seen
    assert "1.23 USD" in seen
    assert "4.56 USD" not in seen
    assert seen.count("this one") == 1


def test_a_rule_that_failed_is_told(office, ada, ada_usd, monkeypatch):
    def fail(self, case, parameters):
        raise ZeroDivisionError

    configure("HIGH_VALUE", state=RuleState.ON, on_error="closed")
    monkeypatch.setattr("risk.rules.amounts.HighValue.judge", fail)
    review = review_of(buy(ada, ada_usd)["id"])

    seen = office.see(REVIEWS, review)

    assert "failed: a person must look" in seen
    assert "The rule could not be judged" in seen


def test_a_decided_one_says_who_and_why(office, operator, ada, ada_usd):
    review = hold(ada, ada_usd)
    assert "Decided by" not in office.see(REVIEWS, review)

    office.order(REVIEWS, review, "approve", "Called them back")

    seen = office.see(REVIEWS, review)
    for text in ("Decided by", "Called them back", "review.approved"):
        assert text in seen
    assert f'href="{address_of("accounts_user", operator.id)}"' in seen


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_nothing_can_be_edited(role, request, ada, ada_usd):
    review = hold(ada, ada_usd)
    office = enter_office(request.getfixturevalue(role))

    answers = office.attempts_to_edit(REVIEWS, review)

    assert [answer.status_code for answer in answers] == [403] * 5


def test_only_staff_come_in(ada, ada_usd):
    review = hold(ada, ada_usd)
    client = enter_office(ada).client

    for address in [
        address_of(REVIEWS),
        address_of(REVIEWS, review),
        button_of(REVIEWS, review, "approve"),
        f"{address_of(REVIEWS)}begin/",
    ]:
        assert client.get(address).status_code == 302, address
        assert client.post(address, {"reason": "x"}).status_code == 302, address
    assert review_of(review.subject_id).status == "open"


@pytest.mark.breaks_the_books
def test_pages_take_as_many_statements_whatever_there_is(office, ada):
    review = held_once(ada, ago=HOUR)
    list_before = office.count_statements(REVIEWS)
    page_before = office.count_statements(REVIEWS, review)

    for number in range(12):
        friend = enter(f"friend-{number}")
        held_once(friend, ago=HOUR)
        held_once(ada, ago=2 * HOUR)

    assert office.count_statements(REVIEWS) == list_before == 7
    assert office.count_statements(REVIEWS, review) == page_before == 6
