"""The buttons of reviews: approve, reject, and on to the next one; by keyboard."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.services import freeze_account
from ledger.models import LedgerAccount
from paycore.testing.office import address_of, button_of, enter_office
from risk.models import Review, ReviewStatus
from risk.services import resolve_review
from risk.tests.held import (
    REVIEWS,
    buy,
    held_once,
    hold,
    request_payout,
    review_of,
    suspect,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates", "no_rules")]
BUTTONS = ["approve", "reject", "go_on"]
HAS_PERM = "accounts.backends.RoleBackend.has_perm"
VERDICTS = ["approve", "reject"]


@pytest.fixture
def office(operator):
    return enter_office(operator)


def send(office, review, verdict, reason="Called them back", **more):
    """Where a verdict leads, and what is shown there."""
    response = office.client.post(
        button_of(REVIEWS, review, verdict), {"reason": reason, **more}, follow=True
    )
    assert response.status_code == 200, response
    return response.request["PATH_INFO"], response.content.decode()


def funds_of(account):
    books = LedgerAccount.objects.get(pk=account.pk)
    return books.posted.text, books.held.text


def status_of(player, review):
    path = {"transfer": "transfers", "payout": "payouts"}[review.subject_type]
    answer = player.get(f"/v1/{path}/{review.subject_id}").json()
    return answer["status"]


def verdict_on(review):
    review.refresh_from_db()
    return review.status, review.decided_by_id, review.reason


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_approving_lets_a_purchase_go_on(role, request, ada, ada_usd):
    person = request.getfixturevalue(role)
    review = hold(ada, ada_usd, "10.00")
    assert funds_of(ada_usd) == ("1000.00", "10.00")

    _, shown = send(enter_office(person), review, "approve")

    assert "The purchase of 10.00 USD is approved." in shown
    assert verdict_on(review) == ("approved", person.id, "Called them back")
    assert status_of(ada, review) == "completed"
    assert funds_of(ada_usd) == ("990.00", "0.00")


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_rejecting_gives_the_funds_back(role, request, ada, ada_usd):
    person = request.getfixturevalue(role)
    review = hold(ada, ada_usd, "10.00")

    _, shown = send(enter_office(person), review, "reject", "Not them")

    assert "The purchase of 10.00 USD is rejected." in shown
    assert verdict_on(review) == ("rejected", person.id, "Not them")
    assert status_of(ada, review) == "failed"
    assert funds_of(ada_usd) == ("1000.00", "0.00")


@pytest.mark.parametrize(
    ("verdict", "status", "held"),
    [("approve", "pending", "10.00"), ("reject", "failed", "0.00")],
)
def test_payouts_follow_verdicts_as_well(office, ada, ada_usd, verdict, status, held):
    suspect(70)
    review = review_of(request_payout(ada, ada_usd, "10.00")["id"])

    send(office, review, verdict)

    assert status_of(ada, review) == status
    assert funds_of(ada_usd) == ("1000.00", held)


def test_a_verdict_leads_to_the_next_open_review(office, ada, ada_usd):
    calm = [hold(ada, ada_usd) for _ in range(3)]
    urgent = [hold(ada, ada_usd, points=90) for _ in range(2)]
    # From the last one of all it begins again, with the urgent ones.
    for review, verdict, following in [
        (urgent[0], "approve", urgent[1]),
        (calm[1], "reject", calm[2]),
        (calm[2], "approve", urgent[1]),
        (urgent[1], "reject", calm[0]),
    ]:
        assert send(office, review, verdict)[0] == address_of(REVIEWS, following)

    path, shown = send(office, calm[0], "approve")

    assert path == address_of(REVIEWS)
    assert "The purchase of 10.00 USD is approved." in shown
    assert not Review.objects.filter(status=ReviewStatus.OPEN).exists()


def test_one_goes_on_without_a_verdict(office, ada, ada_usd):
    def follow(address):
        return office.client.get(address, follow=True).request["PATH_INFO"]

    begin = f"{address_of(REVIEWS)}begin/"
    assert follow(begin) == address_of(REVIEWS)
    first, second = hold(ada, ada_usd), hold(ada, ada_usd)

    assert follow(begin) == address_of(REVIEWS, first)
    assert follow(button_of(REVIEWS, first, "go_on")) == address_of(REVIEWS, second)
    assert follow(button_of(REVIEWS, second, "go_on")) == address_of(REVIEWS, first)
    send(office, first, "approve")
    assert follow(button_of(REVIEWS, first, "go_on")) == address_of(REVIEWS, second)
    assert follow(button_of(REVIEWS, second, "go_on")) == address_of(REVIEWS)


def test_whoever_works_through_a_filtered_queue_stays_in_it(
    office, ada, grace, ada_usd, grace_usd
):
    ours = [hold(ada, ada_usd) for _ in range(3)]
    hold(grace, grace_usd, points=90)
    kept = f"user={ada.id}&score=70"
    query = {"_changelist_filters": kept}

    def follow(review, button, **sent):
        address = f"{button_of(REVIEWS, review, button)}?{urlencode(query)}"
        ask = office.client.post if sent else office.client.get
        return ask(address, sent or None)

    def leads_to(response, review):
        expected = f"{address_of(REVIEWS, review)}?{urlencode(query)}"
        return response.status_code == 302 and response["Location"] == expected

    # The list and each page hand the filters on.
    assert f'begin/?{urlencode(query)}"' in unescape(
        office.see(REVIEWS, user=str(ada.id), score="70")
    )
    page = unescape(office.see(REVIEWS, ours[0], **query))
    for button in BUTTONS:
        assert f"{button_of(REVIEWS, ours[0], button)}?{urlencode(query)}" in page
    begin = f"{address_of(REVIEWS)}begin/?{urlencode(query)}"
    assert leads_to(office.client.get(begin), ours[0])
    assert leads_to(follow(ours[0], "go_on"), ours[1])
    assert leads_to(follow(ours[0], "approve", reason="Known"), ours[1])
    assert leads_to(follow(ours[0], "reject", reason="No"), ours[0])
    assert leads_to(follow(ours[1], "reject", reason="No"), ours[2])
    # Others still wait, but not of these.
    last = follow(ours[2], "approve", reason="Known")
    assert last["Location"] == f"{address_of(REVIEWS)}?{kept}"
    assert office.client.get(begin)["Location"] == f"{address_of(REVIEWS)}?{kept}"


@pytest.mark.parametrize(
    "kept", ["x", "user=x", "user=%00", "score=x&age=&flag=x", "&&=", "user__email=a"]
)
def test_filters_that_nobody_offers_lead_nowhere_else(office, ada, ada_usd, kept):
    review, _ = hold(ada, ada_usd), hold(ada, ada_usd)

    response = office.client.get(
        button_of(REVIEWS, review, "go_on"), {"_changelist_filters": kept}
    )

    assert response.status_code == 302
    assert response["Location"].startswith(address_of(REVIEWS))


def test_when_none_is_left_it_is_said(office, ada, ada_usd):
    review = hold(ada, ada_usd)

    response = office.client.get(button_of(REVIEWS, review, "go_on"), follow=True)

    assert "No other review is open." in response.content.decode()


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_without_a_reason_there_is_no_verdict(
    office, ada, ada_usd, nothing_moves, verdict, reason
):
    review = hold(ada, ada_usd)

    with nothing_moves():
        path, _ = send(office, review, verdict, reason)

    assert path == button_of(REVIEWS, review, verdict)
    assert verdict_on(review) == ("open", None, "")


def test_the_form_shows_what_is_decided_about(office, ada, ada_usd):
    review = hold(ada, ada_usd, "12.34")

    seen = office.client.get(button_of(REVIEWS, review, "reject")).content.decode()

    for text in ("12.34 USD", ada.user.email, "Corner Coffee", "70 of 100", "<li>At "):
        assert text in seen, text


def test_while_an_account_is_frozen_nothing_is_approved(
    office, operator, ada, ada_usd, nothing_moves
):
    review, _ = hold(ada, ada_usd), hold(ada, ada_usd)
    freeze_account(account_id=ada_usd.pk, reason="Odd", origin=operator.origin)

    with nothing_moves():
        path, shown = send(office, review, "approve")

    # Nothing was decided, so nobody is led on.
    assert path == address_of(REVIEWS, review)
    assert "frozen" in shown
    assert verdict_on(review) == ("open", None, "")
    send(office, review, "reject")
    assert verdict_on(review)[0] == "rejected"


def test_of_two_people_the_first_decides(office, admin, ada, ada_usd):
    review, following = hold(ada, ada_usd), hold(ada, ada_usd)
    resolve_review(
        review_id=review.pk,
        verdict=ReviewStatus.APPROVED,
        reason="Known",
        by_id=admin.id,
        origin=admin.origin,
    )

    path, shown = send(office, review, "approve", "Also known")
    assert path == address_of(REVIEWS, following)
    assert "is approved already, by somebody else." in shown
    path, shown = send(office, review, "reject", "Not them")

    assert path == address_of(REVIEWS, review)
    assert "The review was approved already." in shown
    assert verdict_on(review) == ("approved", admin.id, "Known")


def test_a_verdict_that_was_not_needed_says_whose_or_why(office, ada, ada_usd):
    suspect(70)
    cancelled, rejected = (request_payout(ada, ada_usd, "10.00") for _ in range(2))
    ada.post(f"/v1/payouts/{cancelled['id']}/cancel")
    send(office, review_of(rejected["id"]), "reject", "Not them")

    _, shown = send(office, review_of(cancelled["id"]), "reject")
    assert "is rejected already: The payout was cancelled." in shown
    _, shown = send(office, review_of(rejected["id"]), "reject", "Surely not them")
    assert "is rejected already, by you." in shown


def test_the_same_form_sent_twice_is_one_verdict(office, operator, ada, ada_usd):
    review = hold(ada, ada_usd)

    for _ in range(2):
        _, shown = send(office, review, "approve")
        assert "The purchase of 10.00 USD is approved." in shown

    assert funds_of(ada_usd) == ("990.00", "0.00")


def test_nobody_decides_about_a_payment_of_their_own(
    office, operator, account_of, nothing_moves
):
    review = hold(operator, account_of(operator, "USD", "50.00"))

    assert office.buttons(REVIEWS, review, *BUTTONS) == ["go_on"]
    with nothing_moves():
        path, shown = send(office, review, "approve")
    assert path == address_of(REVIEWS, review)
    assert "Nobody decides about a payment of their own." in shown
    assert verdict_on(review)[0] == "open"


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_only_buttons_that_make_sense_are_offered(role, request, ada, ada_usd):
    office = enter_office(request.getfixturevalue(role))
    open_one, decided = hold(ada, ada_usd), hold(ada, ada_usd)
    send(office, decided, "reject")

    assert office.buttons(REVIEWS, open_one, *BUTTONS) == BUTTONS
    assert office.buttons(REVIEWS, decided, *BUTTONS) == ["go_on"]


@pytest.fixture
def onlooker(office, monkeypatch):
    """A member of staff who may look at everything, and do nothing."""
    monkeypatch.setattr(
        HAS_PERM,
        lambda self, user, permission, obj=None: ".view_" in permission,
    )
    return office


def test_who_may_only_look_gets_no_buttons_and_is_refused(
    onlooker, ada, ada_usd, nothing_moves
):
    review = hold(ada, ada_usd)

    assert onlooker.buttons(REVIEWS, review, *BUTTONS) == ["go_on"]
    with nothing_moves():
        for verdict in VERDICTS:
            address = button_of(REVIEWS, review, verdict)
            assert onlooker.client.get(address).status_code == 403
            answer = onlooker.client.post(address, {"reason": "x"})
            assert answer.status_code == 403
    assert verdict_on(review)[0] == "open"


def test_who_may_not_look_is_led_to_no_review(office, ada, ada_usd, monkeypatch):
    review, _ = hold(ada, ada_usd), hold(ada, ada_usd)
    monkeypatch.setattr(HAS_PERM, lambda *_, **__: False)

    begin = f"{address_of(REVIEWS)}begin/"

    for address in (begin, button_of(REVIEWS, review, "go_on")):
        assert office.client.get(address).status_code == 403, address


def test_a_form_is_sent_only_from_this_site(operator, ada, ada_usd, nothing_moves):
    review = hold(ada, ada_usd)
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator.user)

    with nothing_moves():
        for verdict in VERDICTS:
            answer = client.post(button_of(REVIEWS, review, verdict), {"reason": "x"})
            assert answer.status_code == 403


def test_the_button_that_cannot_be_undone_stands_out(office, ada, ada_usd):
    review = hold(ada, ada_usd)

    def color(verdict):
        seen = office.client.get(button_of(REVIEWS, review, verdict)).content.decode()
        [sent] = re.findall(r'<button[^>]*type="submit"[^>]*Ctrl[^>]*>', seen)
        [found] = set(re.findall(r" bg-(\w+)-600", sent))
        return found

    assert (color("approve"), color("reject")) == ("primary", "red")


def test_buttons_and_the_list_have_their_keys(office, ada, ada_usd):
    review = hold(ada, ada_usd)

    page, queue = office.see(REVIEWS, review), office.see(REVIEWS)
    form = office.client.get(button_of(REVIEWS, review, "approve")).content.decode()

    for key in "arn":
        assert page.count(f'data-key="{key}"') == 1
    assert queue.count('data-key="n"') == 1
    assert form.count("data-key='Ctrl+Enter'") == 1
    assert form.count("data-key='Escape'") == 1
    # One goes on typing at once.
    assert form.count("autofocus") == 1
    for seen in (page, queue, form):
        assert "backoffice/keys.js" in seen


@pytest.mark.breaks_the_books
def test_going_on_is_as_many_statements_however_many_wait(
    office, ada, django_assert_max_num_queries
):
    review = held_once(ada, ago=timedelta(hours=1))
    for _ in range(20):
        held_once(ada, ago=timedelta(minutes=5))

    with django_assert_max_num_queries(5):
        office.client.get(button_of(REVIEWS, review, "go_on"))


def test_who_is_approved_pays_as_they_wanted(office, ada, ada_usd):
    suspect(70)
    purchase = buy(ada, ada_usd, "10.00")
    assert purchase["status"] == "pending"

    send(office, review_of(purchase["id"]), "approve")

    assert ada.get(f"/v1/transfers/{purchase['id']}").json()["status"] == "completed"
