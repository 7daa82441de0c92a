"""What counts as spending, as SQL.

Reports only read, and read too much at once for one row at a time: this is the place
above `transfers` that knows its table. The kinds and statuses are part of the text, not
parameters, so that PostgreSQL can prove that the partial indexes hold all of it.

Note [Roll-ups are as of a moment]
    A purchase counts from its completion until it is reversed; refunds change nothing.
    Roll-ups hold what counted at one moment, `RollupMark.kept_until`, of the days that
    were over then. A purchase that was reversed later is still in them, and whoever
    reads subtracts what was reversed since. So they are right at any time after, and it
    does not matter when somebody looks or how long the next run takes.

    This needs no guessing: a moment is used only when all transactions that had begun
    by then are over. A movement has a transaction number before its time is read, see
    `ledger.services.lock_accounts`, so nothing older can appear afterwards.
"""

from typing import Final

from transfers.models import TransferKind, TransferStatus

# What counts now.
SPENT: Final = f"""
    SELECT source_owner_id, completed_at, merchant_category, currency, amount_minor
    FROM transfers_transfer
    WHERE kind = '{TransferKind.PURCHASE.value}'
        AND status = '{TransferStatus.COMPLETED.value}'
"""  # noqa: S608
# What counted at a moment, `as_of`, and has been reversed since.
REVERSED_SINCE: Final = f"""
    SELECT purchase.source_owner_id, purchase.completed_at,
        purchase.merchant_category, purchase.currency, purchase.amount_minor
    FROM transfers_transfer AS reversal
    JOIN transfers_transfer AS purchase ON purchase.id = reversal.original_transfer_id
    WHERE reversal.kind = '{TransferKind.REVERSAL.value}'
        AND reversal.completed_at >= %(as_of)s
        AND purchase.kind = '{TransferKind.PURCHASE.value}'
"""  # noqa: S608
