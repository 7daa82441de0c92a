"""What staff see of risk: held payments, what was thought of each, and what holds."""

from risk.admin.assessments import AssessmentPages
from risk.admin.bands import BandPages
from risk.admin.limits import LimitPages
from risk.admin.panels import held_payments
from risk.admin.reviews import ReviewPages
from risk.admin.rules import RulePages
from risk.admin.tables import assessments_of_user, limits_of_user, risk_of_payment

__all__ = [
    "AssessmentPages",
    "BandPages",
    "LimitPages",
    "ReviewPages",
    "RulePages",
    "assessments_of_user",
    "held_payments",
    "limits_of_user",
    "risk_of_payment",
]
