"""The pages of API keys, and their table on the page of a person."""

from collections.abc import Collection

from django.contrib import admin

from accounts import services
from accounts.models import ApiKey, User
from events.admin import events_of_subject
from paycore.backoffice.columns import link_column, link_to, link_to_list
from paycore.backoffice.lists import exact_filter
from paycore.backoffice.orders import Order, with_reason
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import Column, Table, newest


def keys_of(user: User) -> Table:
    """The newest keys of a person, revoked ones too."""
    keys = ApiKey.objects.filter(user=user).order_by("-created_at", "-pk")
    return Table(
        title="API keys",
        columns=(
            Column("Key", lambda key: link_to("accounts_apikey", key.pk, key)),
            Column("Name", lambda key: key.name),
            Column("Scopes", lambda key: ", ".join(key.scopes)),
            Column("Last used", lambda key: key.last_used_at or "never"),
            Column("Revoked", lambda key: key.revoked_at or ""),
        ),
        rows=newest(keys),
        links=[link_to_list("accounts_apikey", "All API keys", user=user.pk)],
        count="newest first",
    )


@admin.register(ApiKey)
class ApiKeyPages(Pages[ApiKey]):
    list_display = (
        *("prefix", "name", "person", "shown_scopes", "created_at"),
        *("last_used_at", "expires_at", "revoked_at"),
    )
    list_filter = (exact_filter("user", title="owner id"),)
    search_fields = ("=id", "=user__email", "=user")
    search_help_text = "The whole id of the key, or the owner's id or email address"
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")
    list_select_related = ("user",)
    fields = (
        ("prefix", "name"),
        ("person", "shown_scopes"),
        ("created_at", "last_used_at"),
        ("expires_at", "revoked_at"),
        "id",
    )
    readonly_fields = (
        *("id", "prefix", "name", "person", "shown_scopes"),
        *("created_at", "last_used_at", "expires_at", "revoked_at"),
    )
    actions_detail = ("revoke",)

    person = link_column(
        "user_id", page="accounts_user", text="user.email", description="owner"
    )

    @admin.display(description="scopes")
    def shown_scopes(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    def buttons_for(self, row: ApiKey) -> Collection[str]:
        return {"revoke"} if row.revoked_at is None else ()

    def tables(self, row: ApiKey) -> list[Table]:
        return [events_of_subject(row.pk)]

    @with_reason(
        title="Revoke",
        permission="accounts.revoke_apikey",
        explanation="Whoever uses this key is refused from now on, for good.",
        is_dangerous=True,
    )
    def revoke(self, order: Order) -> str:
        services.revoke_api_key(
            api_key_id=order.object_id,
            owner_id=None,
            reason=order.reason,
            origin=order.origin,
        )
        return "The key is revoked."
