"""What every environment shares. Read `docs/configuration.md` for the variables."""

from logging import getLevelNamesMapping
from typing import Any

import django_stubs_ext

from paycore.api.logging import logging_config

from .environment import (
    ROOT,
    choice,
    currencies,
    env,
    rate,
    rate_sources,
    require_currencies,
    webhook_secrets,
    whole_number,
)
from .interfaces import (
    AUTH_PASSWORD_VALIDATORS,
    MIDDLEWARE,
    REST_FRAMEWORK,
    SPECTACULAR_SETTINGS,
    TEMPLATES,
    UNFOLD,
)
from .payouts import (
    PAYOUT_APPROVAL_ABOVE,
    PAYOUT_GATEWAY_TIMEOUT,
    PAYOUT_GATEWAYS,
    PAYOUT_LEASE,
    PAYOUT_MAX_ATTEMPTS,
    PAYOUT_UNKNOWN_AFTER,
    PAYOUT_WATCH_DAYS,
    SANDBOX_BANK_URL,
    SEPA_DEBTOR_BIC,
    SEPA_DEBTOR_IBAN,
    SEPA_DEBTOR_NAME,
    SEPA_OUTBOX,
    SEPA_PATIENCE_DAYS,
)
from .risk import REVIEW_SLA, RISK_CURRENCY, RISK_KINDS
from .servers import (
    POOL,
    broker_url,
    database,
    home_directory,
    redis_url,
    session_bounds,
)
from .workers import celery_config

# Without it `ModelAdmin[Payout]` fails at run time.
django_stubs_ext.monkeypatch()

HOME = home_directory()
# Shown in the back office, so that nobody takes one installation for another.
ENVIRONMENT_NAME: str = env.str("ENVIRONMENT_NAME", default="local")
# Whether the embedded servers must survive a power cut.
DURABLE = True
# Where the stack listens, on loopback; the password of the people that it seeds.
PORT = whole_number("PORT", default=8000, least=1)
DEMO_PASSWORD: str = env.str("DEMO_PASSWORD", default="")
BENCH_SECONDS = whole_number("BENCH_SECONDS", default=3, least=1)
BENCH_ACCOUNTS = whole_number("BENCH_ACCOUNTS", default=10000, least=100)
CHAOS_SECONDS = whole_number("CHAOS_SECONDS", default=60, least=1)
CHAOS_SEED = whole_number("CHAOS_SEED", default=0)

FIRST_PARTY_APPS = [
    "paycore.api",
    "paycore.backoffice",
    "paycore.stack",
    "ledger",
    "events",
    "fx",
    "accounts",
    "risk",
    "transfers",
    "payouts",
    "reports",
    "reconciliation",
]
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "paycore.backoffice.apps.BackOfficeAdmin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_prometheus",
    "pgtrigger",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    *FIRST_PARTY_APPS,
]
ROOT_URLCONF = "paycore.urls"
WSGI_APPLICATION = "paycore.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# A path that is not one of ours is a 404, whatever its last character.
APPEND_SLASH = False

# People.
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.RoleBackend"]
PASSWORD_HASHERS = ["accounts.hashers.Argon2"]
ACCESS_TOKEN_LIFETIME = whole_number("ACCESS_TOKEN_LIFETIME", default=900, least=1)
REFRESH_TOKEN_LIFETIME = whole_number("REFRESH_TOKEN_LIFETIME", default=86400, least=1)

# Storage. The address of an embedded server is only computed here.
LOCK_TIMEOUT_MS = whole_number("LOCK_TIMEOUT_MS", default=2000)
STATEMENT_TIMEOUT_MS = whole_number("STATEMENT_TIMEOUT_MS", default=10000)
IDLE_IN_TRANSACTION_TIMEOUT_MS = whole_number(
    "IDLE_IN_TRANSACTION_TIMEOUT_MS", default=15000
)
DATABASE_POOL_SIZE = whole_number("DATABASE_POOL_SIZE", default=16, least=1)
REDIS_URL = redis_url(HOME)
# Before every key, so that several installations can share one server.
REDIS_KEY_PREFIX: str = env.str("REDIS_KEY_PREFIX", default="paycore:")
DATABASES: dict[str, dict[str, Any]] = {
    "default": database(
        HOME,
        options={
            "pool": POOL | {"max_size": DATABASE_POOL_SIZE},
            # Values travel apart from the statement, so PostgreSQL can keep the plans
            # of hot statements (from the fifth time on) and read arrays as binary.
            "server_side_binding": True,
            "prepare_threshold": 5,
            "connect_timeout": 3,
            "application_name": "paycore",
            "options": session_bounds(
                lock=LOCK_TIMEOUT_MS,
                statement=STATEMENT_TIMEOUT_MS,
                idle=IDLE_IN_TRANSACTION_TIMEOUT_MS,
            ),
        },
    )
}

# Time and language.
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
# How the back office shows times. The language's own formats would come before the
# setting DATETIME_FORMAT.
FORMAT_MODULE_PATH = ["paycore.backoffice.formats"]
LANGUAGE_CODE = "en"

# The API.
CURRENCIES_EXTRA = currencies("CURRENCIES", default="BTC=8")
for _name, _codes in (
    ("RISK_CURRENCY", {RISK_CURRENCY}),
    ("PAYOUT_APPROVAL_ABOVE", PAYOUT_APPROVAL_ABOVE),
    ("PAYOUT_GATEWAYS", PAYOUT_GATEWAYS.keys() - {"*"}),
):
    require_currencies(_name, _codes, beside=CURRENCIES_EXTRA)
RATE_LIMIT_ANONYMOUS = rate("RATE_LIMIT_ANONYMOUS", default="600/minute")
RATE_LIMIT_AUTHENTICATED = rate("RATE_LIMIT_AUTHENTICATED", default="6000/minute")
TRUSTED_PROXIES = whole_number("TRUSTED_PROXIES", default=0)
WORKER_METRICS_PORT = whole_number("WORKER_METRICS_PORT", default=0)
METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")
IDEMPOTENCY_RETENTION_DAYS = whole_number(
    "IDEMPOTENCY_RETENTION_DAYS", default=30, least=30
)
FX_QUOTE_TTL = whole_number("FX_QUOTE_TTL", default=60, least=1)
# The European Central Bank says nothing from Thursday to Tuesday around Easter.
FX_MAX_AGE = whole_number("FX_MAX_AGE", default=6 * 86400, least=1)
FX_SOURCES = rate_sources(env.str("FX_SOURCES", default=""))
# What payment providers sign with (several while one is being replaced; without any,
# every message is refused), and where a person finds it.
DEPOSIT_WEBHOOK_SECRETS = webhook_secrets("DEPOSIT_WEBHOOK_SECRET")
DEPOSITS_ARE_SIGNED_WITH = "DEPOSIT_WEBHOOK_SECRET"
# The API judges the size of a body itself; this is the second fence.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# Static files: served by this process, here straight from the packages.
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True

LOGGING = logging_config(
    level=choice("LOG_LEVEL", of=getLevelNamesMapping(), default="INFO"),
    as_json=choice("LOG_FORMAT", of=("json", "text"), default="json") == "json",
)
PROMETHEUS_EXPORT_MIGRATIONS = False

CELERY = celery_config(broker_url=broker_url(REDIS_URL), key_prefix=REDIS_KEY_PREFIX)
