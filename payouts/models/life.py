"""The words in which the life of a payout is told, and its turns."""

from typing import Final

from django.db import models


class PayoutStatus(models.TextChoices):
    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    MANUAL_REVIEW = "manual_review"
    CANCELLED = "cancelled"


# The whole life of a payout. Statuses without an arrow are final.
MOVES: Final[dict[PayoutStatus, frozenset[PayoutStatus]]] = {
    PayoutStatus.PENDING: frozenset(
        {PayoutStatus.PROCESSING, PayoutStatus.CANCELLED, PayoutStatus.FAILED}
    ),
    PayoutStatus.PROCESSING: frozenset(
        {PayoutStatus.COMPLETED, PayoutStatus.FAILED, PayoutStatus.MANUAL_REVIEW}
    ),
    PayoutStatus.MANUAL_REVIEW: frozenset(
        {PayoutStatus.COMPLETED, PayoutStatus.FAILED}
    ),
}
# Funds are on hold exactly in these.
UNSETTLED: Final = (
    PayoutStatus.PENDING,
    PayoutStatus.PROCESSING,
    PayoutStatus.MANUAL_REVIEW,
)


class Step(models.TextChoices):
    """What whoever takes a payout up must do first."""

    SUBMIT = "submit"
    ASK = "ask"
    # Ask that it be forgotten, after a person has decided that it was not sent.
    CANCEL = "cancel"


class Approval(models.TextChoices):
    REQUIRED = "required"
    APPROVED = "approved"


class Decision(models.TextChoices):
    """What a person may say of a payout whose outcome nobody knew."""

    CONFIRM_SENT = "confirm_sent"
    REFUND_FAILED = "refund_failed"
