"""The back office: what was thought of each payment, on its page and on others."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from paycore.lib.ids import new_id
from paycore.testing.cast import enter
from paycore.testing.office import address_of, enter_office
from risk.models import Assessment, Band, RuleState
from risk.payments import PaymentKind
from risk.tests.held import REVIEWS, buy, hold, request_payout, review_of, suspect
from risk.tests.past import paid
from risk.tests.settings import configure

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates", "no_rules")]
PAGE = "risk_assessment"
NOW = datetime.now(UTC)


@pytest.fixture
def office(operator):
    return enter_office(operator)


def assessment_of(payment):
    return Assessment.objects.get(subject_id=payment["id"])


def test_a_page_says_what_was_thought_and_why(office, ada, ada_usd):
    configure("HIGH_VALUE", state=RuleState.ON, points=45, parameters={"above": 40})
    setting = configure(
        "OFF_HOURS",
        state=RuleState.SHADOW,
        parameters={
            "from_hour": 0,
            "to_hour": 24,
        },
    )
    payment = buy(ada, ada_usd, "10.00")

    seen = office.see(PAGE, assessment_of(payment))

    for text in [
        *("10.00 USD", "47.00 MYR", "Corner Coffee", "monitor"),
        *("<li>Worth 47.00 MYR: above 40 MYR.</li>", "for 45 of 100 points"),
        *("counts towards limits and averages", "None: the payment was not held."),
        *(f"setting {setting.pk}", "transfer.completed", "this one"),
        f'href="{address_of("risk_rulesetting", setting)}"',
        f'href="{address_of("transfers_transfer", payment["id"])}"',
        f'href="{address_of("accounts_user", ada.id)}"',
    ]:
        assert text in seen, text


def test_one_without_a_rate_or_flags_says_so(office, ada):
    assessment = paid(ada, "5.00 USD", at=NOW, voided_at=NOW)

    seen = office.see(PAGE, assessment)

    assert "unknown: no rate" in seen
    assert "came to nothing at " in seen


def test_time_is_also_told_on_the_persons_clock(office, ada):
    at = datetime(2026, 7, 1, 20, 30, tzinfo=UTC)
    assessment = paid(ada, at=at, time_zone="Asia/Kuala_Lumpur")

    assert "2026-07-02 04:30 in Asia/Kuala_Lumpur" in office.see(PAGE, assessment)


def test_a_held_one_leads_to_its_review(office, ada, ada_usd):
    review = hold(ada, ada_usd)

    seen = office.see(PAGE, review.assessment)
    assert f'href="{address_of(REVIEWS, review)}"' in seen

    office.order(REVIEWS, review, "reject", "Not them")

    assert "Not them" in office.see(PAGE, review.assessment)


def test_assessments_are_filtered_and_found(office, ada, grace):
    mine = paid(
        ada,
        at=NOW,
        score=85,
        band=Band.URGENT,
        flags=["HIGH_VALUE"],
        shadow_flags=["OFF_HOURS"],
    )
    paid(grace, at=NOW, score=5, flags=["OFF_HOURS"], kind=PaymentKind.PAYOUT)
    paid(grace, at=NOW, score=100, band=Band.MONITOR)

    for query, count in [
        ({}, 3),
        ({"band": "urgent"}, 1),
        ({"band": "approve"}, 1),
        ({"score": "80"}, 1),
        ({"score": "90"}, 1),
        ({"score": "0"}, 1),
        ({"flag": "OFF_HOURS"}, 1),
        ({"shadow": "OFF_HOURS"}, 1),
        ({"shadow": "HIGH_VALUE"}, 0),
        ({"kind": "payout"}, 1),
        ({"user": str(grace.id)}, 2),
        ({"user": str(grace.id), "kind": "payout"}, 1),
        ({"assessed_at__year": str(NOW.year)}, 3),
        ({"assessed_at__year": "2001"}, 0),
        ({"q": str(mine.pk)}, 1),
        ({"q": str(mine.subject_id)}, 1),
        ({"q": grace.user.email}, 2),
        ({"q": str(new_id())}, 0),
    ]:
        assert office.found(PAGE, **query) == count, query


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_nothing_can_be_edited(role, request, ada):
    assessment = paid(ada, at=NOW)
    office = enter_office(request.getfixturevalue(role))

    answers = office.attempts_to_edit(PAGE, assessment)

    assert [answer.status_code for answer in answers] == [403] * 5


def test_only_staff_come_in(ada):
    assessment = paid(ada, at=NOW)
    client = enter_office(ada).client

    for page in (PAGE, "risk_rulesetting", "risk_bandsetting", "risk_limitsetting"):
        assert client.get(address_of(page)).status_code == 302
    assert client.get(address_of(PAGE, assessment)).status_code == 302


def test_pages_take_as_many_statements_whatever_there_is(office, ada):
    assessment = paid(ada, at=NOW)
    before = office.count_statements(PAGE), office.count_statements(PAGE, assessment)

    for number in range(12):
        paid(ada, at=NOW)
        paid(enter(f"friend-{number}"), at=NOW)

    after = office.count_statements(PAGE), office.count_statements(PAGE, assessment)
    assert before == after


def test_the_page_of_a_payment_tells_of_its_risk(office, ada, ada_usd):
    review = hold(ada, ada_usd)
    payout = request_payout(ada, ada_usd, "10.00")

    for page, key, its_review in [
        ("transfers_transfer", review.subject_id, review),
        ("payouts_payout", payout["id"], review_of(payout["id"])),
    ]:
        seen = office.see(page, key)
        assert f'href="{address_of(REVIEWS, its_review)}"' in seen
        assert f'href="{address_of(PAGE, its_review.assessment_id)}"' in seen
        assert "<li>At " in seen
    office.order(REVIEWS, review, "reject", "Not them at all")
    assert "Not them at all" in office.see("transfers_transfer", review.subject_id)


def test_the_page_of_one_that_nobody_held_says_so(office, ada, ada_usd, grace_usd, pay):
    judged = buy(ada, ada_usd)
    internal = pay(ada, ada_usd, grace_usd, "1.00")

    assert "not needed" in office.see("transfers_transfer", judged["id"])
    assert "It was not judged." in office.see("transfers_transfer", internal)


def test_a_persons_page_shows_what_they_paid(office, ada, ada_usd):
    suspect(45)
    payment = buy(ada, ada_usd, "12.50")

    seen = office.see("accounts_user", ada.id)

    assert "Payments that were judged" in seen
    assert f'href="{address_of(PAGE, assessment_of(payment))}"' in seen
    for page in (PAGE, REVIEWS):
        assert f'href="{address_of(page)}?user={ada.id}' in seen


def test_the_list_leads_to_each_payment(office, ada, ada_usd):
    payment = buy(ada, ada_usd, "12.50")

    seen = office.see(PAGE)

    address = address_of("transfers_transfer", payment["id"])
    assert re.search(rf'<a href="{address}"[^>]*>purchase</a>', seen)


def test_the_first_page_shows_what_is_held(office, ada, ada_usd, settings):
    assert "Payments held for a review" in office.see("index")
    calm, urgent = hold(ada, ada_usd, "1.11"), hold(ada, ada_usd, "2.22", points=90)

    seen = office.see("index")

    assert "1 urgent, 1 review; oldest: " in seen
    assert "overdue" not in seen
    first, second = (
        seen.index(f'href="{address_of(REVIEWS, row)}"') for row in (urgent, calm)
    )
    assert first < second
    settings.REVIEW_SLA = 0
    assert "2 overdue" in office.see("index")


def test_the_first_page_is_as_many_statements_however_many_wait(office, ada, ada_usd):
    hold(ada, ada_usd, "1.00")
    before = office.count_statements("index")
    for number in range(12):
        friend = enter(f"friend-{number}")
        paid(friend, at=NOW - timedelta(hours=1))
        hold(ada, ada_usd, "1.00")

    assert office.count_statements("index") == before
