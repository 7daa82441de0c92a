"""Request bodies: strict JSON, of bounded size, without anything ambiguous in it.

Two readers of one document must never see two things, so duplicate names, NaN, text
that is not Unicode and the like are refused rather than repaired.
"""

import json
import re
from collections.abc import Mapping
from typing import IO, Any, Final

from django.http import HttpRequest
from django.http.request import UnreadablePostError
from rest_framework.parsers import BaseParser

from paycore.api.errors import PayloadTooLarge, ShapeErrors, UnsupportedMediaType

LARGEST_BODY: Final = 1024 * 1024
# A client that is still sending would miss the answer if the connection were closed
# on it, so this much of an oversized body is read and thrown away.
LARGEST_DRAIN: Final = 16 * LARGEST_BODY
CHUNK: Final = 64 * 1024
LENGTH: Final = re.compile(r"[0-9]{1,100}\Z", re.ASCII)

Document = dict[str, Any]


class StrictJSONParser(BaseParser):
    """`parse_document` as Django REST framework calls it."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Document:
        return parse_document(stream.read(LARGEST_BODY + 1))


def read_document(request: HttpRequest) -> Document:
    """The JSON object in the request's body; `{}` when there is no body.

    Raises: `PayloadTooLarge`, `UnsupportedMediaType`, `ShapeErrors`.
    """
    body = read_bytes(request)
    if not body:
        return {}
    media_type = request.META.get("CONTENT_TYPE", "")
    if media_type != "application/json":
        _require_json(media_type)
    if request.META.get("HTTP_CONTENT_ENCODING", "identity") != "identity":
        raise UnsupportedMediaType
    return parse_document(body)


def read_bytes(request: HttpRequest) -> bytes:
    """The raw body, however it is framed.

    Raises: `PayloadTooLarge`, `ShapeErrors` when the client stopped in the middle.
    """
    declared = request.META.get("CONTENT_LENGTH") or ""
    if declared and not LENGTH.match(declared):
        raise ShapeErrors.of("", "Content-Length must be a whole number.")
    if declared and int(declared) > LARGEST_BODY:
        _drain(request, int(declared))
        raise PayloadTooLarge
    try:
        if not declared and "HTTP_TRANSFER_ENCODING" in request.META:
            body = _read_chunked(request)
        else:
            body = request.body
    except UnreadablePostError as error:
        raise ShapeErrors.of("", "The body ended before all of it arrived.") from error
    if len(body) > LARGEST_BODY:
        raise PayloadTooLarge
    return body


def parse_document(body: bytes) -> Document:
    """Read one JSON object.

    Raises: `ShapeErrors` for anything that is not exactly one, `PayloadTooLarge`.
    """
    if len(body) > LARGEST_BODY:
        raise PayloadTooLarge
    try:
        text = body.decode()
        document = _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise ShapeErrors.of("", "The body is not UTF-8.") from error
    except RecursionError as error:
        raise ShapeErrors.of("", "The body is nested too deeply.") from error
    except ValueError as error:
        raise ShapeErrors.of("", _reason(error)) from error
    if not isinstance(document, dict):
        raise ShapeErrors.of("", "The body must be a JSON object.")
    # Only an escape can bring these in: raw ones are not JSON, or not UTF-8.
    if "\\u" in text:
        _require_storable(document)
    return document


class _Refused(ValueError):
    """Well-formed JSON that is refused all the same; the text is for the caller."""


def _object(pairs: list[tuple[str, Any]]) -> Document:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise _Refused("An object names the same field twice.")
    return document


def _constant(name: str) -> float:
    raise _Refused(f"{name} is not a JSON number.")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)


def _reason(error: ValueError) -> str:
    if isinstance(error, _Refused):
        return str(error)
    if isinstance(error, json.JSONDecodeError):
        return f"The body is not JSON: see line {error.lineno}, column {error.colno}."
    # Python converts at most 4300 digits, and says so with a plain ValueError.
    return "A number is too large."


def _require_storable(document: Document) -> None:
    # A stack of our own: a body may be nested deeper than Python calls.
    pending: list[tuple[Any, str]] = [(document, "")]
    while pending:
        value, pointer = pending.pop()
        if isinstance(value, str) and not is_storable(value):
            raise ShapeErrors.of(pointer, "NUL and lone surrogates are refused.")
        if isinstance(value, dict):
            if not all(is_storable(name) for name in value):
                raise ShapeErrors.of(pointer, "A name has NUL or a lone surrogate.")
            pending.extend(
                (item, f"{pointer}/{escape(k)}") for k, item in value.items()
            )
        elif isinstance(value, list):
            pending.extend((item, f"{pointer}/{at}") for at, item in enumerate(value))


def is_storable(text: str) -> bool:
    """Whether PostgreSQL can store it: no NUL, no half of a surrogate pair."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def escape(name: str) -> str:
    """A field's name as a step of a JSON pointer, short enough to be repeated."""
    return name[:100].replace("~", "~0").replace("/", "~1")


def _require_json(content_type: str) -> None:
    media_type, _, parameters = content_type.partition(";")
    if media_type.strip().lower() != "application/json":
        raise UnsupportedMediaType
    for parameter in parameters.lower().split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') != "utf-8":
            raise UnsupportedMediaType


def _read_chunked(request: HttpRequest) -> bytes:
    # Django takes a request without Content-Length for one without a body.
    stream = request.META["wsgi.input"]
    pieces = []
    length = 0
    while piece := stream.read(CHUNK):
        length += len(piece)
        if length > LARGEST_DRAIN:
            break
        if length <= LARGEST_BODY:
            pieces.append(piece)
    if length > LARGEST_BODY:
        raise PayloadTooLarge
    return b"".join(pieces)


def _drain(request: HttpRequest, declared: int) -> None:
    if declared > LARGEST_DRAIN:
        return
    try:
        while request.read(CHUNK):
            pass
    except UnreadablePostError:
        return
