"""What a verdict does to a payment: for the apps above to say.

Risk knows no transfers and no payouts. They tell it, when Django starts, how each of
theirs is locked, completed and failed.
"""

from typing import Final, Protocol
from uuid import UUID

from paycore.lib.origin import Origin
from risk.payments import SubjectType


class HeldSubject(Protocol):
    """How one type of payments follows a verdict. All inside one transaction."""

    def lock(self, subject_id: UUID) -> None:
        """Lock the payment, before its review and before any account."""

    def approve(self, subject_id: UUID, *, origin: Origin) -> None:
        """Let it go on. Raises: a refusal when it cannot."""

    def reject(self, subject_id: UUID, *, origin: Origin) -> None:
        """Fail it as `REJECTED`, and give back its funds."""


# The failure code of whatever a person has rejected.
REJECTED: Final = "rejected_by_review"

_SUBJECTS: Final[dict[SubjectType, HeldSubject]] = {}


def register_subject(subject_type: SubjectType, subject: HeldSubject) -> None:
    """Say what verdicts do to payments of this type. Once, from `AppConfig.ready`."""
    _SUBJECTS[subject_type] = subject


def subject_of(subject_type: str) -> HeldSubject:
    """Raises: `KeyError` for a type that nobody registered: a bug."""
    return _SUBJECTS[SubjectType(subject_type)]
