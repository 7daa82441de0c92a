"""What reports of spending read, and the reversals that take something out of them.

Built while others write: the table of transfers may be long by now.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("transfers", "0001_initial")]

    operations = [
        # It waits for every transaction that is open, and hinders none.
        migrations.RunSQL(
            ["SET lock_timeout = 0", "SET statement_timeout = 0"],
            reverse_sql=migrations.RunSQL.noop,
        ),
        AddIndexConcurrently(
            model_name="transfer",
            index=models.Index(
                fields=["source_owner_id", "completed_at"],
                condition=Q(kind="purchase", status="completed"),
                name="transfers_spent_by_owner",
            ),
        ),
        AddIndexConcurrently(
            model_name="transfer",
            index=models.Index(
                fields=["completed_at"],
                condition=Q(kind="purchase", status="completed"),
                name="transfers_spent_by_time",
            ),
        ),
        AddIndexConcurrently(
            model_name="transfer",
            index=models.Index(
                fields=["completed_at"],
                condition=Q(kind="reversal"),
                name="transfers_reversals_by_time",
            ),
        ),
        migrations.RunSQL(
            ["RESET lock_timeout", "RESET statement_timeout"],
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
