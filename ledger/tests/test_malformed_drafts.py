"""post_entries takes for a bug of its caller ..."""

import pytest

from ledger.services import post_entries
from paycore.lib.ids import new_id
from paycore.lib.money import CurrencyMismatch, Money
from paycore.testing.bookkeeping import entry, money, payment
from paycore.testing.refusals import refused_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_is_written")]


@pytest.mark.parametrize(
    "amounts", [(-10, 9), (-10, 11), (10, 10), (-5, -5), (10,), ()]
)
def test_an_unbalanced_draft(ada, mallory, amounts):
    accounts = [ada.pk, mallory.pk]
    draft = entry(
        *(
            (accounts[index], Money.of(minor, "USD"))
            for index, minor in enumerate(amounts)
        )
    )

    with refused_with(ValueError):
        post_entries(drafts=[payment(ada, mallory, "1.00 USD"), draft])


def test_a_draft_balanced_only_across_currencies(ada, grace):
    draft = entry((ada.pk, -money("10.00 USD")), (grace.pk, money("10.00 EUR")))

    with refused_with(ValueError):
        post_entries(drafts=[draft])


def test_a_line_of_zero(ada, mallory):
    draft = entry((ada.pk, Money.of(0, "USD")), (mallory.pk, Money.of(0, "USD")))

    with refused_with(ValueError):
        post_entries(drafts=[draft])


def test_a_line_in_another_currency_than_its_account(ada, mallory):
    draft = entry((ada.pk, -money("10.00 EUR")), (mallory.pk, money("10.00 EUR")))

    with refused_with(CurrencyMismatch):
        post_entries(drafts=[draft])


def test_an_unknown_account(ada):
    draft = entry((ada.pk, -money("10.00 USD")), (new_id(), money("10.00 USD")))

    with refused_with(KeyError):
        post_entries(drafts=[draft])
