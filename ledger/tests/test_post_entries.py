"""post_entries ..."""

from datetime import UTC, datetime

import pytest

from ledger.errors import InsufficientBalance
from ledger.house import HousePurpose
from ledger.models import JournalEntry, LedgerAccount, Posting
from ledger.services import (
    EntryDraft,
    Line,
    Posted,
    Refused,
    post_entries,
)
from paycore.lib.errors import LimitExceeded
from paycore.lib.metrics import POSTING_BATCH_SIZE
from paycore.lib.money import LARGEST_MINOR, Money
from paycore.testing.bookkeeping import (
    balances,
    entry,
    house,
    money,
    open_account,
    open_funded_account,
    payment,
    post,
)

pytestmark = pytest.mark.django_db


def lines_of(account):
    """(amount, balance after) of each posting, oldest first."""
    return [
        (posting.amount.text, posting.balance_after.text)
        for posting in Posting.objects.filter(account=account).order_by("pk")
    ]


def refusals(outcomes):
    return [
        type(item.error) if isinstance(item, Refused) else None for item in outcomes
    ]


def test_moves_the_balances(ada, mallory):
    post(payment(ada, mallory, "30.50 USD"))

    assert balances(ada, mallory) == ["69.50", "30.50"]


def test_writes_the_entry(ada, mallory):
    reversed_entry = JournalEntry.objects.get()
    before = datetime.now(UTC)
    draft = EntryDraft(
        kind="reversal",
        description="Ada changed her mind.",
        lines=payment(ada, mallory, "10.00 USD").lines,
        reverses_id=reversed_entry.pk,
        metadata={"reason": "mistake", "tries": [1, 2]},
    )

    [posted] = post_entries(drafts=[draft])

    stored = JournalEntry.objects.get(pk=draft.id)
    assert posted == Posted(entry_id=draft.id, at=stored.created_at)
    assert before <= posted.at <= datetime.now(UTC)
    assert stored.effective_at == stored.created_at
    assert (stored.kind, stored.description) == ("reversal", "Ada changed her mind.")
    assert stored.reverses == reversed_entry
    assert stored.metadata == {"reason": "mistake", "tries": [1, 2]}


def test_writes_a_posting_for_each_line(ada, mallory):
    [posted] = post(payment(ada, mallory, "30.50 USD"))

    assert [
        (posting.account_id, posting.amount_minor, posting.currency, posting.created_at)
        for posting in Posting.objects.filter(entry=posted.entry_id).order_by("pk")
    ] == [
        (ada.pk, -3050, "USD", posted.at),
        (mallory.pk, 3050, "USD", posted.at),
    ]
    assert lines_of(ada) == [("100.00", "100.00"), ("-30.50", "69.50")]
    assert lines_of(mallory) == [("30.50", "30.50")]


def test_counts_the_version_of_what_moved(ada, mallory, grace):
    versions = [ada.version, mallory.version, grace.version]

    post(payment(ada, mallory, "1.00 USD"), payment(ada, mallory, "2.00 USD"))

    for account in (ada, mallory, grace):
        account.refresh_from_db()
    assert [ada.version, mallory.version, grace.version] == [
        versions[0] + 1,
        versions[1] + 1,
        versions[2],
    ]


def test_writes_the_balance_after_each_posting(ada, mallory):
    post(
        payment(ada, mallory, "60.00 USD"),
        payment(mallory, ada, "10.00 USD"),
        payment(ada, mallory, "50.00 USD"),
    )

    assert lines_of(ada) == [
        ("100.00", "100.00"),
        ("-60.00", "40.00"),
        ("10.00", "50.00"),
        ("-50.00", "0.00"),
    ]
    assert lines_of(mallory) == [
        ("60.00", "60.00"),
        ("-10.00", "50.00"),
        ("50.00", "100.00"),
    ]


def test_posts_an_entry_in_two_currencies(ada, grace):
    post(
        entry(
            (ada.pk, -money("50.00 USD")),
            (house(HousePurpose.FX, "USD"), money("50.00 USD")),
            (house(HousePurpose.FX, "EUR"), -money("46.00 EUR")),
            (grace.pk, money("46.00 EUR")),
            kind="exchange",
        )
    )

    assert balances(ada, grace) == ["50.00", "126.00"]


def test_spends_the_last_cent(ada, mallory):
    post(payment(ada, mallory, "100.00 USD"))

    assert balances(ada, mallory) == ["0.00", "100.00"]


@pytest.mark.usefixtures("nothing_is_written")
def test_refuses_a_cent_more(ada, mallory):
    [outcome] = post_entries(drafts=[payment(ada, mallory, "100.01 USD")])

    assert isinstance(outcome.error, InsufficientBalance)
    assert outcome.error.facts == {
        "available": "100.00",
        "required": "100.01",
        "currency": "USD",
    }
    assert outcome.error.detail == (
        "The account has 100.00 USD available; 100.01 is needed."
    )


def test_judges_each_draft_on_what_the_ones_before_it_left(ada, mallory):
    outcomes = post_entries(
        drafts=[
            payment(mallory, ada, "5.00 USD"),
            payment(ada, mallory, "70.00 USD"),
            payment(ada, mallory, "30.01 USD"),
            payment(mallory, ada, "5.00 USD"),
            payment(ada, mallory, "35.00 USD"),
        ]
    )

    assert refusals(outcomes) == [
        InsufficientBalance,
        None,
        InsufficientBalance,
        None,
        None,
    ]
    assert balances(ada, mallory) == ["0.00", "100.00"]


def test_leaves_no_trace_of_a_refused_draft(ada, mallory):
    drafts = [payment(ada, mallory, "60.00 USD") for _ in range(3)]

    outcomes = post_entries(drafts=drafts)

    assert refusals(outcomes) == [None, InsufficientBalance, InsufficientBalance]
    assert JournalEntry.objects.filter(kind="internal").get().pk == drafts[0].id
    assert lines_of(mallory) == [("60.00", "60.00")]


def test_nets_an_account_before_judging_it(ada, mallory):
    post(
        entry(
            (ada.pk, -money("150.00 USD")),
            (ada.pk, money("60.00 USD")),
            (mallory.pk, money("90.00 USD")),
        )
    )

    assert balances(ada, mallory) == ["10.00", "90.00"]
    assert lines_of(ada)[1:] == [("-150.00", "-50.00"), ("60.00", "10.00")]


@pytest.mark.usefixtures("nothing_is_written")
def test_refuses_by_the_net_of_an_account(ada, mallory):
    outcomes = post_entries(
        drafts=[
            entry(
                (ada.pk, -money("80.00 USD")),
                (mallory.pk, money("80.00 USD")),
                (ada.pk, -money("20.01 USD")),
                (mallory.pk, money("20.01 USD")),
            )
        ]
    )

    assert refusals(outcomes) == [InsufficientBalance]


def test_lets_the_house_go_below_zero(ada):
    opening = house(HousePurpose.OPENING, "USD")

    stored = LedgerAccount.objects.get(pk=opening)

    assert stored.floor_minor is None
    assert stored.posted.text == "-100.00"


def test_lets_an_overdraft_be_used_to_the_last_cent(mallory):
    overdrawn = open_account("overdraft", floor_minor=-5000)

    outcomes = post_entries(
        drafts=[
            payment(overdrawn, mallory, "49.99 USD"),
            payment(overdrawn, mallory, "0.02 USD"),
            payment(overdrawn, mallory, "0.01 USD"),
            payment(overdrawn, mallory, "0.01 USD"),
        ]
    )

    assert refusals(outcomes) == [None, InsufficientBalance, None, InsufficientBalance]
    assert balances(overdrawn, mallory) == ["-50.00", "50.00"]


def test_keeps_an_account_above_a_floor_above_zero(mallory):
    post(
        entry(
            (house(HousePurpose.OPENING, "USD"), -money("30.00 USD")),
            (mallory.pk, money("30.00 USD")),
        )
    )
    LedgerAccount.objects.filter(pk=mallory.pk).update(floor_minor=2000)

    outcomes = post_entries(
        drafts=[
            entry(
                (mallory.pk, -money(amount)),
                (house(HousePurpose.DEPOSITS, "USD"), money(amount)),
            )
            for amount in ("10.01 USD", "10.00 USD")
        ]
    )

    assert refusals(outcomes) == [InsufficientBalance, None]
    assert balances(mallory) == ["20.00"]


def test_counts_to_the_end_of_the_books_and_no_further(ada):
    rich = open_account("rich")
    opening = house(HousePurpose.DEPOSITS, "USD")
    all_there_is, one = Money.of(LARGEST_MINOR, "USD"), Money.of(1, "USD")

    outcomes = post_entries(
        drafts=[
            entry((opening, -all_there_is), (rich.pk, all_there_is)),
            entry((ada.pk, -one), (rich.pk, one)),
            entry((opening, -one), (ada.pk, one)),
        ]
    )

    assert refusals(outcomes) == [None, LimitExceeded, LimitExceeded]
    assert outcomes[1].error.detail == (
        "The account would hold more than the books can count."
    )
    assert balances(rich, ada) == ["92233720368547758.07", "100.00"]


@pytest.mark.usefixtures("nothing_is_written")
def test_refuses_the_end_of_the_books_before_a_lack_of_funds(ada, mallory):
    half = Money.of(LARGEST_MINOR // 2 + 10000, "USD")

    outcomes = post_entries(
        drafts=[
            entry(
                (ada.pk, -half),
                (ada.pk, -half),
                (mallory.pk, half),
                (mallory.pk, half),
            )
        ]
    )

    assert refusals(outcomes) == [LimitExceeded]


@pytest.mark.parametrize("count", [1, 1000])
def test_costs_the_same_statements_for_one_and_a_thousand(
    ada, mallory, count, django_assert_num_queries
):
    drafts = [payment(ada, mallory, "0.01 USD") for _ in range(count)]

    # Lock, entries, postings, balances.
    with django_assert_num_queries(4):
        outcomes = post_entries(drafts=drafts)

    assert refusals(outcomes) == [None] * count
    assert balances(mallory) == [f"{count / 100:.2f}"]


def test_costs_one_statement_when_all_is_refused(
    ada, mallory, django_assert_num_queries
):
    drafts = [payment(mallory, ada, "0.01 USD") for _ in range(10)]

    with django_assert_num_queries(1):
        outcomes = post_entries(drafts=drafts)

    assert refusals(outcomes) == [InsufficientBalance] * 10


def test_posts_nothing_when_asked_for_nothing():
    assert post_entries(drafts=[]) == []


def test_measures_how_many_entries_are_written_at_once(ada, mallory):
    before = POSTING_BATCH_SIZE._sum.get()

    post_entries(
        drafts=[
            payment(ada, mallory, "40.00 USD"),
            payment(ada, mallory, "70.00 USD"),
            payment(ada, mallory, "40.00 USD"),
        ]
    )

    assert POSTING_BATCH_SIZE._sum.get() == before + 2


def test_keeps_times_of_one_account_in_the_order_of_its_postings(ada, mallory):
    for _ in range(3):
        post(payment(ada, mallory, "1.00 USD"), payment(mallory, ada, "0.50 USD"))

    times = Posting.objects.filter(account=ada).order_by("pk").values_list("created_at")
    assert list(times) == sorted(times)
    assert len(set(times)) == 4


def test_lets_a_line_name_an_account_twice_in_either_order(ada, mallory):
    draft = EntryDraft(
        kind="internal",
        lines=(
            Line(ada.pk, money("60.00 USD")),
            Line(ada.pk, -money("150.00 USD")),
            Line(mallory.pk, money("90.00 USD")),
        ),
    )

    post(draft)

    assert lines_of(ada)[1:] == [("60.00", "160.00"), ("-150.00", "10.00")]


def test_is_open_to_accounts_of_any_currency():
    bitcoins = open_funded_account("coins", holding="0.00000001 BTC")
    dinars = open_funded_account("dinars", holding="1.234 KWD")
    yen = open_funded_account("yen", holding="1200 JPY")

    assert balances(bitcoins, dinars, yen) == ["0.00000001", "1.234", "1200"]
