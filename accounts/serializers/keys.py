"""API keys, as the API reads and writes them."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from accounts.models import ApiKey
from accounts.services import NewApiKey
from paycore.api.principals import Scope
from paycore.api.shapes import ByValue, Instant, Request, Resource, ShortText


class ApiKeyRequest(Request):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "Till 7", "scopes": ["accounts:read", "transfers:write"]}
            ]
        }
    )

    name: Annotated[str, ShortText(100)]
    scopes: Annotated[
        list[Annotated[Scope, ByValue]], Field(min_length=1, max_length=len(Scope))
    ]
    expires_at: Annotated[
        Instant | None, Field(description="Null or left out: never.")
    ] = None


class ApiKeyResource(Resource):
    id: UUID
    name: str
    prefix: Annotated[str, Field(description="The first characters of the key.")]
    scopes: list[Scope]
    expires_at: Instant | None
    last_used_at: Annotated[Instant | None, Field(description="To the minute.")]
    created_at: Instant

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        return cls(**_fields_of(key))


class NewApiKeyResource(ApiKeyResource):
    """The only answer that ever has the key itself in it."""

    key: Annotated[str, Field(repr=False)]

    @classmethod
    def of_new(cls, new: NewApiKey) -> Self:
        return cls(**_fields_of(new.api_key), key=new.secret)


def _fields_of(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.pk,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": [Scope(scope) for scope in key.scopes],
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "created_at": key.created_at,
    }
