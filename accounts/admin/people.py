"""The pages of people."""

from collections.abc import Collection
from typing import Final

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import services
from accounts.admin.keys import keys_of
from accounts.forms import NewPasswordForm
from accounts.models import USER_MOVES, User, UserStatus
from events.admin import events_of_subject
from paycore.backoffice.orders import Order, with_reason
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import Table

# Roles decide what staff may do, so a page to tick permissions would mislead.
admin.site.unregister(Group)
admin.site.password_change_form = NewPasswordForm

# The button that moves a person to a status.
BUTTONS: Final = {
    UserStatus.SUSPENDED: "suspend",
    UserStatus.ACTIVE: "reactivate",
    UserStatus.CLOSED: "close",
}


@admin.register(User)
class UserPages(Pages[User]):
    list_display = ("email", "full_name", "shown_status", "shown_role", "created_at")
    list_filter = ("status", "is_staff")
    search_fields = ("=id", "=email")
    search_help_text = "The whole id or email address"
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")
    fields = (
        ("email", "shown_status"),
        ("full_name", "shown_role"),
        ("time_zone", "currency"),
        ("created_at", "id"),
    )
    readonly_fields = (
        *("email", "shown_status", "full_name", "shown_role"),
        *("time_zone", "currency", "created_at", "id"),
    )
    actions_detail = ("suspend", "reactivate", "close")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description="role")
    def shown_role(self, user: User) -> str:
        return user.role.value

    def buttons_for(self, row: User) -> Collection[str]:
        moves = USER_MOVES.get(UserStatus(row.status), frozenset())
        return {BUTTONS[status] for status in moves}

    def tables(self, row: User) -> list[Table]:
        return [keys_of(row), events_of_subject(row.pk)]

    @with_reason(
        title="Suspend",
        permission="accounts.suspend_user",
        explanation="They can do nothing from now on, also with the tokens and API keys"
        " that they have. Their money stays where it is.",
        is_dangerous=True,
    )
    def suspend(self, order: Order) -> str:
        user = services.suspend_user(
            user_id=order.object_id,
            by=order.by,
            reason=order.reason,
            origin=order.origin,
        )
        return f"{user} is suspended."

    @with_reason(
        title="Reactivate",
        permission="accounts.suspend_user",
        explanation="They can act again, also with API keys made before.",
    )
    def reactivate(self, order: Order) -> str:
        user = services.reactivate_user(
            user_id=order.object_id,
            by=order.by,
            reason=order.reason,
            origin=order.origin,
        )
        return f"{user} is active again."

    @with_reason(
        title="Close",
        permission="accounts.suspend_user",
        explanation="They never sign in again. This cannot be undone, and needs all"
        " their accounts to be closed first.",
        is_dangerous=True,
    )
    def close(self, order: Order) -> str:
        user = services.close_user(
            user_id=order.object_id,
            by=order.by,
            reason=order.reason,
            origin=order.origin,
        )
        return f"{user} is closed."
