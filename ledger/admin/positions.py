"""On the first page: what the house holds of each currency, and what has no owner."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from ledger.house import HousePurpose, house_account_id
from ledger.models import LedgerAccount
from paycore.backoffice.columns import link_to, link_to_list
from paycore.backoffice.first_page import Place, on_first_page
from paycore.backoffice.tables import Column, Table
from paycore.lib.money import CURRENCIES, Currency

SHOWN: Final = {
    HousePurpose.FX: "Exchanges",
    HousePurpose.FX_INCOME: "Income from exchanges",
    HousePurpose.SUSPENSE: "Suspense",
}

# A currency with the accounts of the house in it that have moved.
Position = tuple[Currency, dict[UUID, LedgerAccount]]


@on_first_page(Place.POSITIONS)
def positions_of_house() -> Table:
    """Of every currency that was ever exchanged or put into suspense."""
    return Table(
        title="Liquidity by currency",
        columns=(
            Column("Currency", lambda position: position[0]),
            *(
                Column(title, _balance_of(purpose), is_number=True)
                for purpose, title in SHOWN.items()
            ),
        ),
        rows=_find_positions(),
        links=[
            link_to_list("ledger_ledgeraccount", title, whose=purpose.value, used="yes")
            for purpose, title in SHOWN.items()
        ],
        note="Exchanges: what customers gave for other currencies, less what they got;"
        " below zero the house is short of the currency. Suspense: deposits whose owner"
        " nobody knows yet.",
        empty="Nothing was exchanged yet, and nothing is in suspense.",
    )


def _find_positions() -> list[Position]:
    # By their ids, which follow from their codes, so that nothing is searched for.
    accounts = LedgerAccount.objects.filter(
        version__gt=0,
        pk__in=[
            house_account_id(purpose, currency)
            for currency in CURRENCIES.all()
            for purpose in SHOWN
        ],
    )
    positions: dict[Currency, dict[UUID, LedgerAccount]] = {}
    for account in accounts.order_by("currency"):
        position = positions.setdefault(account.posted.currency, {})
        position[account.pk] = account
    return list(positions.items())


def _balance_of(purpose: HousePurpose) -> Callable[[Position], object]:
    def cell(position: Position) -> object:
        currency, accounts = position
        account = accounts.get(house_account_id(purpose, currency))
        if account is None:
            return None
        return link_to("ledger_ledgeraccount", account.pk, account.posted)

    return cell
