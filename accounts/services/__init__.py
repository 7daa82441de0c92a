"""All writes of people, their keys, and the accounts they hold."""

from accounts.services.account import (
    AccountDraft,
    close_account,
    freeze_account,
    open_account,
    unfreeze_account,
)
from accounts.services.keys import (
    NewApiKey,
    create_api_key,
    digest_of,
    note_key_use,
    revoke_api_key,
)
from accounts.services.orders import (
    Payer,
    find_party,
    read_amount,
    refuse_other_currency,
    refuse_strangers_account,
)
from accounts.services.people import (
    Person,
    UserDraft,
    authenticate_user,
    close_user,
    create_user,
    draft_user,
    grant_role,
    reactivate_user,
    set_password,
    suspend_user,
)

__all__ = [
    "AccountDraft",
    "NewApiKey",
    "Payer",
    "Person",
    "UserDraft",
    "authenticate_user",
    "close_account",
    "close_user",
    "create_api_key",
    "create_user",
    "digest_of",
    "draft_user",
    "find_party",
    "freeze_account",
    "grant_role",
    "note_key_use",
    "open_account",
    "reactivate_user",
    "read_amount",
    "refuse_other_currency",
    "refuse_strangers_account",
    "revoke_api_key",
    "set_password",
    "suspend_user",
    "unfreeze_account",
]
