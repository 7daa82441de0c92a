"""The database itself refuses people and keys that break the rules, by name."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import ApiKey, User
from paycore.lib.db import violated_constraint
from paycore.testing.cast import ApiKeyFactory, UserFactory

pytestmark = pytest.mark.django_db


def refusal_of(sql, *parameters):
    with (
        pytest.raises(IntegrityError) as error,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, parameters)
    return violated_constraint(error.value)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("email = 'grace@paycore.example'", "accounts_user_email_is_unique"),
        ("email = 'Ada@paycore.example'", "accounts_user_email_is_lowercase"),
        ("status = 'sleeping'", "accounts_user_status_is_known"),
        ("is_superuser = TRUE", "accounts_user_superuser_is_staff"),
    ],
)
def test_about_people(ada, grace, change, rule):
    sql = f"UPDATE accounts_user SET {change} WHERE id = %s"

    assert refusal_of(sql, ada.id) == rule


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("scopes = '{everything}'", "accounts_apikey_scopes_are_known"),
        ("scopes = '{}'", "accounts_apikey_has_a_scope"),
        ("expires_at = created_at", "accounts_apikey_expires_later"),
    ],
)
def test_about_keys(ada, change, rule):
    key = ApiKeyFactory.create(user=ada.user)

    sql = f"UPDATE accounts_apikey SET {change} WHERE id = %s"

    assert refusal_of(sql, key.pk) == rule


def test_that_no_two_keys_have_one_secret(ada):
    first, second = (ApiKeyFactory.create(user=ada.user) for _ in range(2))

    sql = "UPDATE accounts_apikey SET digest = %s WHERE id = %s"

    rule = refusal_of(sql, bytes(first.digest), second.pk)
    assert rule == "accounts_apikey_digest_is_unique"


def test_that_nobody_with_keys_is_deleted(ada):
    ApiKeyFactory.create(user=ada.user)
    connection.check_constraints()

    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=ada.id)._raw_delete("default")
        connection.check_constraints()


def test_keep_the_moment_of_the_database():
    before = datetime.now(UTC)

    key = ApiKeyFactory.create(user=UserFactory.create())

    assert before <= key.created_at <= datetime.now(UTC)
    assert ApiKey.objects.get().created_at == key.created_at
