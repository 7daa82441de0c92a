"""What the database refuses of conversions, returns, holds and messages, by name."""

import pytest

from paycore.lib.ids import new_id
from paycore.testing.attacks import copy_row, refusal_of, run
from paycore.testing.attacks import undone  # noqa: F401
from transfers.models import InboxMessage, ProviderDeposit
from transfers.tests.movements import (
    exchange,
    fail,
    hold_purchase,
    purchase,
    refund,
    reverse,
)
from transfers.tests.providers import Provider, notice
