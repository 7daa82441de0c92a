"""Transfers that risk looks at before they are made, and those that wait for it.

A transfer that risk holds is `pending`: its funds are on hold on the account that pays,
and a review is open. `complete_transfer` or `fail_transfer` ends it. The rate of a
conversion is settled when it is ordered.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.conf import settings

import ledger.services
from events.services import publish_events
from ledger.services import Books, lock_accounts
from paycore.lib.db import StartOver, refuse_on
from paycore.lib.origin import Origin
from risk.payments import Payment, PaymentKind, SubjectType
from risk.services import screen_payment
from risk.subjects import REJECTED
from transfers.models import Transfer, TransferKind, TransferStatus
from transfers.services.announcements import pending
from transfers.services.movements import (
    REFERENCE_IS_UNIQUE,
    count_after_commit,
    destination_of,
    insert_transfers,
    lines_of,
    source_of,
)
from transfers.services.pending import complete_transfer, fail_transfer, lock_transfer

# What risk can be asked about; `RISK_KINDS` says what it is asked about.
_KINDS: Final = {
    TransferKind.PURCHASE: PaymentKind.PURCHASE,
    TransferKind.INTERNAL: PaymentKind.INTERNAL,
    TransferKind.EXCHANGE: PaymentKind.EXCHANGE,
}


def is_screened(kind: TransferKind) -> bool:
    """Whether risk is asked about transfers of this kind."""
    return kind in _KINDS and _KINDS[kind].value in settings.RISK_KINDS


def payment_of(transfer: Transfer) -> Payment:
    """A transfer as risk sees it. It is the source's owner who pays."""
    assert transfer.source_owner_id is not None
    return Payment(
        subject_type=SubjectType.TRANSFER,
        subject_id=transfer.pk,
        kind=_KINDS[TransferKind(transfer.kind)],
        user_id=transfer.source_owner_id,
        amount=transfer.amount,
        counterparty=_counterparty(transfer),
    )


def must_wait(transfer: Transfer, *, origin: Origin) -> bool:
    """Let risk judge a transfer that may be made; whether it holds it.

    Its accounts are locked, and none of its money has moved.

    Raises: `LimitExceeded`.
    """
    if not is_screened(TransferKind(transfer.kind)):
        return False
    return screen_payment(payment_of(transfer), origin=origin).is_held


def hold_transfer(transfer: Transfer, *, books: Books, origin: Origin) -> Transfer:
    """Store a transfer as pending, with its funds on hold.

    Raises: `AccountNotActive`, also of the account that would receive;
    `InsufficientBalance`; `StartOver` when another transaction took its reference in
    the meantime.
    """
    refusal = books.refusal_to_move([source_of(transfer), destination_of(transfer)])
    if refusal is not None:
        raise refusal
    reserve_transfer(transfer, books=books)
    books.write()
    return store_held([transfer], origin=origin)[0]


def reserve_transfer(transfer: Transfer, *, books: Books) -> None:
    """Put a transfer's funds on hold, in books that the caller writes.

    Raises: `AccountNotActive`; `InsufficientBalance`.
    """
    assert transfer.source_account_id is not None
    hold = ledger.services.reserve_hold(
        books=books,
        account_id=transfer.source_account_id,
        amount=transfer.amount,
        reason=f"{transfer.kind.capitalize()} held for review",
        owner=f"transfer:{transfer.pk}",
    )
    transfer.status = TransferStatus.PENDING
    transfer.hold_id = hold.pk
    transfer.created_at = books.at


def store_held(transfers: Sequence[Transfer], *, origin: Origin) -> Sequence[Transfer]:
    """Store transfers whose funds are on hold.

    Raises: `StartOver` when another transaction took a reference in the meantime.
    """
    with refuse_on({REFERENCE_IS_UNIQUE: StartOver()}):
        insert_transfers(transfers)
    publish_events([pending(transfer) for transfer in transfers], origin=origin)
    count_after_commit([(transfer.kind, transfer.status) for transfer in transfers])
    return transfers


class HeldTransfers:
    """What a verdict does to a transfer. See `risk.subjects.HeldSubject`."""

    def lock(self, subject_id: UUID) -> None:
        lock_transfer(subject_id)

    def approve(self, subject_id: UUID, *, origin: Origin) -> None:
        """Raises: `InvalidState`; `AccountNotActive` while a side is frozen;
        `InsufficientBalance` when its funds were taken by force.
        """
        transfer = lock_transfer(subject_id)
        # Every account that it will touch: there is one order of locks, and one turn.
        books = lock_accounts(line.account_id for line in lines_of(transfer))
        refusal = books.refusal_to_move([source_of(transfer), destination_of(transfer)])
        refusal = refusal or books.refusal_to_settle(
            source_of(transfer), transfer.amount
        )
        if refusal is not None:
            raise refusal
        complete_transfer(transfer_id=subject_id, origin=origin)

    def reject(self, subject_id: UUID, *, origin: Origin) -> None:
        """Raises: `InvalidState`."""
        fail_transfer(transfer_id=subject_id, failure_code=REJECTED, origin=origin)


def _counterparty(transfer: Transfer) -> str:
    if transfer.kind == TransferKind.PURCHASE:
        return f"{transfer.merchant_name} {transfer.destination_account_id or ''}"
    return str(transfer.destination_account_id)
