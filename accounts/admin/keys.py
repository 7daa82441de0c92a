"""The pages of API keys."""

from django.contrib import admin

from accounts import services
from accounts.models import ApiKey
from paycore.backoffice.columns import link_column
from paycore.backoffice.orders import Order, with_reason
from paycore.backoffice.readonly import ReadOnly


@admin.register(ApiKey)
class ApiKeyPages(ReadOnly[ApiKey]):
    list_display = (
        "prefix",
        "name",
        "person",
        "shown_scopes",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    )
    search_fields = ("=id", "=prefix")
    search_help_text = "The whole id, or the first 12 characters of the key"
    date_hierarchy = "created_at"
    list_select_related = ("user",)
    fields = (
        "id",
        "prefix",
        "name",
        "person",
        "shown_scopes",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    )
    readonly_fields = fields
    actions_detail = ("revoke",)

    person = link_column("user_id", page="accounts_user", text="user.email")

    @admin.display(description="scopes")
    def shown_scopes(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

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
