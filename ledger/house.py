"""The house's own accounts: one per purpose and currency, known by name.

Their ids are derived from their codes, so no flow has to look one up.
"""

from enum import StrEnum
from functools import cache
from typing import Final
from uuid import UUID, uuid5

from paycore.lib.money import Currency

_NAMESPACE: Final = UUID("7b0f3c53-6f0a-5b6c-9d53-0d8d5f2a9c11")


class HousePurpose(StrEnum):
    """The other side of each flow that crosses the border of the books."""

    OPENING = "opening"
    DEPOSITS = "deposits"
    FX = "fx"
    FX_INCOME = "fx_income"
    MERCHANTS = "merchants"
    PAYOUTS = "payouts"
    SUSPENSE = "suspense"


def house_code(purpose: HousePurpose, currency: Currency) -> str:
    return f"house:{purpose}:{currency.code}"


@cache
def house_account_id(purpose: HousePurpose, currency: Currency) -> UUID:
    return uuid5(_NAMESPACE, house_code(purpose, currency))
