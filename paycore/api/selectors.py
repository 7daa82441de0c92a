"""Reading what the API remembers."""

from typing import Final

from django.db.models import QuerySet

from paycore.api.models import IdempotencyKey

REFUSED: Final = 422


def list_refusals(*, among_latest: int) -> QuerySet[IdempotencyKey]:
    """The latest of the remembered requests that were refused by a business rule.

    Only so many requests are looked at, because refusals have no index: it would cost
    every order something.
    """
    latest = IdempotencyKey.objects.order_by("-pk")[:among_latest].values("pk")
    return IdempotencyKey.objects.filter(pk__in=latest, status=REFUSED).order_by("-pk")
