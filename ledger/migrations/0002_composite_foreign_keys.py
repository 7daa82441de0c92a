"""A posting or hold is in the currency of its account.

Django has no foreign key of two columns. These also stand in for the plain ones on
`account_id`, which the models leave out: each key costs a look-up per row.

The hot table keeps a third of each page free, so that a new balance goes into the same
page and touches no index (HOT update).
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="""
                ALTER TABLE ledger_posting
                ADD CONSTRAINT ledger_posting_is_in_its_accounts_currency
                FOREIGN KEY (account_id, currency)
                REFERENCES ledger_ledgeraccount (id, currency);
            """,
            reverse_sql="""
                ALTER TABLE ledger_posting
                DROP CONSTRAINT ledger_posting_is_in_its_accounts_currency;
            """,
        ),
        migrations.RunSQL(
            sql="""
                ALTER TABLE ledger_hold
                ADD CONSTRAINT ledger_hold_is_in_its_accounts_currency
                FOREIGN KEY (account_id, currency)
                REFERENCES ledger_ledgeraccount (id, currency);
            """,
            reverse_sql="""
                ALTER TABLE ledger_hold
                DROP CONSTRAINT ledger_hold_is_in_its_accounts_currency;
            """,
        ),
        migrations.RunSQL(
            sql="ALTER TABLE ledger_ledgeraccount SET (fillfactor = 67);",
            reverse_sql="ALTER TABLE ledger_ledgeraccount RESET (fillfactor);",
        ),
    ]
