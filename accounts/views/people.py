"""People over HTTP."""

from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from accounts import services
from accounts.models import User
from accounts.selectors import get_user
from accounts.serializers import ReasonRequest, SignUpRequest, UserResource
from paycore.api.principals import Scope
from paycore.api.views import ApiView, path_id
from paycore.lib.errors import NotFound


class Users(ApiView):
    """`/v1/users`."""

    public = True

    def post(self, request: Request) -> HttpResponse:
        """Sign up. Nobody can give themselves a role."""
        body = self.read_body(SignUpRequest)
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
    """`/v1/users/me`."""

    def get(self, request: Request) -> HttpResponse:
        """The person whose token or API key this is."""
        user = get_user(user_id=self.principal.user_id)
        return self.answer(UserResource.of(user))


class _Judgement(ApiView):
    operators = frozenset({"POST"})
    scopes = {"POST": Scope.ADMIN}

    def post(self, request: Request, user_id: str) -> HttpResponse:
        body = self.read_body(ReasonRequest)

        def work() -> tuple[int, UserResource]:
            judged = self.judge(path_id(user_id, NotFound), body.reason)
            return 200, UserResource.of(judged)

        return self.answer_once(body, work, key_required=False)

    def judge(self, user_id: UUID, reason: str) -> User:
        raise NotImplementedError


class Suspension(_Judgement):
    """`/v1/users/{id}/suspend`: stop somebody from acting, whatever they hold."""

    def judge(self, user_id: UUID, reason: str) -> User:
        return services.suspend_user(
            user_id=user_id, by=self.principal, reason=reason, origin=self.origin
        )


class Reactivation(_Judgement):
    """`/v1/users/{id}/reactivate`: let a suspended person act again."""

    def judge(self, user_id: UUID, reason: str) -> User:
        return services.reactivate_user(
            user_id=user_id, by=self.principal, reason=reason, origin=self.origin
        )
