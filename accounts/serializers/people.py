"""Sign-up, sign-in and people, as the API reads and writes them."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from accounts.models import User, UserStatus
from paycore.api.principals import Role
from paycore.api.shapes import (
    CurrencyCode,
    Instant,
    Reason,
    Request,
    Resource,
    ShortText,
)

# Hidden from `repr`, which may end in a log.
Password = Annotated[
    str,
    ShortText(1024),
    Field(repr=False, json_schema_extra={"format": "password", "writeOnly": True}),
]
Email = Annotated[
    str,
    ShortText(254),
    Field(json_schema_extra={"format": "email", "examples": ["ada@paycore.example"]}),
]
Token = Annotated[str, Field(repr=False)]


class SignUpRequest(Request):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "email": "ada@paycore.example",
                    "password": "a long pass phrase",
                    "full_name": "Ada Lovelace",
                    "time_zone": "Europe/London",
                    "currency": "GBP",
                }
            ]
        }
    )

    email: Email
    password: Annotated[
        Password,
        Field(description="At least 8 characters; in production no common one."),
    ]
    full_name: Annotated[str, ShortText(200, least=0)] = ""
    time_zone: Annotated[
        str,
        ShortText(64),
        Field(description="An IANA name.", examples=["Asia/Kuala_Lumpur"]),
    ] = "UTC"
    currency: CurrencyCode = "USD"


class LoginRequest(Request):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"email": "ada@paycore.example", "password": "a long pass phrase"}
            ]
        }
    )

    email: Email
    password: Password


class RefreshRequest(Request):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"refresh": "eyJhbGciOiJIUzI1NiJ9..."}]}
    )

    refresh: Annotated[str, ShortText(4096), Field(repr=False)]


class ReasonRequest(Request):
    """Why: kept with the event."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "Reported stolen"}]}
    )

    reason: Annotated[Reason, Field(examples=["Reported stolen"])]


class UserResource(Resource):
    id: UUID
    email: str
    full_name: str
    role: Role
    status: UserStatus
    time_zone: str
    currency: str
    created_at: Instant

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(
            id=user.pk,
            email=user.email,
            full_name=user.full_name,
            role=user.role,
            status=UserStatus(user.status),
            time_zone=user.time_zone,
            currency=user.currency,
            created_at=user.created_at,
        )


class SessionResource(Resource):
    """Two tokens: one to call with, and one to get the next of those."""

    access: Token
    refresh: Token
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # Not a secret: its kind.
    expires_in: Annotated[int, Field(description="Seconds until `access` ends.")]


class RefreshedResource(Resource):
    access: Token
    expires_in: Annotated[int, Field(description="Seconds until `access` ends.")]
