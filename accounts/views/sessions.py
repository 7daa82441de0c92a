"""Signing in over HTTP. An Idempotency-Key is ignored: no token is ever stored."""

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request

from accounts import services, tokens
from accounts.authentication import admit
from accounts.selectors import Caller
from accounts.serializers import (
    LoginRequest,
    RefreshedResource,
    RefreshRequest,
    SessionResource,
)
from paycore.api.openapi import documented
from paycore.api.views import ApiView
from paycore.lib.errors import PermissionDenied, Unauthenticated


class Login(ApiView):
    public = True

    @documented(
        "Sign in",
        description="The answer is the same, and takes the same time, for an unknown"
        " address and a wrong password. Who is suspended gets 403. A new password ends"
        " all tokens.",
        request=LoginRequest,
        answers={200: SessionResource},
        refusals=(Unauthenticated, PermissionDenied),
    )
    def post(self, request: Request) -> HttpResponse:
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
    public = True

    @documented(
        "Get a new access token",
        description="The refresh token stays good until it expires.",
        request=RefreshRequest,
        answers={200: RefreshedResource},
        refusals=(Unauthenticated, PermissionDenied),
    )
    def post(self, request: Request) -> HttpResponse:
        body = self.read_body(RefreshRequest)
        caller = _caller_of(body.refresh)
        access = tokens.issue_access_token(
            user_id=caller.user_id, password_hash=caller.password_hash
        )
        expires_in = settings.ACCESS_TOKEN_LIFETIME
        return self.answer(RefreshedResource(access=access, expires_in=expires_in))


def _caller_of(refresh: str) -> Caller:
    try:
        return admit(tokens.read_refresh_token(refresh))
    except Unauthenticated as error:
        # What it says elsewhere is about a header, and this caller sent a body.
        raise Unauthenticated(
            why="The refresh token is wrong or has ended. Sign in again."
        ) from error
