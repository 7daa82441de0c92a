"""What must hold of payouts."""

from typing import Final

from reconciliation.checks.check import Check

PAYOUTS: Final = (
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
)
