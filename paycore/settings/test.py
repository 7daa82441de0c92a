"""The tests: servers of their own, nothing from outside, quick passwords."""

import os
from decimal import Decimal

from .base import *
from .environment import env
from .interfaces import STRICT_PASSWORD_VALIDATORS, jwt_settings
from .payouts import new_encryption_key
from .servers import broker_url, database, redis_url, session_bounds
from .workers import celery_config

DEBUG = False
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
SECRET_KEY = "not a secret: only tests sign with this, and anyone may read them"
SIMPLE_JWT = jwt_settings(
    secret_key=SECRET_KEY, signing_key="", access_seconds=900, refresh_seconds=86400
)
# The fastest one, first; the real one stays so that a test may ask for it.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "accounts.hashers.Argon2",
]

# A cluster of its own, without fsync: `make test` must not touch what `make run` keeps.
HOME = HOME / "test"
DURABLE = False
DATABASES["default"] = database(HOME, options=DATABASES["default"]["OPTIONS"])
# Tests start more threads than there are connections.
DATABASES["default"]["OPTIONS"]["pool"]["timeout"] = 60
# Nor is a busy machine a reason to fail. Tests of these bounds set short ones.
DATABASES["default"]["OPTIONS"]["connect_timeout"] = 30
DATABASES["default"]["OPTIONS"]["options"] = session_bounds(
    lock=30_000, statement=60_000, idle=120_000
)
REDIS_URL = redis_url(HOME)
# The processes of all test runs share the server and must not count together.
REDIS_KEY_PREFIX = ":".join(
    (
        "paycore-test",
        os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid())),
        os.environ.get("PYTEST_XDIST_WORKER", "main"),
        "",
    )
)
CELERY = celery_config(
    broker_url=broker_url(REDIS_URL), key_prefix=REDIS_KEY_PREFIX
) | {"task_always_eager": True, "task_eager_propagates": True}

# What a person's environment says must not decide whether the tests pass.
RATE_LIMIT_ANONYMOUS = "off"
RATE_LIMIT_AUTHENTICATED = "off"
METRICS_TOKEN = ""
DEMO_PASSWORD = ""
TRUSTED_PROXIES = 0
ACCESS_TOKEN_LIFETIME = 900
REFRESH_TOKEN_LIFETIME = 86400
IDEMPOTENCY_RETENTION_DAYS = 30
FX_QUOTE_TTL = 60
FX_MAX_AGE = 6 * 86400
FX_SOURCES = []
DEPOSIT_WEBHOOK_SECRETS = []
CURRENCIES_EXTRA = {"BTC": 8}
ENCRYPTION_KEYS = [new_encryption_key()]
PAYOUT_GATEWAYS = {"*": "sandbox"}
PAYOUT_APPROVAL_ABOVE = {"MYR": Decimal(20000)}
PAYOUT_GATEWAY_TIMEOUT = 2
PAYOUT_UNKNOWN_AFTER = 900
PAYOUT_LEASE = 60
PAYOUT_MAX_ATTEMPTS = 8
PAYOUT_WATCH_DAYS = 7
RISK_CURRENCY = "MYR"
RISK_KINDS = frozenset({"purchase", "payout"})
REVIEW_SLA = 4 * 3600
SANDBOX_BANK_URL = ""
SEPA_DEBTOR_NAME = "Paycore Test Ltd"
SEPA_DEBTOR_IBAN = "DE02120300000000202051"
SEPA_DEBTOR_BIC = "BYLADEM1001"
SEPA_OUTBOX = ""
SEPA_PATIENCE_DAYS = 5
ENVIRONMENT_NAME = "test"
LOGGING["root"]["level"] = "WARNING"
# Else each test client would scan all static files.
WHITENOISE_AUTOREFRESH = True
# As in production.
AUTH_PASSWORD_VALIDATORS = STRICT_PASSWORD_VALIDATORS
