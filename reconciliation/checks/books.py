"""What must hold of the books: entries, postings, accounts, holds."""

from typing import Final

from reconciliation.checks.check import Check

BOOKS: Final = (
    Check(
        name="entry_sums_to_zero",
        rule="The postings of an entry sum to zero in each currency.",
        sql="""
            SELECT 'entry ' || entry_id, currency, 0, sum(amount_minor)
            FROM ledger_posting
            GROUP BY entry_id, currency
            HAVING sum(amount_minor) <> 0
        """,
    ),
    Check(
        name="entry_has_two_postings",
        rule="An entry has at least two postings.",
        sql="""
            SELECT 'entry ' || entry.id, '', 2, count(posting.id)
            FROM ledger_journalentry AS entry
            LEFT JOIN ledger_posting AS posting ON posting.entry_id = entry.id
            GROUP BY entry.id
            HAVING count(posting.id) < 2
        """,
    ),
    Check(
        name="posting_has_entry_and_account",
        rule="A posting belongs to an entry and to an account of its currency.",
        sql="""
            SELECT 'posting ' || posting.id, posting.currency, 2,
                (entry.id IS NOT NULL)::int + (account.id IS NOT NULL)::int
            FROM ledger_posting AS posting
            LEFT JOIN ledger_journalentry AS entry ON entry.id = posting.entry_id
            LEFT JOIN ledger_ledgeraccount AS account
                ON account.id = posting.account_id
                AND account.currency = posting.currency
            WHERE entry.id IS NULL OR account.id IS NULL
        """,
    ),
    Check(
        name="account_is_the_sum_of_its_postings",
        rule="An account's posted balance is the sum of its postings.",
        sql="""
            SELECT account.code, account.currency,
                coalesce(posting.total, 0), account.posted_minor
            FROM ledger_ledgeraccount AS account
            LEFT JOIN (
                SELECT account_id, sum(amount_minor) AS total
                FROM ledger_posting GROUP BY account_id
            ) AS posting ON posting.account_id = account.id
            WHERE account.posted_minor <> coalesce(posting.total, 0)
        """,
    ),
    Check(
        name="account_is_its_last_balance",
        rule="An account's posted balance is the one after its last posting.",
        sql="""
            SELECT account.code, account.currency,
                coalesce(last.balance_after_minor, 0), account.posted_minor
            FROM ledger_ledgeraccount AS account
            LEFT JOIN LATERAL (
                SELECT balance_after_minor FROM ledger_posting
                WHERE account_id = account.id
                ORDER BY created_at DESC, id DESC LIMIT 1
            ) AS last ON TRUE
            WHERE account.posted_minor <> coalesce(last.balance_after_minor, 0)
        """,
    ),
    Check(
        name="balances_follow_each_other",
        rule="Each posting's balance is the one before it plus its amount.",
        sql="""
            SELECT account.code, chain.currency,
                chain.balance_before + chain.amount_minor, chain.balance_after_minor
            FROM (
                SELECT account_id, currency, amount_minor, balance_after_minor,
                    coalesce(lag(balance_after_minor) OVER (
                        PARTITION BY account_id ORDER BY created_at, id
                    ), 0) AS balance_before
                FROM ledger_posting
            ) AS chain
            JOIN ledger_ledgeraccount AS account ON account.id = chain.account_id
            WHERE chain.balance_after_minor <> chain.balance_before + chain.amount_minor
        """,
    ),
    Check(
        name="currency_sums_to_zero",
        rule="In each currency all accounts together hold nothing.",
        sql="""
            SELECT 'all accounts', currency, 0, sum(posted_minor)
            FROM ledger_ledgeraccount
            GROUP BY currency
            HAVING sum(posted_minor) <> 0
        """,
    ),
    Check(
        name="held_is_the_sum_of_open_holds",
        rule="What an account holds back is the sum of its open holds.",
        sql="""
            SELECT account.code, account.currency,
                coalesce(hold.total, 0), account.held_minor
            FROM ledger_ledgeraccount AS account
            LEFT JOIN (
                SELECT account_id, sum(amount_minor) AS total
                FROM ledger_hold WHERE status = 'open' GROUP BY account_id
            ) AS hold ON hold.account_id = account.id
            WHERE account.held_minor <> coalesce(hold.total, 0)
        """,
    ),
    Check(
        name="account_is_not_below_its_floor",
        rule="What an account has available is below its floor only as far as forced.",
        sql="""
            SELECT code, currency, floor_minor - shortfall_minor,
                posted_minor - held_minor
            FROM ledger_ledgeraccount
            WHERE posted_minor - held_minor < floor_minor - shortfall_minor
        """,
    ),
    # Without a floor no other check would ever find an account overdrawn.
    Check(
        name="only_the_house_has_no_floor",
        rule="Only the house's accounts may go below zero without limit.",
        sql="""
            SELECT account.code, account.currency, 0,
                account.posted_minor - account.held_minor
            FROM accounts_account AS holder
            JOIN ledger_ledgeraccount AS account ON account.id = holder.id
            WHERE account.floor_minor IS NULL
        """,
    ),
    Check(
        name="account_is_frozen_in_the_books",
        rule="An account is frozen or closed if and only if its ledger account is.",
        sql="""
            SELECT account.code, account.currency,
                (holder.status = 'frozen')::int + 2 * (holder.status = 'closed')::int,
                account.is_frozen::int + 2 * account.is_closed::int
            FROM accounts_account AS holder
            JOIN ledger_ledgeraccount AS account ON account.id = holder.id
            WHERE account.is_frozen <> (holder.status = 'frozen')
                OR account.is_closed <> (holder.status = 'closed')
        """,
    ),
)
