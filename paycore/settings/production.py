"""Other people's money: no default for a secret, nothing over plain HTTP."""

from .base import *
from .environment import (
    ROOT,
    env,
    required,
    required_secret,
    switch,
    whole_number,
)
from .interfaces import STRICT_PASSWORD_VALIDATORS, jwt_settings
from .payouts import required_encryption_keys

DEBUG = False
SECRET_KEY = required_secret("SECRET_KEY", least=50)
SIMPLE_JWT = jwt_settings(
    secret_key=SECRET_KEY,
    signing_key=required_secret("JWT_SIGNING_KEY", least=32, default=""),
    access_seconds=ACCESS_TOKEN_LIFETIME,
    refresh_seconds=REFRESH_TOKEN_LIFETIME,
)
METRICS_TOKEN = required_secret("METRICS_TOKEN", least=32)
ENCRYPTION_KEYS = required_encryption_keys()
# Else money would leave for a bank that is none.
required("PAYOUT_GATEWAYS", example="EUR=sepa")
_HOSTS = required("ALLOWED_HOSTS", example="pay.example.com", refused=("*",))
ALLOWED_HOSTS = [host.strip() for host in _HOSTS.split(",")]
# Read again here only to refuse an empty one: base would choose the embedded servers.
required("DATABASE_URL", example="postgres://paycore:...@db.internal:5432/paycore")
required("REDIS_URL", example="redis://:...@redis.internal:6379/0")

# TLS ends at the proxy in front, which says so in this header.
_TLS_HEADER: str = env.str("TLS_PROXY_HEADER", default="X-Forwarded-Proto")
SECURE_PROXY_SSL_HEADER = (f"HTTP_{_TLS_HEADER.upper().replace('-', '_')}", "https")
SECURE_SSL_REDIRECT = switch("TLS_REDIRECT", default=True)
# Health checks of a container come over plain HTTP, from inside.
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
SECURE_HSTS_SECONDS = whole_number("HSTS_SECONDS", default=31536000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# `manage.py collectstatic` fills it when the image is built.
STATIC_ROOT = ROOT / "staticfiles"
WHITENOISE_USE_FINDERS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

ENVIRONMENT_NAME = env.str("ENVIRONMENT_NAME", default="production")

AUTH_PASSWORD_VALIDATORS = STRICT_PASSWORD_VALIDATORS
