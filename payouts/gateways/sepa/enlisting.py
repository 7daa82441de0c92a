"""Putting payments into files, each into one.

Note [A payout is in one file]
    A file and its instructions are stored in one transaction, and only a stored file
    is ever delivered. A payout can have one instruction, says the database. So a payout
    that is handed over again, by the same worker or another, at once or years later, is
    answered from what is stored: of two that put it into files at once, one waits for
    the other and leaves the payout out. One that must not be sent any more gets an
    instruction that is in no file, which keeps it out of all others: also for a worker
    who has had it in hand since before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException

from paycore.lib.db import run_in_transaction
from paycore.lib.ids import new_id
from paycore.lib.sealing import seal
from payouts.gateways.protocol import PaymentOrder
from payouts.gateways.sepa.files import (
    EURO,
    INVALID_BENEFICIARY,
    LONGEST_NAME,
    Debtor,
    InvalidFile,
    build_file,
    end_to_end_id,
    find_fault,
    printable,
)
from payouts.gateways.sepa.instructions import find_instructions
from payouts.models import InstructionStatus, SepaFile, SepaInstruction

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Enlisted:
    """Each order is in one of the two: in a file by now, or never, for a reason."""

    instructions: dict[UUID, SepaInstruction]
    faults: dict[UUID, str]


def enlist_payments(orders: Sequence[PaymentOrder]) -> Enlisted:
    """Store a file that pays those of these orders that are in none.

    Raises: `ImproperlyConfigured` when the settings name nobody who could pay.
    """
    debtor = _debtor()
    return run_in_transaction(lambda: _enlist(orders, debtor))


def rule_out(order: PaymentOrder) -> SepaInstruction:
    """Keep a payment out of all files to come, unless it is in one."""
    never = _draft_instruction(order)
    never.status = InstructionStatus.CANCELLED
    SepaInstruction.objects.bulk_create([never], ignore_conflicts=True)
    return find_instructions([order.payout_id])[order.payout_id]


def _enlist(orders: Sequence[PaymentOrder], debtor: Debtor) -> Enlisted:
    by_payout = {order.payout_id: order for order in orders}
    # Whoever is in a file is paid, whatever we would say today.
    fresh = by_payout.keys() - find_instructions(by_payout.keys()).keys()
    # In order of their ids, so that two workers wait for each other instead of forever.
    fit = [by_payout[payout_id] for payout_id in sorted(fresh)]
    faults = _find_faults(fit)
    fit = [order for order in fit if order.payout_id not in faults]
    try:
        file = _draft_file(fit, debtor)
    except InvalidFile as error:
        # Our own mistake, for which one payment must not hold up the others. Logged
        # without a traceback, whose variables would be people.
        log.error("sepa_file_invalid", why=str(error))  # noqa: TRY400
        faults |= _find_misfits(fit, debtor)
        fit = [order for order in fit if order.payout_id not in faults]
        file = _draft_file(fit, debtor)
    _store(file, fit, debtor)
    instructions = find_instructions(by_payout.keys())
    faults = {each: faults[each] for each in faults.keys() - instructions.keys()}
    return Enlisted(instructions, faults)


def _find_faults(orders: Sequence[PaymentOrder]) -> dict[UUID, str]:
    found = ((order.payout_id, find_fault(order)) for order in orders)
    return {payout_id: fault for payout_id, fault in found if fault is not None}


def _find_misfits(orders: Sequence[PaymentOrder], debtor: Debtor) -> dict[UUID, str]:
    misfits: dict[UUID, str] = {}
    for order in orders:
        try:
            _draft_file([order], debtor)
        except InvalidFile:
            misfits[order.payout_id] = INVALID_BENEFICIARY
    return misfits


def _draft_file(orders: Sequence[PaymentOrder], debtor: Debtor) -> SepaFile:
    """A file that is not stored yet; without orders, one that cannot be.

    Raises: `InvalidFile`.
    """
    file = SepaFile(id=new_id(), currency=EURO, created_at=_now())
    file.message_id = file.id.hex
    file.payments = len(orders)
    file.total_minor = sum(order.amount.minor for order in orders)
    if orders:
        content = build_file(
            orders, message_id=file.message_id, debtor=debtor, at=file.created_at
        )
        file.content_sealed = seal(content)
    return file


def _store(file: SepaFile, orders: Sequence[PaymentOrder], debtor: Debtor) -> None:
    """See Note [A payout is in one file]."""
    # The instructions first: they tell which payments are ours to put into the file.
    # That it is there, the database asks when the transaction ends.
    drafts = [_draft_instruction(order, file.pk) for order in orders]
    SepaInstruction.objects.bulk_create(drafts, ignore_conflicts=True)
    rows = SepaInstruction.objects.filter(file_id=file.pk)
    won = set(rows.values_list("payout_id", flat=True))
    if len(won) < len(orders):
        # Somebody else was quicker with the others. Less than a valid file is one too.
        less = _draft_file([each for each in orders if each.payout_id in won], debtor)
        rows.update(file_id=less.pk)
        file = less
    if won:
        file.save(force_insert=True)


def _draft_instruction(
    order: PaymentOrder, file_id: UUID | None = None
) -> SepaInstruction:
    return SepaInstruction(
        payout_id=order.payout_id,
        file_id=file_id,
        end_to_end_id=end_to_end_id(order),
        amount_minor=order.amount.minor,
        currency=order.amount.currency.code,
    )


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        [at] = cursor.fetchone()
        assert isinstance(at, datetime)
        return at


def _debtor() -> Debtor:
    debtor = Debtor(
        name=settings.SEPA_DEBTOR_NAME,
        iban=settings.SEPA_DEBTOR_IBAN,
        bic=settings.SEPA_DEBTOR_BIC,
    )
    try:
        IBAN(debtor.iban)
        BIC(debtor.bic)
    except SchwiftyException as error:
        raise ImproperlyConfigured(
            "SEPA_DEBTOR_IBAN and SEPA_DEBTOR_BIC must be those of an account:"
            f" {error}."
        ) from None
    if not printable(debtor.name, LONGEST_NAME):
        raise ImproperlyConfigured("SEPA_DEBTOR_NAME must say who pays.")
    return debtor
