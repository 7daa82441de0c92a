"""Spending at any time, and what reports should make of it, in few words."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.models import Account, User
from ledger.services import lock_accounts
from paycore.lib.money import Money
from paycore.testing.cast import Caller, Player
from reports.models import EverybodysRollup, SpendingRollup
from reports.services import keep_rollups
from transfers.models import Transfer, TransferKind
from transfers.services import Payer, ReversalOrder, reverse_transfer
from transfers.services.movements import (
    Note,
    Side,
    destination_of,
    draft_transfer,
    make_movement,
    movement_of,
)

SPENDING = "/v1/analytics/spending"
# Long enough for any test to keep up.
PATIENCE = 600
FUTURE = datetime(2100, 1, 1, tzinfo=UTC)


def moment(text: str, time_zone: str = "UTC") -> datetime:
    """`"2026-11-01 01:30"` on the wall there; with ` again`, the second time."""
    plain = text.removesuffix(" again")
    local = datetime.fromisoformat(plain).replace(
        tzinfo=ZoneInfo(time_zone), fold=int(plain != text)
    )
    return local.astimezone(UTC)


def spend(
    player: Player,
    account: Account,
    amount: str,
    category: str = "food",
    *,
    at: datetime | None = None,
) -> Transfer:
    """A purchase that was completed at some time, past whatever risk thinks of it."""
    money = Money.parse(amount, account.currency)
    with transaction.atomic():
        transfer = draft_transfer(
            TransferKind.PURCHASE,
            source=Side(money, account.pk, account.owner_id),
            destination=Side(money),
            maker_id=player.id,
            note=Note(),
        )
        transfer.merchant_name = "Corner Coffee"
        transfer.merchant_category = category
        books = lock_accounts({account.pk, destination_of(transfer)})
        make_movement(books=books, movement=movement_of(transfer), origin=player.origin)
    if at is not None:
        Transfer.objects.filter(pk=transfer.pk).update(completed_at=at)
    return transfer


def reverse(transfer: Transfer, by: Player, *, at: datetime | None = None) -> Transfer:
    """Take a transfer back, at some time."""
    reversal = reverse_transfer(
        order=ReversalOrder(transfer.pk, "A test needs it"),
        payer=Payer(by.id, may_spend_from_any=True),
        origin=by.origin,
    )
    if at is not None:
        Transfer.objects.filter(pk=reversal.pk).update(completed_at=at)
    return reversal


def live_in(player: Player, time_zone: str) -> None:
    User.objects.filter(pk=player.id).update(time_zone=time_zone)


def keep(until: datetime = FUTURE) -> int:
    """Let the keeper run as if it were then."""
    return keep_rollups(until=until, seconds=PATIENCE)


def spending(caller: Caller, **query: Any) -> Any:
    """The answer to `start`, `end` (moments) and the parameters as they are."""
    for name, parameter in (("start", "from"), ("end", "to")):
        if name in query:
            bound = query.pop(name)
            query[parameter] = bound.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    response = caller.get(SPENDING, **query)
    assert response.status_code == 200, response.content
    return response.json()


def groups_of(answer: Any) -> dict[str, tuple[str, int]]:
    """Total and count by key, in the order of the answer."""
    return {
        group["key"]: (group["total"], group["count"]) for group in answer["groups"]
    }


def rollups() -> list[list[Any]]:
    """All that is rolled up."""
    columns = ("time_zone", "day", "category", "currency", "count", "total_minor")
    return [
        sorted(SpendingRollup.objects.values_list("user_id", *columns)),
        sorted(EverybodysRollup.objects.values_list(*columns)),
    ]


def history() -> Iterable[tuple[Transfer, User]]:
    """Every purchase that counts, with who made it."""
    people = User.objects.in_bulk()
    for transfer in Transfer.objects.filter(kind="purchase", status="completed"):
        assert transfer.source_owner_id is not None
        yield transfer, people[transfer.source_owner_id]
