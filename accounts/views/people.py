"""People over HTTP."""

from collections.abc import Callable

from django.http import HttpResponse
from rest_framework.request import Request

from accounts import services
from accounts.errors import DuplicateUser
from accounts.models import User
from accounts.selectors import get_user
from accounts.serializers import ReasonRequest, SignUpRequest, UserResource
from paycore.api.openapi import documented
from paycore.api.principals import Scope
from paycore.api.views import ApiView, path_id
from paycore.lib.errors import InvalidState, NotFound, UnsupportedCurrency


class Users(ApiView):
    public = True

    @documented(
        "Sign up",
        description="Makes a person without any special role.",
        request=SignUpRequest,
        answers={201: UserResource},
        refusals=(UnsupportedCurrency, DuplicateUser),
        key="accepted",
    )
    def post(self, request: Request) -> HttpResponse:
        body = self.read_body(SignUpRequest)
        # Before the transaction, which must not wait for the hashing of a password.
        draft = services.draft_user(
            email=body.email,
            password=body.password,
            full_name=body.full_name,
            time_zone=body.time_zone,
            currency=body.currency,
        )

        def work() -> tuple[int, UserResource]:
            user = services.create_user(draft=draft, origin=self.origin)
            return 201, UserResource.of(user)

        return self.answer_once(body, work, key_required=False)


class Me(ApiView):
    @documented(
        "Show the caller",
        description="The person whose token or API key this is.",
        answers={200: UserResource},
    )
    def get(self, request: Request) -> HttpResponse:
        user = get_user(user_id=self.principal.user_id)
        return self.answer(UserResource.of(user))


class _Judgement(ApiView):
    def judge(self, user_id: str, service: Callable[..., User]) -> HttpResponse:
        body = self.read_body(ReasonRequest)

        def work() -> tuple[int, UserResource]:
            user = service(
                user_id=path_id(user_id, NotFound),
                by=self.principal,
                reason=body.reason,
                origin=self.origin,
            )
            return 200, UserResource.of(user)

        return self.answer_once(body, work, key_required=False)


class Suspension(_Judgement):
    operators = frozenset({"POST"})
    scopes = {"POST": Scope.ADMIN}

    @documented(
        "Suspend a person",
        description="They can do nothing from then on, also with tokens and API keys"
        " that they have: they get 403. What they ordered before goes on: freeze their"
        " accounts to stop that too. Nobody suspends themselves, and only"
        " administrators suspend administrators.",
        request=ReasonRequest,
        answers={200: UserResource},
        refusals=(NotFound, InvalidState),
        key="accepted",
    )
    def post(self, request: Request, user_id: str) -> HttpResponse:
        return self.judge(user_id, services.suspend_user)


class Reactivation(_Judgement):
    operators = frozenset({"POST"})
    scopes = {"POST": Scope.ADMIN}

    @documented(
        "Reactivate a suspended person",
        description="Their API keys, and tokens that have not expired, work again.",
        request=ReasonRequest,
        answers={200: UserResource},
        refusals=(NotFound, InvalidState),
        key="accepted",
    )
    def post(self, request: Request, user_id: str) -> HttpResponse:
        return self.judge(user_id, services.reactivate_user)
