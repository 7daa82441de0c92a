"""Reading people."""

from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from paycore.lib.errors import NotFound


def list_users() -> QuerySet[User]:
    """Everybody, newest first, each with what `role` asks for."""
    return User.objects.prefetch_related("groups").order_by("-created_at", "-pk")


def get_user(*, user_id: UUID) -> User:
    """Raises: `NotFound`."""
    user = list_users().filter(pk=user_id).first()
    if user is None:
        raise NotFound
    return user


def find_user_by_email(*, email: str) -> User | None:
    return User.objects.filter(email=email.lower()).first()
