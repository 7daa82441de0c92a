"""The pages of people."""

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts import services
from accounts.models import User
from accounts.selectors import list_users
from paycore.backoffice.columns import link_to_list, status_column
from paycore.backoffice.orders import Order, with_reason
from paycore.backoffice.readonly import ReadOnly

# Roles decide what staff may do, so a page to tick permissions would mislead.
admin.site.unregister(Group)


@admin.register(User)
class UserPages(ReadOnly[User]):
    list_display = ("email", "full_name", "shown_status", "shown_role", "created_at")
    list_filter = ("status", "is_staff")
    search_fields = ("=id", "=email")
    search_help_text = "The whole id or email address"
    date_hierarchy = "created_at"
    list_select_related = False
    fields = (
        "id",
        "email",
        "full_name",
        "shown_status",
        "shown_role",
        "time_zone",
        "currency",
        "created_at",
        "accounts",
        "api_keys",
        "events",
    )
    readonly_fields = fields
    actions_detail = ("suspend", "reactivate")

    shown_status = status_column(ordering="status")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return list_users()

    @admin.display(description="role")
    def shown_role(self, user: User) -> str:
        return user.role.value

    @admin.display(description="accounts")
    def accounts(self, user: User) -> SafeString:
        return link_to_list("accounts_account", "Their accounts", owner=user.pk)

    @admin.display(description="API keys")
    def api_keys(self, user: User) -> SafeString:
        return link_to_list("accounts_apikey", "Their API keys", user=user.pk)

    @admin.display(description="events")
    def events(self, user: User) -> SafeString:
        return link_to_list("events_event", "What happened", subject_id=user.pk)

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
