"""Deposits that payment providers announce by signed messages.

Note [Life of a provider's message]
    1. The message is stored as it came and committed. From here on it is not lost.
    2. A second transaction makes the deposit's row, unique by (provider, reference),
       and the movement with it; or parks it for an operator.

    Twice, whatever the message's id: the row is there already, so nothing moves and
    the answer is that of the first. At once: the second waits in its INSERT until the
    first ends. Late: the same; references never expire. Died between the two: nothing
    has moved, and the provider, which got no answer, sends the message again.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction

from accounts.selectors import AccountParty, get_parties
from accounts.services import find_party, refuse_other_currency
from events.services import EventDraft, publish_events
from paycore.lib.db import StartOver, joined_atomic, refuse_on
from paycore.lib.errors import (
    DomainError,
    DuplicateReference,
    InvalidState,
    Kind,
    NotFound,
)
from paycore.lib.money import Money
from paycore.lib.origin import Origin
from transfers.models import DepositStatus, InboxMessage, ProviderDeposit
from transfers.services.deposits import credit_deposit
from transfers.services.movements import Note


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a provider's message says."""

    reference: str
    account_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True)
class Reception:
    """The deposit of a message, and whether an earlier message had made it."""

    deposit: ProviderDeposit
    is_repeat: bool


def store_message(*, provider: str, message_id: str, body: bytes) -> InboxMessage:
    """Store a message, once however often it comes, and commit it."""
    with transaction.atomic(durable=True):
        message, _ = InboxMessage.objects.get_or_create(
            provider=provider, message_id=message_id, defaults={"body": body}
        )
        return message


def receive_deposit(
    *, message: InboxMessage, body: bytes, announcement: Announcement, origin: Origin
) -> Reception:
    """Make the deposit that a stored message announces, or park it.

    See Note [Life of a provider's message].

    Raises: `DuplicateReference` when the provider said something else under this
    reference before; `InvalidState` when it used the message's id for other content.
    """
    with joined_atomic():
        known = _find_deposit(message.provider, announcement.reference)
        if known is not None:
            _refuse_other_content(known, announcement)
            return Reception(known, is_repeat=True)
        if bytes(message.body) != body:
            raise InvalidState(why="This webhook-id came with other content before.")
        deposit = ProviderDeposit(
            provider=message.provider,
            reference=announcement.reference,
            account_id=announcement.account_id,
            amount_minor=announcement.amount.minor,
            currency=announcement.amount.currency.code,
            status=DepositStatus.PARKED,
            message=message,
        )
        # Stored before anything moves: of two at once the second waits here, and then
        # starts over to find the first one's row.
        with refuse_on({_REFERENCE_IS_UNIQUE: StartOver()}):
            deposit.save(force_insert=True)
        _move_or_park(deposit, origin)
        return Reception(deposit, is_repeat=False)


def resolve_deposit(
    *, deposit_id: UUID, account_id: UUID | None, reason: str, by: UUID, origin: Origin
) -> ProviderDeposit:
    """Move a parked deposit to an account; None: to `house:suspense`.

    Raises: `NotFound`; `InvalidState` unless it is parked; `AccountNotFound`,
    `CurrencyMismatch`, `AccountNotActive`, `LimitExceeded`.
    """
    with joined_atomic():
        rows = ProviderDeposit.objects.select_for_update(no_key=True)
        deposit = rows.filter(pk=deposit_id).first()
        if deposit is None:
            raise NotFound
        if deposit.status != DepositStatus.PARKED:
            raise InvalidState(why=f"The deposit is {deposit.status}, not parked.")
        party = None if account_id is None else _party(account_id, deposit.amount)
        transfer = credit_deposit(
            amount=deposit.amount,
            party=party,
            maker_id=by,
            note=Note(description=reason, metadata=_trace(deposit)),
            origin=origin,
        )
        deposit.transfer = transfer
        deposit.status = DepositStatus.RESOLVED
        deposit.save(update_fields=["transfer", "status"])
        _announce(deposit, "deposit.resolved", origin, reason=reason)
        return deposit


_REFERENCE_IS_UNIQUE: Final = "transfers_provider_deposit_is_made_once"


def _find_deposit(provider: str, reference: str) -> ProviderDeposit | None:
    return ProviderDeposit.objects.filter(
        provider=provider, reference=reference
    ).first()


def _refuse_other_content(known: ProviderDeposit, said: Announcement) -> None:
    if (known.account_id, known.amount) != (said.account_id, said.amount):
        raise DuplicateReference(pointer="/reference", reference=said.reference)


def _move_or_park(deposit: ProviderDeposit, origin: Origin) -> None:
    try:
        # A savepoint, so that a refusal leaves the deposit's row.
        with transaction.atomic():
            deposit.transfer = credit_deposit(
                amount=deposit.amount,
                party=_party(deposit.account_id, deposit.amount),
                maker_id=None,
                note=Note(reference=deposit.reference, metadata=_trace(deposit)),
                origin=origin,
            )
    except DomainError as refusal:
        if refusal.kind not in {Kind.NOT_FOUND, Kind.REFUSED}:
            raise
        deposit.why_parked = refusal.code
        deposit.save(update_fields=["why_parked"])
        _announce(deposit, "deposit.parked", origin, why=refusal.code)
    else:
        deposit.status = DepositStatus.PROCESSED
        deposit.save(update_fields=["status", "transfer"])


def _party(account_id: UUID, amount: Money) -> AccountParty:
    """Raises: `AccountNotFound`, `CurrencyMismatch`."""
    party = find_party(get_parties([account_id]), account_id, "/account_id")
    refuse_other_currency(party, amount.currency)
    return party


def _trace(deposit: ProviderDeposit) -> dict[str, str]:
    return {"provider": deposit.provider, "provider_reference": deposit.reference}


def _announce(
    deposit: ProviderDeposit, event_type: str, origin: Origin, **facts: str
) -> None:
    data = {
        "deposit_id": str(deposit.pk),
        "account_id": str(deposit.account_id),
        "amount": deposit.amount.text,
        "currency": deposit.currency,
        **_trace(deposit),
        **facts,
    }
    event = EventDraft(
        type=event_type,
        subject_type="deposit",
        subject_id=deposit.pk,
        data=data,
    )
    publish_events([event], origin=origin)
