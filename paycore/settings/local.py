"""A person's own machine: `make run`, `make demo`, `manage.py`."""

from .base import *
from .environment import env, kept_secret
from .interfaces import jwt_settings

DEBUG = env.bool("DEBUG", default=False)
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

# A developer sees a changed file at once.
WHITENOISE_AUTOREFRESH = DEBUG
