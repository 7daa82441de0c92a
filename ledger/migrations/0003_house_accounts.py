"""The house's accounts in every currency that is known when this runs.

`manage.py ensure_house_accounts` adds those of currencies that come later.
"""

from django.db import migrations

from ledger.house import HousePurpose, house_account_id, house_code
from paycore.lib.money import CURRENCIES


def open_house_accounts(apps, schema_editor):
    LedgerAccount = apps.get_model("ledger", "LedgerAccount")
    LedgerAccount.objects.bulk_create(
        [
            LedgerAccount(
                id=house_account_id(purpose, currency),
                code=house_code(purpose, currency),
                currency=currency.code,
                floor_minor=None,
            )
            for currency in CURRENCIES.all()
            for purpose in HousePurpose
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_composite_foreign_keys")]

    # Ledger accounts are never deleted, so there is nothing to undo.
    operations = [migrations.RunPython(open_house_accounts, migrations.RunPython.noop)]
