"""What the database refuses of accounts, whoever asks and however."""

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Account
from ledger.house import HousePurpose
from paycore.lib.db import violated_constraint
from paycore.testing.bookkeeping import house

pytestmark = pytest.mark.django_db


def refused_rule(call):
    """The name of the rule that refuses the call."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        call()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return violated_constraint(caught.value)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"status": "asleep"}, "accounts_account_status_is_known"),
        ({"kind": "house"}, "accounts_account_kind_is_known"),
    ],
)
def test_known_words_only(ada_usd, change, rule):
    row = Account.objects.filter(pk=ada_usd.pk)

    assert refused_rule(lambda: row.update(**change)) == rule


def test_an_external_id_once_for_each_owner(ada, account_of):
    account_of(ada, external_id="e")
    other = Account.objects.filter(pk=account_of(ada).pk)

    assert refused_rule(lambda: other.update(external_id="e")) == (
        "accounts_account_external_id_is_unique_to_its_owner"
    )


def test_one_account_for_one_ledger_account(ada, ada_usd):
    def twice():
        Account.objects.create(ledger_account_id=ada_usd.pk, owner_id=ada.id)

    assert refused_rule(twice) == "accounts_account_pkey"


def test_a_ledger_account_for_each(ada):
    def without():
        Account.objects.create(pk=ada.id, owner_id=ada.id)

    assert refused_rule(without).startswith("accounts_account_id_")


def test_an_owner_for_each(ada, ada_usd):
    def without():
        Account.objects.create(
            ledger_account_id=house(HousePurpose.FX, "USD"), owner_id=ada_usd.pk
        )

    assert refused_rule(without).startswith("accounts_account_owner_id_")


def test_no_owner_is_deleted_while_there_is_an_account(ada, ada_usd):
    def delete():
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM accounts_user WHERE id = %s", [ada.id])

    assert refused_rule(delete).startswith("accounts_account_owner_id_")
