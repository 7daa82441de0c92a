"""`manage.py ensure_house_accounts`: after a currency was added to the settings."""

from typing import Any

from django.core.management.base import BaseCommand

from ledger.services import ensure_house_accounts
from paycore.lib.money import CURRENCIES


class Command(BaseCommand):
    help = "Open the house's accounts in every currency where missing. May be repeated."

    def handle(self, *_: Any, **__: Any) -> None:
        count = ensure_house_accounts(CURRENCIES.all())
        self.stdout.write(f"The house has {count} accounts.")
