"""What staff may do in the back office follows from their role, not from tick boxes."""

from typing import Any, Final

from django.contrib.auth.backends import ModelBackend

from accounts.models import User
from accounts.selectors import list_users
from paycore.lib.roles import Role

# Django's permissions to edit rows, and ours to go beyond what the books allow. Only
# admins have these; operators look at everything and press the other buttons, whose
# permissions have names of their own.
FOR_ADMINS: Final = ("add_", "change_", "delete_", "force_")


class RoleBackend(ModelBackend):
    """Signs staff in by email and password, and answers for their permissions."""

    def get_user(self, user_id: Any) -> User | None:
        # With their groups, so that asking for a permission is never a query.
        user = list_users().filter(pk=user_id).first()
        return user if user is not None and user.is_active else None

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        role = _role_in_back_office(user_obj)
        if role is Role.OPERATOR:
            return not perm.partition(".")[2].startswith(FOR_ADMINS)
        return role is Role.ADMIN

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return _role_in_back_office(user_obj).is_staff


def _role_in_back_office(user: Any) -> Role:
    if not isinstance(user, User) or not user.is_active or not user.is_staff:
        return Role.USER
    return user.role
