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
                ON transfer.hold_id = hold.id
                AND hold.owner = 'transfer:' || transfer.id
                AND transfer.status = 'pending'
            LEFT JOIN payouts_payout AS payout
                ON payout.hold_id = hold.id
                AND hold.owner = 'payout:' || payout.id
                AND payout.status IN ('pending', 'processing', 'manual_review')
            WHERE hold.status = 'open' AND transfer.id IS NULL AND payout.id IS NULL
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
    Check(
        name="unsettled_payout_has_its_hold",
        rule="A payout whose outcome is open has its amount on hold on its account.",
        sql="""
            SELECT 'payout ' || payout.id, payout.currency,
                payout.amount_minor, coalesce(hold.amount_minor, 0)
            FROM payouts_payout AS payout
            LEFT JOIN ledger_hold AS hold
                ON hold.id = payout.hold_id
                AND hold.status = 'open'
                AND hold.account_id = payout.account_id
            WHERE payout.status IN ('pending', 'processing', 'manual_review')
                AND payout.amount_minor <> coalesce(hold.amount_minor, 0)
        """,
    ),
    Check(
        name="unsettled_payout_is_looked_after",
        rule="A payout whose outcome is open is due some time, or waits for a person.",
        sql="""
            SELECT 'payout ' || payout.id || ' ' || payout.status, payout.currency,
                1, 0
            FROM payouts_payout AS payout
            WHERE payout.status IN ('pending', 'processing', 'manual_review')
                AND payout.due_at IS NULL
                AND NOT (payout.status = 'pending' AND (
                    payout.is_held OR coalesce(payout.approval = 'required', FALSE)
                ))
        """,
    ),
    Check(
        name="settled_payout_moved_its_amount_or_nothing",
        rule="A completed payout took what was held, by one entry to the house; any"
        " other that is over gave it back.",
        sql="""
            SELECT 'payout ' || payout.id, payout.currency,
                CASE WHEN payout.status = 'completed' THEN payout.amount_minor
                    ELSE 0 END,
                coalesce(hold.captured_minor, -1)
            FROM payouts_payout AS payout
            LEFT JOIN ledger_hold AS hold
                ON hold.id = payout.hold_id AND hold.status <> 'open'
            WHERE payout.status IN ('completed', 'failed', 'cancelled')
                AND coalesce(hold.captured_minor, -1) <>
                    CASE WHEN payout.status = 'completed' THEN payout.amount_minor
                        ELSE 0 END
            UNION ALL
            SELECT 'payout ' || payout.id, payout.currency,
                payout.amount_minor, coalesce(-debit.total, 0)
            FROM payouts_payout AS payout
            LEFT JOIN LATERAL (
                SELECT sum(amount_minor) AS total FROM ledger_posting
                WHERE entry_id = payout.journal_entry_id
                    AND account_id = payout.account_id
            ) AS debit ON TRUE
            WHERE payout.journal_entry_id IS NOT NULL
                AND coalesce(-debit.total, 0) <> payout.amount_minor
        """,
    ),
    Check(
        name="correction_moved_what_the_payout_is_about",
        rule="A corrected payout's entry takes or gives back its amount.",
        sql="""
            SELECT 'discrepancy ' || discrepancy.id, payout.currency,
                CASE WHEN discrepancy.claim = 'executed' THEN -payout.amount_minor
                    ELSE payout.amount_minor END,
                coalesce(moved.total, 0)
            FROM payouts_payoutdiscrepancy AS discrepancy
            JOIN payouts_payout AS payout ON payout.id = discrepancy.payout_id
            LEFT JOIN LATERAL (
                SELECT sum(amount_minor) AS total FROM ledger_posting
                WHERE entry_id = discrepancy.journal_entry_id
                    AND account_id = payout.account_id
            ) AS moved ON TRUE
            WHERE discrepancy.status = 'corrected'
                AND coalesce(moved.total, 0) <>
                    CASE WHEN discrepancy.claim = 'executed' THEN -payout.amount_minor
                        ELSE payout.amount_minor END
        """,
    ),
    Check(
        name="payout_move_has_its_event",
        rule="A payout came to its status by one move, of which one event tells.",
        sql="""
            SELECT 'payout ' || payout.id || ' ' || payout.status, payout.currency,
                1, count(event.id)
            FROM payouts_payout AS payout
            LEFT JOIN events_event AS event
                ON event.subject_id = payout.id
                AND event.type = 'payout.' || payout.status
            GROUP BY payout.id
            HAVING count(event.id) <> 1
        """,
    ),
    Check(
        name="payout_reference_was_used_once",
        rule="One reference of one person: at most one payout.",
        sql="""
            SELECT 'payout reference of user ' || requested_by_id, '', 1, count(*)
            FROM payouts_payout
            WHERE reference IS NOT NULL
            GROUP BY requested_by_id, reference
            HAVING count(*) > 1
        """,
    ),
    Check(
        name="held_payment_has_its_open_review",
        rule="A payment waits for risk if and only if its review is open.",
        sql="""
            SELECT held.subject || ' ' || held.id, held.currency, 1, 0
            FROM (
                SELECT 'transfer' AS subject, id, currency
                FROM transfers_transfer WHERE status = 'pending'
                UNION ALL
                SELECT 'payout', id, currency
                FROM payouts_payout WHERE status = 'pending' AND is_held
            ) AS held
            LEFT JOIN risk_review AS review
                ON review.subject_id = held.id AND review.subject_type = held.subject
                AND review.status = 'open'
            WHERE review.id IS NULL
            UNION ALL
            SELECT 'review ' || review.id, '', 1, 0
            FROM risk_review AS review
            LEFT JOIN transfers_transfer AS transfer
                ON transfer.id = review.subject_id AND review.subject_type = 'transfer'
                AND transfer.status = 'pending'
            LEFT JOIN payouts_payout AS payout
                ON payout.id = review.subject_id AND review.subject_type = 'payout'
                AND payout.status = 'pending' AND payout.is_held
            WHERE review.status = 'open' AND transfer.id IS NULL AND payout.id IS NULL
        """,
    ),
)
