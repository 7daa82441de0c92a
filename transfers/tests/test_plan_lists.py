"""Each list reads a range of an index, whatever else is in its table."""

from typing import Any

import pytest
from django.db import connection

from accounts.selectors import list_accounts
from ledger.selectors import list_postings
from paycore.api.pagination import PageQuery, read_page
from paycore.testing.statements import scans_of
from paycore.testing.wallets import open_for
from transfers.selectors import TransferFilter, list_transfers
from transfers.services import InternalOrder, Payer, create_internal_transfers

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowd(ada, grace, mallory, ada_usd, grace_usd):
    """Many rows of others', a few of ada's in between, and fresh statistics."""
    theirs = [open_for(mallory, "USD", "9000.00") for _ in range(40)]
    for turn in range(6):
        create_internal_transfers(
            orders=[
                *[
                    InternalOrder(theirs[n % 20].pk, theirs[20 + n % 20].pk, "0.01")
                    for n in range(400)
                ],
                *[InternalOrder(ada_usd.pk, grace_usd.pk, f"{turn + 1}.00")] * 15,
            ],
            payer=Payer(ada.id, may_spend_from_any=True),
            origin=ada.origin,
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def indexes_of(scans):
    assert not [scan for scan in scans if scan[0] == "Seq Scan"], scans
    return {index for _, index in scans if index}


def test_of_transfers(crowd, ada, ada_usd, subtests):
    own = list_transfers(filters=TransferFilter(), owner_id=ada.id)
    of_account = list_transfers(filters=TransferFilter(account_id=ada_usd.pk))
    everybodys = list_transfers(filters=TransferFilter())
    by_owner = {"transfers_by_source_owner", "transfers_by_dest_owner"}
    by_account = {"transfers_by_source_account", "transfers_by_dest_account"}
    by_time, by_amount = ("created_at", "pk"), ("amount_value", "pk")
    cases = [
        (own, by_time, by_owner),
        (own, by_amount, by_owner),
        (of_account, by_time, by_account),
        (of_account, by_amount, by_account),
        (everybodys, by_time, {"transfers_by_time"}),
    ]

    for arms, order, expected in cases:
        for descending in (True, False):
            how: dict[str, Any] = {"order": order, "descending": descending}
            first = PageQuery.model_validate({"limit": "20"})
            cursor = read_page(arms, query=first, **how).next_cursor
            second = first.model_copy(update={"cursor": cursor})
            for query in (first, second):
                with subtests.test(expected=expected, query=query, **how):
                    scans = scans_of(
                        lambda: read_page(arms, query=query, **how),  # noqa: B023
                        "transfers_transfer",
                    )

                    assert indexes_of(scans) == expected


def test_of_an_accounts_entries(crowd, ada_usd):
    rows = list_postings(ada_usd.pk)

    scans = scans_of(lambda: read_page(rows, query=PageQuery()), "ledger_posting")

    assert indexes_of(scans) == {"ledger_posting_by_account"}


def test_of_ones_own_accounts(ada, mallory, account_of):
    for _ in range(300):
        account_of(mallory)
    account_of(ada)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

    scans = scans_of(
        lambda: read_page(list_accounts(owner_id=ada.id), query=PageQuery()),
        "accounts_account",
    )

    assert indexes_of(scans) <= {
        "accounts_account_by_owner",
        "accounts_account_external_id_is_unique_to_its_owner",
    }
