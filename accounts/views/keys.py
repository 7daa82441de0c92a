"""API keys over HTTP: for people, and for keys with the scope `admin`.

Any other key could otherwise give itself what it was not given.
"""

from django.http import HttpResponse
from rest_framework.request import Request

from accounts import services
from accounts.selectors import list_api_keys
from accounts.serializers import ApiKeyRequest, ApiKeyResource, NewApiKeyResource
from paycore.api.pagination import PageQuery, read_page
from paycore.api.principals import Scope
from paycore.api.views import ApiView, path_id
from paycore.lib.errors import NotFound


class ApiKeys(ApiView):
    """`/v1/api-keys`."""

    scopes = {"GET": Scope.ADMIN, "POST": Scope.ADMIN}

    def get(self, request: Request) -> HttpResponse:
        """The caller's keys that are not revoked, newest first, without secrets."""
        query = self.read_query(PageQuery)
        page = read_page(list_api_keys(owner_id=self.principal.user_id), query=query)
        return self.answer(page.map(ApiKeyResource.of))

    def post(self, request: Request) -> HttpResponse:
        """Make a key.

        This answer is the only one with the key in it. It is not stored, so an
        Idempotency-Key is ignored: a retry makes another key.
        """
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
    """`/v1/api-keys/{id}`."""

    scopes = {"DELETE": Scope.ADMIN}

    def delete(self, request: Request, api_key_id: str) -> HttpResponse:
        """Revoke a key, at once and for good."""
        services.revoke_api_key(
            api_key_id=path_id(api_key_id, NotFound),
            owner_id=self.principal.user_id,
            origin=self.origin,
        )
        return self.answer(None, 204)
