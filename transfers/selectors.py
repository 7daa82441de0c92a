"""Reading transfers."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Q, QuerySet

from paycore.lib.errors import NotFound
from paycore.lib.money import MOST_DECIMALS
from transfers.models import Transfer


@dataclass(frozen=True, slots=True)
class TransferFilter:
    """None means any.

    Amounts are in major units, whatever the currency; `created_from` is included,
    `created_to` is not.
    """

    account_id: UUID | None = None
    kind: str | None = None
    status: str | None = None
    merchant_category: str | None = None
    reference: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    min_amount: Decimal | None = None
    max_amount: Decimal | None = None


def get_transfer(*, transfer_id: UUID, owner_id: UUID | None = None) -> Transfer:
    """Raises: `NotFound`, also when neither side is the owner's. None sees all."""
    transfers = Transfer.objects.filter(pk=transfer_id)
    if owner_id is not None:
        transfers = transfers.filter(
            Q(source_owner_id=owner_id) | Q(destination_owner_id=owner_id)
        )
    transfer = transfers.first()
    if transfer is None:
        raise NotFound
    return transfer


def list_transfers(
    *, filters: TransferFilter, owner_id: UUID | None = None
) -> list[QuerySet[Transfer]]:
    """The transfers of an owner (None: of everybody) that pass the filters.

    Answers one queryset for each side on which a transfer can be found. Together they
    are the list, in which a transfer may be found twice. Kept apart, each is one range
    of one index; an OR of both would read and sort everything.
    """
    matching = _matching(filters)
    if filters.account_id is not None:
        account_id = filters.account_id
        return [
            matching.filter(source_account_id=account_id),
            matching.filter(destination_account_id=account_id),
        ]
    if owner_id is not None:
        return [
            matching.filter(source_owner_id=owner_id),
            matching.filter(destination_owner_id=owner_id),
        ]
    return [matching]


def find_taken_references(*, user_id: UUID, references: Collection[str]) -> set[str]:
    """Which of these references the person has used. No statement for none."""
    if not references:
        return set()
    taken = Transfer.objects.filter(created_by_id=user_id, reference__in=references)
    return {row.reference for row in taken.only("reference") if row.reference}


def _matching(filters: TransferFilter) -> QuerySet[Transfer]:
    exact = {
        "kind": filters.kind,
        "status": filters.status,
        "merchant_category": filters.merchant_category,
        "reference": filters.reference,
        "created_at__gte": filters.created_from,
        "created_at__lt": filters.created_to,
        "amount_value__gte": _comparable(filters.min_amount),
        "amount_value__lte": _comparable(filters.max_amount),
    }
    wanted = {name: value for name, value in exact.items() if value is not None}
    return Transfer.objects.filter(**wanted)


def _comparable(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.scaleb(MOST_DECIMALS)
