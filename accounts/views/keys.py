"""API keys over HTTP: for people, and for keys with the scope `admin`.

Any other key could otherwise give itself what it was not given.
"""

from django.http import HttpResponse
from rest_framework.request import Request

from accounts import services
from accounts.selectors import list_api_keys
from accounts.serializers import ApiKeyRequest, ApiKeyResource, NewApiKeyResource
from paycore.api.openapi import PageOf, documented
from paycore.api.pagination import PageQuery, read_page
from paycore.api.principals import Scope
from paycore.api.views import ApiView, path_id
from paycore.lib.errors import NotFound


class ApiKeys(ApiView):
    scopes = {"GET": Scope.ADMIN, "POST": Scope.ADMIN}

    @documented(
        "List API keys",
        description="The caller's own that are not revoked, without their secrets.",
        query=PageQuery,
        answers={200: PageOf(ApiKeyResource)},
    )
    def get(self, request: Request) -> HttpResponse:
        query = self.read_query(PageQuery)
        rows = list_api_keys(owner_id=self.principal.user_id)
        return self.answer(read_page(rows, query=query).map(ApiKeyResource.of))

    @documented(
        "Make an API key",
        description="This answer is the only one that has the key in it; only a hash is"
        " stored, and so an Idempotency-Key is ignored. The key acts for the caller,"
        " within its scopes and never beyond the role that the caller has at the time."
        " The scopes `deposits:write`, `reviews:write` and `admin` are for staff.",
        request=ApiKeyRequest,
        answers={201: NewApiKeyResource},
    )
    def post(self, request: Request) -> HttpResponse:
        body = self.read_body(ApiKeyRequest)
        new = services.create_api_key(
            owner=self.principal,
            name=body.name,
            scopes=frozenset(body.scopes),
            expires_at=body.expires_at,
            origin=self.origin,
        )
        return self.answer(NewApiKeyResource.of_new(new), 201)


class ApiKeyDetail(ApiView):
    scopes = {"DELETE": Scope.ADMIN}

    @documented(
        "Revoke an API key",
        description="At once and for good.",
        answers={204: None},
        refusals=(NotFound,),
    )
    def delete(self, request: Request, api_key_id: str) -> HttpResponse:
        services.revoke_api_key(
            api_key_id=path_id(api_key_id, NotFound),
            owner_id=self.principal.user_id,
            origin=self.origin,
        )
        return self.answer(None, 204)
