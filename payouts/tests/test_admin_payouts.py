"""The back office: payouts, where their money is, what was said, and the queues."""

import re

import pytest

from accounts.services import freeze_account
from paycore.lib.ids import new_id
from paycore.testing.cast import enter
from paycore.testing.office import address_of, button_of, enter_office
from payouts.admin.attempts import find_answers
from payouts.gateways import Answer, Outcome
from payouts.models import Payout, PayoutAttempt, Step
from payouts.services import take_notices
from payouts.tests.orders import IBAN, MASKED, request_by
from payouts.tests.risks import hold_what_is_unusual
from payouts.tests.working import (
    ask,
    make_due,
    now,
    put_off,
    resolve,
    send_into_doubt,
    send_into_review,
    submit,
    work,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates", "calm")]
PAYOUTS = "payouts_payout"
ATTEMPTS = "payouts_payoutattempt"
BUTTONS = ["approve", "cancel", "ask_again", "confirm_sent", "refund_failed"]


@pytest.fixture
def paid(payout, gateway):
    """10.00 USD of ada's that have left."""
    submit()
    return now(payout)


def test_a_payout_leads_to_all_that_belongs_to_it(office, ada, ada_usd, paid):
    seen = office.see(PAYOUTS, paid)

    attempt = PayoutAttempt.objects.get(payout=paid)
    for link in [
        address_of("accounts_account", ada_usd),
        address_of("accounts_user", ada.id),
        address_of("ledger_hold", paid.hold_id),
        address_of("ledger_journalentry", paid.journal_entry_id),
        address_of("ledger_ledgeraccount", ada_usd),
        address_of(ATTEMPTS, attempt),
        f"{address_of(ATTEMPTS)}?payout={paid.pk}",
        f"{address_of('events_event')}?subject_id={paid.pk}",
    ]:
        assert f'href="{link}"' in seen
    for text in (
        "payout.completed",
        "-10.00 USD",
        "Ada Lovelace",
        paid.gateway_reference,
    ):
        assert text in seen


def test_a_resolved_one_says_who_decided_and_a_large_one_who_approved(
    office, operator, admin, in_review, large
):
    resolve(admin, in_review, "confirm_sent", "Seen on the statement")
    office.order(PAYOUTS, large, "approve", "Called them")

    resolved, approved = office.see(PAYOUTS, in_review), office.see(PAYOUTS, large)

    assert f'href="{address_of("accounts_user", admin.id)}"' in resolved
    assert "confirm_sent" in resolved
    assert "Seen on the statement" in resolved
    assert f'href="{address_of("accounts_user", operator.id)}"' in approved
    assert "Called them" in approved


def test_the_timeline_says_what_was_said_and_answered(office, payout, gateway):
    gateway.will(
        "submit",
        Answer(
            payout.pk, Outcome.NOT_SENT, detail="The bank <b>cannot</b> be reached."
        ),
        Outcome.UNKNOWN,
    )
    submit(worker="machine-1:7")
    make_due(payout)
    submit(worker="machine-2:8")
    gateway.will(
        "find", Answer(payout.pk, Outcome.DECLINED, "bank-7", "account_closed")
    )
    make_due(payout)
    ask()

    seen = office.see(PAYOUTS, payout)

    for text in [
        *(">Sent</a>", ">Asked</a>", "machine-1:7", "machine-2:8", "bank-7"),
        "The bank &lt;b&gt;cannot&lt;/b&gt; be reached.",
        # Where the gateway gave no sentence, what its answer means.
        "Nobody here knows whether the money has left.",
        "The money has not left, and will not. [account_closed]",
    ]:
        assert text in seen
    # Newest first.
    assert (
        seen.index(">Asked</a>") < seen.index("machine-2:8") < seen.index("machine-1:7")
    )


def test_the_timeline_is_short_and_leads_to_all(office, in_review):
    for _ in range(25):
        make_due(in_review)
        ask()

    assert office.see(PAYOUTS, in_review).count(">Asked</a>") == 20
    assert office.found(ATTEMPTS, payout=str(in_review.pk)) == 27


def test_an_attempt_that_is_underway_or_was_lost_says_so(office, payout, gateway):
    gateway.will("submit", Outcome.UNKNOWN)
    submit()
    attempt = PayoutAttempt.objects.get(payout=payout)
    PayoutAttempt.objects.filter(pk=attempt.pk).update(outcome=None, ended_at=None)

    assert "no answer yet" in office.see(PAYOUTS, payout)
    assert "no answer yet" in office.see(ATTEMPTS, attempt)
    assert "It has never answered." in office.see(PAYOUTS, payout)

    Payout.objects.filter(pk=payout.pk).update(leased_by="w")
    make_due(payout)
    ask()
    assert "The worker went silent before it heard an answer." in office.see(
        PAYOUTS, payout
    )


def test_what_comes_next_is_said(
    office, operator, ada, ada_rich, payout, large, gateway
):
    def next_of(row):
        [told] = re.findall(
            r"What comes next.*?readonly[^>]*>\s*([^<]+?)\s*<",
            office.see(PAYOUTS, row),
            re.DOTALL,
        )
        return told

    assert next_of(payout).startswith("Send it, due since")
    assert next_of(large) == "It waits for an approval"
    put_off(send_into_review(gateway, payout))
    assert next_of(payout).startswith("Ask the gateway, at 20")
    Payout.objects.filter(pk=payout.pk).update(leased_by="machine-1:7")
    assert next_of(payout).startswith("machine-1:7 has it until 20")
    Payout.objects.filter(pk=payout.pk).update(leased_by="")
    resolve(operator, payout, "refund_failed")
    assert next_of(payout).startswith("Ask the gateway to forget it, due since")
    work(Step.CANCEL)
    assert next_of(payout) == "Nothing"
    hold_what_is_unusual()
    held = request_by(ada, ada_rich, "10000.00")
    assert next_of(held) == "It waits for an approval and a review of its risk"


def test_pages_take_as_many_statements_whatever_there_is(
    office, ada, ada_usd, gateway, in_review
):
    # Three are the session, the person and their groups; a list counts, reads its
    # rows, asks twice for the first and the last day, and once for what gateways said.
    # A page reads its row, what its gateway said, the attempts, what contradicts it,
    # the hold, and the events; who made them is one more, and so is what risk thought.
    assert office.count_statements(PAYOUTS) == 8
    assert office.count_statements(PAYOUTS, waits="person") == 8
    assert office.count_statements(PAYOUTS, in_review) == 11

    for number in range(8):
        more = request_by(ada, ada_usd, "1.00", reference=f"more-{number}")
        send_into_review(gateway, more)
        make_due(in_review)
        ask()

    assert office.count_statements(PAYOUTS) == 8
    assert office.count_statements(PAYOUTS, waits="person") == 8
    assert office.count_statements(PAYOUTS, in_review) == 11
    assert office.count_statements(ATTEMPTS) == 5


def test_the_last_answer_is_what_the_gateway_said_last(payout, gateway):
    assert find_answers([]) == {}
    assert find_answers([payout.pk]) == {}
    send_into_doubt(gateway, payout)
    gateway.will("find", Outcome.ABSENT)
    make_due(payout)
    ask()
    gateway.will("submit", Outcome.UNKNOWN)
    make_due(payout)
    submit()

    assert find_answers([payout.pk])[payout.pk].outcome == "unknown"

    # Of what was lost nobody knows what was answered.
    last = PayoutAttempt.objects.order_by("pk").last()
    PayoutAttempt.objects.filter(pk=last.pk).update(outcome="lost")
    assert find_answers([payout.pk, new_id()])[payout.pk].outcome == "absent"


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_no_page_shows_a_whole_iban(role, request, in_review, large):
    office = enter_office(request.getfixturevalue(role))
    buttons = {in_review: BUTTONS[2:], large: BUTTONS[:2]}

    pages = [
        office.see("index"),
        office.see(PAYOUTS),
        office.see("events_event"),
        *(office.see(PAYOUTS, row) for row in buttons),
        *(
            office.client.get(button_of(PAYOUTS, row, name)).content.decode()
            for row, names in buttons.items()
            for name in names
        ),
    ]

    for page in pages:
        assert IBAN not in page
        assert IBAN[4:] not in page
        for row in (in_review, large):
            assert Payout.objects.get(pk=row.pk).iban_sealed not in page
    assert MASKED in pages[3]


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_nothing_can_be_edited(role, request, in_review, nothing_moves):
    office = enter_office(request.getfixturevalue(role))
    rows = {PAYOUTS: in_review, ATTEMPTS: PayoutAttempt.objects.first()}

    with nothing_moves():
        for page, row in rows.items():
            answers = office.attempts_to_edit(page, row)
            assert [answer.status_code for answer in answers] == [403] * 5


def test_a_notice_of_the_gateway_is_in_the_timeline(office, operator, in_review):
    take_notices(
        [Answer(in_review.pk, Outcome.EXECUTED, "bank-7")], origin=operator.origin
    )

    seen = office.see(PAYOUTS, in_review)

    assert "Told by the gateway" in seen
    assert "payout.completed" in seen


def test_a_payout_of_a_frozen_account_is_in_the_queue_without_having_been_in_doubt(
    office, operator, ada, ada_usd, in_review, gateway
):
    gateway.will("submit", Outcome.NOT_SENT)
    payout = request_by(ada, ada_usd, "1.00")
    submit()
    freeze_account(account_id=ada_usd.pk, reason="r", origin=operator.origin)
    make_due(payout)
    submit()
    assert now(payout).unknown_since is None

    answer = office.client.get(button_of(PAYOUTS, payout, "go_on"), follow=True)

    assert office.buttons(PAYOUTS, payout, "go_on") == ["go_on"]
    assert answer.request["PATH_INFO"] == address_of(PAYOUTS, in_review)


def test_what_customers_and_gateways_write_is_text(office, ada, ada_usd, gateway):
    evil = '"><script>alert(1)</script>'
    payout = request_by(ada, ada_usd, name=evil, reference=evil)
    gateway.will("submit", Answer(payout.pk, Outcome.UNKNOWN, evil, "", evil))
    row = now(payout)
    submit()

    pages = [
        office.see("index"),
        office.see(PAYOUTS),
        office.see(PAYOUTS, row),
        office.see(ATTEMPTS),
        office.see("accounts_account", ada_usd),
        office.client.get(button_of(PAYOUTS, row, "ask_again")).content.decode(),
    ]

    for page in pages:
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert(1)" not in page


@pytest.mark.parametrize("key", ["nonsense", "9" * 40, "01a1f758-c65a-7758-9758-d04d"])
def test_the_page_of_nothing_leads_back(office, key):
    for page in (PAYOUTS, ATTEMPTS):
        assert office.client.get(address_of(page, key)).status_code == 302


def test_customers_see_none_of_it(ada, paid):
    for player in (ada, enter("eve")):
        client = enter_office(player).client
        for page, row in ((PAYOUTS, paid), (ATTEMPTS, PayoutAttempt.objects.first())):
            assert client.get(address_of(page)).status_code == 302
            assert client.get(address_of(page, row)).status_code == 302
