"""What must always hold, each as one question to the database.

A check selects only what is wrong: (subject, currency, expected, found). The auditor
trusts no application code, so these read the tables themselves. No schema is named:
the search path decides which books are read.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Check:
    """`rule` is the sentence that a difference breaks."""

    name: str
    rule: str
    sql: str


CHECKS: Final = (
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
    Check(
        name="key_was_executed_once",
        rule="One principal, route and key: at most one execution.",
        sql="""
            SELECT 'idempotency key of ' || principal, '', 1, count(*)
            FROM api_idempotencykey
            GROUP BY principal, route, key
            HAVING count(*) > 1
        """,
    ),
    Check(
        name="reference_was_used_once",
        rule="One reference of one person: at most one transfer.",
        sql="""
            SELECT 'reference of user ' || created_by_id, '', 1, count(*)
            FROM transfers_transfer
            WHERE reference IS NOT NULL
            GROUP BY created_by_id, reference
            HAVING count(*) > 1
        """,
    ),
    Check(
        name="transfer_is_in_the_books",
        rule="A completed transfer's entry moves what the transfer says.",
        sql="""
            SELECT 'transfer ' || transfer.id, transfer.currency,
                transfer.amount_minor, coalesce(-debit.total, 0)
            FROM transfers_transfer AS transfer
            LEFT JOIN LATERAL (
                SELECT sum(amount_minor) AS total FROM ledger_posting
                WHERE entry_id = transfer.journal_entry_id
                    AND account_id = transfer.source_account_id
            ) AS debit ON TRUE
            WHERE transfer.journal_entry_id IS NOT NULL
                AND transfer.source_account_id IS NOT NULL
                AND coalesce(-debit.total, 0) <> transfer.amount_minor
            UNION ALL
            SELECT 'transfer ' || transfer.id, transfer.destination_currency,
                transfer.destination_amount_minor, coalesce(credit.total, 0)
            FROM transfers_transfer AS transfer
            LEFT JOIN LATERAL (
                SELECT sum(amount_minor) AS total FROM ledger_posting
                WHERE entry_id = transfer.journal_entry_id
                    AND account_id = transfer.destination_account_id
            ) AS credit ON TRUE
            WHERE transfer.journal_entry_id IS NOT NULL
                AND transfer.destination_account_id IS NOT NULL
                AND coalesce(credit.total, 0) <> transfer.destination_amount_minor
        """,
    ),
    Check(
        name="refunds_never_exceed_the_original",
        rule="What was refunded of a transfer is the sum of its refunds: no more than"
        " the payer paid, taken from no more than the receiver got.",
        sql="""
            SELECT 'transfer ' || original.id, original.currency,
                coalesce(refund.given, 0), original.refunded_minor
            FROM transfers_transfer AS original
            LEFT JOIN (
                SELECT original_transfer_id, sum(destination_amount_minor) AS given
                FROM transfers_transfer WHERE kind = 'refund'
                GROUP BY original_transfer_id
            ) AS refund ON refund.original_transfer_id = original.id
            WHERE original.refunded_minor <> coalesce(refund.given, 0)
                OR original.refunded_minor > original.amount_minor
            UNION ALL
            SELECT 'transfer ' || original.id, original.destination_currency,
                original.destination_amount_minor, sum(refund.amount_minor)
            FROM transfers_transfer AS refund
            JOIN transfers_transfer AS original
                ON original.id = refund.original_transfer_id
            WHERE refund.kind = 'refund'
            GROUP BY original.id
            HAVING sum(refund.amount_minor) > original.destination_amount_minor
        """,
    ),
    Check(
        name="reversed_transfer_has_its_reversal",
        rule="A transfer is reversed if and only if there is one reversal of it.",
        sql="""
            SELECT 'transfer ' || original.id, original.currency,
                (original.status = 'reversed')::int, count(reversal.id)
            FROM transfers_transfer AS original
            LEFT JOIN transfers_transfer AS reversal
                ON reversal.original_transfer_id = original.id
                AND reversal.kind = 'reversal'
            GROUP BY original.id
            HAVING (original.status = 'reversed')::int <> count(reversal.id)
        """,
    ),
    Check(
        name="open_hold_has_a_pending_owner",
        rule="An open hold belongs to an order that is still pending.",
        sql="""
            SELECT account.code, hold.currency, 0, hold.amount_minor
            FROM ledger_hold AS hold
            JOIN ledger_ledgeraccount AS account ON account.id = hold.account_id
            LEFT JOIN transfers_transfer AS transfer
                ON hold.owner = 'transfer:' || transfer.id
                AND transfer.status = 'pending'
            WHERE hold.status = 'open' AND transfer.id IS NULL
        """,
    ),
    Check(
        name="pending_transfer_has_its_hold",
        rule="A pending transfer has its amount on hold on the account that pays.",
        sql="""
            SELECT 'transfer ' || transfer.id, transfer.currency,
                transfer.amount_minor, coalesce(hold.amount_minor, 0)
            FROM transfers_transfer AS transfer
            LEFT JOIN ledger_hold AS hold
                ON hold.id = transfer.hold_id
                AND hold.status = 'open'
                AND hold.account_id = transfer.source_account_id
            WHERE transfer.status = 'pending'
                AND transfer.amount_minor <> coalesce(hold.amount_minor, 0)
        """,
    ),
)
