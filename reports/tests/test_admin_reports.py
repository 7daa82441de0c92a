"""The back office: what was spent, and how payments were judged."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from paycore.lib.errors import ServiceUnavailable
from paycore.testing.office import address_of, enter_office
from paycore.testing.wallets import open_for
from reports.tests.stage import keep, spend
from transfers.tests.movements import purchase

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]
PAGE = "/admin/reports/"
NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest.fixture
def office(operator):
    return enter_office(operator)


@pytest.fixture(params=["live", "rolled up"])
def spent(request, ada, grace, ada_usd, ada_eur, grace_usd):
    """Of two people, in two currencies; one purchase is forty days old."""
    spend(ada, ada_usd, "30.00", "books", at=NOW - 2 * DAY)
    spend(grace, grace_usd, "10.00", "food", at=NOW - 3 * DAY)
    spend(ada, ada_eur, "46.00", "food", at=NOW - 3 * DAY)
    spend(ada, ada_usd, "500.00", "travel", at=NOW - 40 * DAY)
    if request.param == "rolled up":
        keep()


def rows(office, title, **query):
    """What one of the tables shows, cell by cell; and what stands beside its title."""
    response = office.client.get(PAGE, query)
    assert response.status_code == 200, response
    [found] = [
        part
        for part in response.content.decode().split("<section")
        if f'dark">{title}</h3>' in part
    ]
    texts = [
        [" ".join(re.sub("<[^>]*>", "", cell).split()) for cell in cells]
        for row in re.findall(r"<tr>(.*?)</tr>", found, re.DOTALL)
        for cells in [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)]
    ]
    return texts, found


def test_spending_is_added_up_by_category_in_one_currency(office, spent):
    texts, told = rows(office, "What was spent, by category")

    # 46.00 EUR are 50.00 USD.
    assert texts == [
        ["food", "2", "66.6 %", "60.00 USD"],
        ["books", "1", "33.3 %", "30.00 USD"],
    ]
    assert "3 purchases, 90.00 USD in all, 30.00 USD on average" in told


def test_one_chooses_period_grouping_and_currency(office, spent):
    texts, _ = rows(office, "What was spent, by category", days="90", currency="EUR")
    assert texts[0] == ["travel", "1", "84.7 %", "460.00 EUR"]

    by_day, _ = rows(office, "What was spent, by day", group_by="day")
    assert [row[1] for row in by_day] == ["2", "1"]
    assert by_day[0][0] == (NOW - 3 * DAY).date().isoformat()


def test_how_payments_were_judged_is_counted(office, ada, ada_usd):
    purchase(ada, ada_usd, "1.00 USD")

    bands, told = rows(office, "Payments by band")
    scores, _ = rows(office, "Payments by score")

    assert "1 payments, as they were judged when they were made" in told
    assert [row[0] for row in bands] == ["approve", "monitor", "review", "urgent"]
    assert sum(int(row[1]) for row in bands) == 1
    assert [row[1:] for row in scores] == [["1", "100.0 %"]]


def test_rules_lead_to_the_payments_that_they_applied_to(office, ada, ada_usd):
    for _ in range(2):
        purchase(ada, ada_usd, "1.00 USD")

    flags, told = rows(office, "Rules that applied")

    assert ["POSSIBLE_DUPLICATE", "1", "0"] in flags
    link = f"{address_of('risk_assessment')}?flag=POSSIBLE_DUPLICATE"
    assert f'href="{link}"' in told


def test_when_there_is_nothing_it_says_so(office):
    seen = office.client.get(PAGE).content.decode()

    assert "Nothing." in seen
    assert seen.count("None.") == 3


def test_without_a_rate_it_says_what_is_missing(office, ada):
    spend(ada, open_for(ada, "KWD", "100.000"), "1.000", at=NOW - DAY)

    seen = office.client.get(PAGE).content.decode()

    assert "KWD" in seen.split("What was spent")[1].split("</header>")[0]


def test_when_an_answer_is_not_to_be_had_it_says_why(office, monkeypatch):
    # As when the roll-ups are made anew all the time.
    def refuse(**_):
        raise ServiceUnavailable(why="Ask again.")

    for selector in ("sum_spending", "summarize_judged"):
        monkeypatch.setattr(f"reports.admin.{selector}", refuse)

    seen = office.client.get(PAGE).content.decode()

    for title in ("What was spent, by category", "How payments were judged"):
        said = seen.split(f">{title}</h3>")[1].split("</header>")[0]
        assert ServiceUnavailable(why="Ask again.").detail in said


@pytest.mark.parametrize(
    "query", [{"days": "12"}, {"days": "x"}, {"group_by": "user"}, {"currency": "XXX"}]
)
def test_other_choices_are_not_offered(office, query):
    response = office.client.get(PAGE, query)

    assert response.status_code == 200
    assert "is not one of the available choices." in response.content.decode()


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_staff_find_it_in_the_menu(role, request):
    office = enter_office(request.getfixturevalue(role))

    assert re.search(rf'href="{PAGE}"', office.see("index"))


def test_it_is_for_who_may_see_it(office, ada, monkeypatch):
    assert enter_office(ada).client.get(PAGE).status_code == 302
    monkeypatch.setattr(
        "accounts.backends.RoleBackend.has_perm", lambda *_, **__: False
    )

    assert office.client.get(PAGE).status_code == 403
    assert f'href="{PAGE}"' not in office.see("index")


def test_it_takes_as_many_statements_whatever_was_spent(
    office, ada, ada_usd, django_assert_num_queries
):
    office.client.get(PAGE)
    spend(ada, ada_usd, "1.00", at=NOW - DAY)
    for _ in range(5):
        spend(ada, ada_usd, "1.00", at=NOW - 2 * DAY)

    with django_assert_num_queries(10):
        office.client.get(PAGE)
