"""Signing in over HTTP. An Idempotency-Key is ignored: no token is ever stored."""

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request

from accounts import services, tokens
from accounts.authentication import admit
from accounts.serializers import (
    LoginRequest,
    RefreshedResource,
    RefreshRequest,
    SessionResource,
)
from paycore.api.views import ApiView


class Login(ApiView):
    """`/v1/auth/login`."""

    public = True

    def post(self, request: Request) -> HttpResponse:
        """Sign in with email and password."""
        body = self.read_body(LoginRequest)
        user = services.authenticate_user(email=body.email, password=body.password)
        session = SessionResource(
            access=tokens.issue_access_token(
                user_id=user.pk, password_hash=user.password
            ),
            refresh=tokens.issue_refresh_token(
                user_id=user.pk, password_hash=user.password
            ),
            expires_in=settings.ACCESS_TOKEN_LIFETIME,
        )
        return self.answer(session)


class Refresh(ApiView):
    """`/v1/auth/refresh`."""

    public = True

    def post(self, request: Request) -> HttpResponse:
        """A new access token for a refresh token, which stays good until it expires."""
        body = self.read_body(RefreshRequest)
        caller = admit(tokens.read_refresh_token(body.refresh))
        access = tokens.issue_access_token(
            user_id=caller.user_id, password_hash=caller.password_hash
        )
        expires_in = settings.ACCESS_TOKEN_LIFETIME
        return self.answer(RefreshedResource(access=access, expires_in=expires_in))
