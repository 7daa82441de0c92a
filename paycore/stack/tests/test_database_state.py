"""The migrated database is what the models say: nothing missing, nothing stale."""

import os
import subprocess
import sys

import pgtrigger
import pytest
from django.core.management import call_command
from django.db import connection

from paycore.settings.environment import ROOT
from paycore.settings.servers import session_bounds


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
def test_the_session_is_bounded_as_the_settings_say_and_in_utc():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('lock_timeout'),"
            " current_setting('statement_timeout'),"
            " current_setting('idle_in_transaction_session_timeout'),"
            " current_setting('timezone')"
        )
        settings = cursor.fetchone()

    assert settings == ("30s", "1min", "2min", "UTC")


def test_sessions_are_bounded_closely_unless_told_otherwise():
    # Those of the tests wait longer. Under their name no file `.env` is read.
    told = subprocess.run(
        [sys.executable, "-c", "from paycore.settings.base import *; print(DATABASES)"],
        cwd=ROOT,
        env={
            **{name: v for name, v in os.environ.items() if "_TIMEOUT_" not in name},
            "DJANGO_SETTINGS_MODULE": "paycore.settings.test",
        },
        capture_output=True,
        text=True,
        check=True,
    )

    bounds = session_bounds(lock=2_000, statement=10_000, idle=15_000)
    assert bounds in told.stdout
