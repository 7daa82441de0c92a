from django.apps import AppConfig
from django.conf import settings

from paycore.lib.money import CURRENCIES


class LedgerConfig(AppConfig):
    name = "ledger"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Before any migration or request: house accounts follow the currencies.
        CURRENCIES.extend(settings.CURRENCIES_EXTRA)
