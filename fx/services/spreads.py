"""What the house keeps of conversions."""

from fx.arithmetic import BASIS
from fx.models import Spread
from paycore.lib.errors import InvalidInput
from paycore.lib.money import Currency
from paycore.lib.origin import Origin


def set_spread(
    *,
    pair: tuple[Currency, Currency],
    basis_points: int,
    reason: str,
    origin: Origin,
) -> Spread:
    """From now on keep so much of conversions between two currencies, either way.

    Quotes made before keep their rate.

    Raises: `InvalidInput` for one currency twice, or a spread that leaves nothing.
    """
    base, quote = sorted(currency.code for currency in pair)
    if base == quote:
        raise InvalidInput(why="A spread is between two different currencies.")
    if not 0 <= basis_points < BASIS:
        raise InvalidInput(why=f"A spread is 0 to {BASIS - 1} basis points.")
    return Spread.objects.create(
        base=base,
        quote=quote,
        basis_points=basis_points,
        actor=origin.actor,
        reason=reason,
    )
