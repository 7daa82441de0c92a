"""Reading API keys. Their secrets cannot be read: they are not there."""

from uuid import UUID

from django.db.models import QuerySet

from accounts.models import ApiKey


def list_api_keys(*, owner_id: UUID) -> QuerySet[ApiKey]:
    """The keys that somebody made and has not revoked, newest first."""
    keys = ApiKey.objects.filter(user_id=owner_id, revoked_at__isnull=True)
    return keys.order_by("-created_at", "-pk")
