"""The migrated database is what the models say: nothing missing, nothing stale."""

import pgtrigger
import pytest
from django.core.management import call_command
from django.db import connection


@pytest.mark.django_db
def test_every_trigger_of_the_models_is_installed_as_declared():
    states = {
        f"{model._meta.label}.{trigger.name}": trigger.get_installation_status(model)[0]
        for model, trigger in pgtrigger.registered()
    }

    assert states
    assert set(states.values()) == {"INSTALLED"}, states


@pytest.mark.django_db
def test_no_trigger_is_left_from_an_older_model():
    from pgtrigger.installation import prunable

    assert prunable() == []


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.django_db
def test_the_session_is_bounded_and_in_utc():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('lock_timeout'),"
            " current_setting('statement_timeout'),"
            " current_setting('idle_in_transaction_session_timeout'),"
            " current_setting('timezone')"
        )
        settings = cursor.fetchone()

    assert settings == ("2s", "10s", "15s", "UTC")
