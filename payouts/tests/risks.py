"""Which payouts risk holds, whatever the hour at which the tests run."""

from paycore.testing.wallets import STAGE
from risk.configuration import Bands
from risk.services.configuration import configure_bands


def hold_what_is_unusual() -> None:
    """However little: a large amount is enough."""
    configure_bands(bands=Bands(0, 1, 200), reason="r", origin=STAGE)
