"""A person's own machine: `make run`, `make demo`, `manage.py`."""

from .base import *
from .environment import (
    env,
    kept_secret,
    new_webhook_secret,
    switch,
    webhook_secrets,
)
from .interfaces import jwt_settings
from .payouts import encryption_keys, new_encryption_key

DEBUG = switch("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# Made once for this home, so sessions and tokens outlive a restart.
SECRET_KEY = env.str("SECRET_KEY", default="") or kept_secret(HOME / "secret_key")
SIMPLE_JWT = jwt_settings(
    secret_key=SECRET_KEY,
    signing_key=env.str("JWT_SIGNING_KEY", default=""),
    access_seconds=ACCESS_TOKEN_LIFETIME,
    refresh_seconds=REFRESH_TOKEN_LIFETIME,
)

# Made once for this home too, so that a signed message can be tried.
_KEPT = HOME / "deposit_webhook_secret"
_GIVEN = webhook_secrets("DEPOSIT_WEBHOOK_SECRET")
DEPOSIT_WEBHOOK_SECRETS = _GIVEN or webhook_secrets(
    "DEPOSIT_WEBHOOK_SECRET", default=kept_secret(_KEPT, make=new_webhook_secret)
)
DEPOSITS_ARE_SIGNED_WITH = "DEPOSIT_WEBHOOK_SECRET" if _GIVEN else str(_KEPT)

# And this one, or what it sealed could not be read after a restart.
ENCRYPTION_KEYS = encryption_keys() or encryption_keys(
    default=kept_secret(HOME / "encryption_key", make=new_encryption_key)
)

# A developer sees a changed file at once.
WHITENOISE_AUTOREFRESH = DEBUG
