"""The shapes of requests and resources: pydantic models, and the field types they use.

A `Request` says what may be asked: unknown fields are refused and nothing is converted
on the way in. Each fault becomes a `FieldError` with a JSON pointer. A `Resource` says
what is answered.
"""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, Final, Self, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import ErrorDetails, PydanticCustomError, core_schema
from pydantic_core.core_schema import CoreSchema

from paycore.api.errors import PRECEDENCE, FieldError, ShapeErrors
from paycore.api.parsing import escape, is_storable
from paycore.lib.errors import DomainError, InvalidAmount, UnsupportedCurrency
from paycore.lib.money import AMOUNT_PATTERN, CURRENCIES, Money

ShapeType = TypeVar("ShapeType", bound="Request")

MOST_ERRORS: Final = 100
LARGEST_METADATA: Final = 8 * 1024
MOST_METADATA_KEYS: Final = 50
DEEPEST_METADATA: Final = 5
# Beyond this JSON numbers mean different things to different readers (RFC 7493, 2.2).
LARGEST_EXACT_NUMBER: Final = 2**53 - 1
UUID_PATTERN: Final = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
INSTANT_PATTERN: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})\Z",
    re.ASCII,
)


class Request(BaseModel):
    """What a caller sends. Strict: no unknown fields, no conversions."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False
    )


class Resource(BaseModel):
    """What a caller is answered."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def read_shape(shape: type[ShapeType], document: dict[str, Any]) -> ShapeType:
    """Raises: `ShapeErrors` with everything that is wrong."""
    try:
        return shape.model_validate(document)
    except ValidationError as error:
        raise ShapeErrors(
            [
                _field_error(details)
                for details in error.errors(include_url=False, include_input=False)[
                    :MOST_ERRORS
                ]
            ]
        ) from None


def refuse(
    refusal: DomainError | str, *, code: str = "invalid_input", at: str = ""
) -> PydanticCustomError:
    """A fault to raise inside a validator; `at` names a field of the model checked."""
    if isinstance(refusal, DomainError):
        code, detail = refusal.code, refusal.detail
    else:
        detail = refusal
    # Braces are placeholders to pydantic; the detail goes in whole, by name.
    return PydanticCustomError(code, "{detail}", {"detail": detail, "at": at})


def refuse_reversed_period(start: datetime | None, end: datetime | None) -> None:
    """For a list from `created_from` to `created_to`, either of which may be missing.

    Raises: a fault at `created_to` when it comes first.
    """
    if start is not None and end is not None and start > end:
        raise refuse("This is before `created_from`.", at="created_to")


# In place of Pydantic's own, which speak of Python.
WORDS: Final = {
    "missing": "This field is required.",
    "extra_forbidden": "There is no such field.",
    "model_type": "This must be an object.",
    "dict_type": "This must be an object.",
    "list_type": "This must be an array.",
}


def _field_error(details: ErrorDetails) -> FieldError:
    context = details.get("ctx", {})
    steps: Iterable[int | str] = details["loc"]
    if at := context.get("at"):
        steps = (*steps, at)
    pointer = "".join(f"/{escape(str(step))}" for step in steps)
    kind = details["type"]
    if kind in PRECEDENCE:
        return FieldError(pointer, kind, str(context.get("detail", details["msg"])))
    return FieldError(pointer, "invalid_input", WORDS.get(kind) or f"{details['msg']}.")


class _Amount:
    """A decimal string of the API's grammar; what else is wrong is `invalid_amount`."""

    def __init__(self, *, above_zero: bool) -> None:
        self.above_zero = above_zero

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        # Ignores `source`, so that an optional amount still refuses null.
        grammar = core_schema.custom_error_schema(
            core_schema.str_schema(pattern=AMOUNT_PATTERN, strict=True),
            custom_error_type="invalid_amount",
            custom_error_message='An amount is a decimal string such as "150.75":'
            " digits, at most 15 before and 8 after the point, no sign, no exponent.",
        )
        if not self.above_zero:
            return grammar
        return core_schema.no_info_after_validator_function(_above_zero, grammar)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "type": "string",
            "pattern": AMOUNT_PATTERN,
            "description": "A decimal string, greater than zero, with no more decimals"
            " than the currency has.",
            "examples": ["150.75"],
        }


def _above_zero(text: str) -> str:
    if not text.strip("0."):
        raise refuse("The amount must be greater than zero.", code="invalid_amount")
    return text


# An amount that a request must give: of the grammar, above zero.
AmountText = Annotated[str, _Amount(above_zero=True)]
# One that may be left out (give it the default None), but not be null.
OptionalAmountText = Annotated[str | None, _Amount(above_zero=True)]
# The grammar alone: for items of a batch, where zero is judged item by item.
AmountGrammar = Annotated[str, _Amount(above_zero=False)]


class _Id:
    """A UUID in its usual text of 36 characters, in a body or a query."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.custom_error_schema(
            core_schema.chain_schema(
                [
                    core_schema.str_schema(pattern=UUID_PATTERN, strict=True),
                    core_schema.uuid_schema(strict=False),
                ]
            ),
            custom_error_type="invalid_input",
            custom_error_message="This must be a UUID.",
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "format": "uuid"}


BodyId = Annotated[UUID, _Id()]

_UUID: Final = re.compile(UUID_PATTERN.removesuffix("$") + r"\Z")


def read_uuid(text: str) -> UUID | None:
    """An id from a path, or None when it is not a UUID in its usual text."""
    return UUID(text) if _UUID.match(text) else None


class ShortText:
    """Text of a bounded length: `name: Annotated[str, ShortText(120)]`."""

    def __init__(self, most: int, *, least: int = 1) -> None:
        self.most = most
        self.least = least

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            _storable,
            core_schema.str_schema(
                strict=True, min_length=self.least, max_length=self.most
            ),
        )


def _storable(text: str) -> str:
    if not is_storable(text):
        raise refuse("NUL and lone surrogates are refused.")
    return text


def printable(text: str) -> str:
    """Raises: a fault for control characters, line breaks, and text that is blank."""
    if not text.isprintable() or not text.strip():
        raise refuse("This must be printable and not blank.")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise refuse("This must not be blank.")
    return text


# Why somebody decides something: kept for ever, in an event.
Reason = Annotated[str, ShortText(500), AfterValidator(_not_blank)]

# A client's own name for a movement, or for an account: unique for ever.
Reference = Annotated[str, ShortText(255), AfterValidator(printable)]
ExternalId = Reference


def _currency(text: str) -> str:
    try:
        CURRENCIES.get(text)
    except UnsupportedCurrency:
        # The text is the caller's and may be long; the pointer says where it is.
        raise refuse(
            "This server keeps no books in that currency.", code="unsupported_currency"
        ) from None
    return text


CurrencyCode = Annotated[
    str,
    AfterValidator(_currency),
    Field(
        description="ISO 4217, or one that this server adds.",
        json_schema_extra={"pattern": "^[A-Z]{3,8}$", "examples": ["USD"]},
    ),
]


def _metadata(document: dict[str, Any]) -> dict[str, Any]:
    if not document:
        return document
    if len(document) > MOST_METADATA_KEYS:
        raise refuse(f"Metadata may have at most {MOST_METADATA_KEYS} keys.")
    _require_plain(document, depth=1)
    if len(json.dumps(document, ensure_ascii=False).encode()) > LARGEST_METADATA:
        raise refuse(f"Metadata may have at most {LARGEST_METADATA} bytes.")
    return document


def _require_plain(value: Any, *, depth: int) -> None:
    if isinstance(value, dict | list):
        if depth > DEEPEST_METADATA:
            raise refuse(f"Metadata may be at most {DEEPEST_METADATA} levels deep.")
        for item in value.values() if isinstance(value, dict) else value:
            _require_plain(item, depth=depth + 1)
    elif isinstance(value, int | float) and not (
        -LARGEST_EXACT_NUMBER <= value <= LARGEST_EXACT_NUMBER
    ):
        raise refuse("A number in metadata is too large; send it as a string.")


# What a client wants to keep with an object; we only store it.
Metadata = Annotated[
    dict[str, Any],
    AfterValidator(_metadata),
    Field(
        description=f"Any JSON object of at most {LARGEST_METADATA} bytes,"
        f" {MOST_METADATA_KEYS} keys and {DEEPEST_METADATA} levels.",
        json_schema_extra={"maxProperties": MOST_METADATA_KEYS},
    ),
]


def _instant(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    # A plus sign in a query arrives as a space, unless the client escaped it.
    text = value.replace(" ", "+") if isinstance(value, str) else ""
    if not INSTANT_PATTERN.match(text):
        raise refuse("This must be an RFC 3339 instant with an offset.")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise refuse("There is no such instant.") from None


@lru_cache(maxsize=1024)
def rfc3339(moment: datetime) -> str:
    """An instant as the API writes it: UTC, microseconds, Z."""
    return f"{moment.astimezone(UTC).isoformat(timespec='microseconds')[:-6]}Z"


# RFC 3339 text in a request, an aware datetime in Python, UTC with Z in an answer.
Instant = Annotated[
    datetime,
    PlainValidator(_instant),
    PlainSerializer(rfc3339, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


def _whole_number(value: Any) -> int:
    if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value, re.ASCII):
        return int(value)
    raise refuse("This must be a whole number.")


# A whole number in a query, where everything is text.
QueryNumber = Annotated[int, BeforeValidator(_whole_number)]

# `status: Annotated[AccountStatus, ByValue]`: strict models take an enum's members
# only, but a caller can only write their values.
ByValue: Final = Field(strict=False)

# An amount in an answer: exactly the currency's decimals.
Amount = Annotated[
    str,
    Field(
        json_schema_extra={
            "pattern": r"^-?[0-9]+(\.[0-9]{1,8})?$",
            "examples": ["150.75"],
        }
    ),
]


class MoneyRequest(Request):
    """A request whose `amount` is checked against its `currency` when both are there.

    Where the currency is known only later, whoever knows it calls `Money.parse`.
    """

    @model_validator(mode="after")
    def _decimals_fit_the_currency(self) -> Self:
        amount = getattr(self, "amount", None)
        currency = getattr(self, "currency", None)
        if amount is not None and currency is not None:
            try:
                Money.parse(amount, CURRENCIES.get(currency))
            except InvalidAmount as error:
                raise refuse(error, at="amount") from None
        return self
