"""Making risk suspect everything or nothing, for tests of what is held or is not."""

from dataclasses import replace

from paycore.lib.origin import Origin
from risk.configuration import Bands
from risk.models import RuleSetting, RuleState
from risk.payments import PaymentKind
from risk.services import configure_bands, configure_rule, find_rule

STAGE = Origin(actor="test")
REASON = "A test needs it"
AT_ANY_HOUR = {"from_hour": 0, "to_hour": 24}


def suspect_everything(*, points: int = 70) -> RuleSetting:
    """From now on every payment scores at least this, at any hour of the day."""
    rule = replace(
        find_rule("OFF_HOURS"),
        state=RuleState.ON,
        points=points,
        parameters=AT_ANY_HOUR,
        kinds=tuple(PaymentKind),
    )
    configure_bands(bands=Bands(), reason=REASON, origin=STAGE)
    return configure_rule(rule=rule, reason=REASON, origin=STAGE)


def suspect_nothing() -> None:
    """From now on nothing is held: no score comes so far."""
    configure_bands(bands=Bands(198, 199, 200), reason=REASON, origin=STAGE)
