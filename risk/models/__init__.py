"""What holds, what was thought of each payment, and what waits for a person."""

from risk.models.assessment import Assessment, Band
from risk.models.review import MOVES, Review, ReviewStatus
from risk.models.settings import (
    BandSetting,
    LimitSetting,
    OnError,
    Period,
    RuleSetting,
    RuleState,
)

__all__ = [
    "MOVES",
    "Assessment",
    "Band",
    "BandSetting",
    "LimitSetting",
    "OnError",
    "Period",
    "Review",
    "ReviewStatus",
    "RuleSetting",
    "RuleState",
]
