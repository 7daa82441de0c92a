"""What must hold of what was ordered: keys, transfers, their holds, reviews."""

from typing import Final

from reconciliation.checks.check import Check

ORDERS: Final = (
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
    # The other way round: what was moved twice balances, and only this tells.
    Check(
        name="entry_is_of_the_order_it_names",
        rule="An entry that names a transfer or a payout is the one of that order.",
        sql="""
            SELECT 'entry ' || entry.id, '', 1, 0
            FROM ledger_journalentry AS entry
            LEFT JOIN transfers_transfer AS transfer
                ON transfer.journal_entry_id = entry.id
            LEFT JOIN payouts_payout AS payout ON payout.journal_entry_id = entry.id
            LEFT JOIN payouts_payoutdiscrepancy AS discrepancy
                ON discrepancy.journal_entry_id = entry.id
            WHERE coalesce(
                    entry.metadata ->> 'transfer_id', entry.metadata ->> 'payout_id'
                ) <> coalesce(
                    transfer.id::text, payout.id::text, discrepancy.payout_id::text, ''
                )
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
