"""Settings of what people and programs talk to: HTTP, REST, OpenAPI, back office."""

import hashlib
import hmac
from datetime import timedelta
from typing import Any

from .environment import ROOT

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "paycore.api.middleware.RequestContext",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Before those of unfold, which must come before ours in INSTALLED_APPS.
        "DIRS": [ROOT / "paycore/backoffice/templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                f"django.{name}"
                for name in (
                    "template.context_processors.request",
                    "contrib.auth.context_processors.auth",
                    "contrib.messages.context_processors.messages",
                )
            ]
        },
    }
]


def password_validators(*names: str) -> list[dict[str, Any]]:
    return [
        {"NAME": f"django.contrib.auth.password_validation.{name}"} for name in names
    ]


AUTH_PASSWORD_VALIDATORS = password_validators("MinimumLengthValidator")
# Where passwords guard real money; a developer may sign up with "password123".
STRICT_PASSWORD_VALIDATORS = password_validators(
    "MinimumLengthValidator", "CommonPasswordValidator"
)

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.BearerToken",
        "accounts.authentication.ApiKeyHeader",
    ],
    # `ApiView` judges roles and scopes itself.
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_PARSER_CLASSES": ["paycore.api.parsing.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "paycore.api.openapi.ApiSchema",
    "EXCEPTION_HANDLER": "paycore.api.problems.answer_exception",
    "UNAUTHENTICATED_USER": None,
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "paycore",
    "DESCRIPTION": """A payments core: accounts, a double-entry ledger, transfers.

Amounts are decimal strings beside their currency, ids are UUIDv7, times are RFC 3339 in
UTC. Unknown fields and query parameters are refused. Lists are newest first, in pages:
send `next_cursor` as `cursor` for the next one.

Send an `Idempotency-Key` with every order: sent again with the same request, it brings
the first answer again. Errors are problem documents (RFC 9457) whose `code` is stable;
each is explained under its `type`. A request is judged in this order: authentication,
role and scope, shape, what it names, ownership, conflicts, business rules.

OPTIONS is not answered by any resource: this document says what there is.
""",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "",
    "SORT_OPERATIONS": False,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "POSTPROCESSING_HOOKS": ["paycore.api.openapi.add_shared_parts"],
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "paycore",
    "SITE_HEADER": "paycore back office",
    "SITE_SUBHEADER": "All times are UTC",
    "SITE_SYMBOL": "account_balance",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": "paycore.backoffice.site.favicon_address",
        }
    ],
    "ENVIRONMENT": "paycore.backoffice.site.environment_badge",
    "ENVIRONMENT_TITLE_PREFIX": "paycore.backoffice.site.environment_prefix",
    "DASHBOARD_CALLBACK": "paycore.backoffice.first_page.add_panels",
    "LOGIN": {"form": "accounts.forms.SignInForm"},
    # What happened is told by our events, not by Django's log of edits.
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {"show_search": True, "show_all_applications": True},
}


def jwt_settings(
    *, secret_key: str, signing_key: str, access_seconds: int, refresh_seconds: int
) -> dict[str, Any]:
    """`SIMPLE_JWT`. Without a key of its own, tokens get one made from `secret_key`."""
    derived = hmac.new(secret_key.encode(), b"paycore access tokens", hashlib.sha256)
    return {
        "ALGORITHM": "HS256",
        "SIGNING_KEY": signing_key or derived.hexdigest(),
        "ACCESS_TOKEN_LIFETIME": timedelta(seconds=access_seconds),
        "REFRESH_TOKEN_LIFETIME": timedelta(seconds=refresh_seconds),
        "ISSUER": "paycore",
        "UPDATE_LAST_LOGIN": False,
    }
