"""The API reads one strict JSON object of bounded size, and refuses all else."""

import io
import json

import pytest
from django.test import RequestFactory

from paycore.api import parsing
from paycore.api.errors import PayloadTooLarge, ShapeErrors, UnsupportedMediaType

MEBIBYTE = 1024 * 1024


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{", "The body is not JSON: see line 1, column 2."),
        (b"{} {}", "The body is not JSON: see line 1, column 4."),
        (b"[1]", "The body must be a JSON object."),
        (b'"text"', "The body must be a JSON object."),
        (b"null", "The body must be a JSON object."),
        (b"\xff\xfe", "The body is not UTF-8."),
        (b"\xef\xbb\xbf{}", "The body is not JSON: see line 1, column 1."),
        (b'{"a": 1, "a": 2}', "An object names the same field twice."),
        (b'{"a": {"b": 1, "b": 1}}', "An object names the same field twice."),
        (b'{"a": NaN}', "NaN is not a JSON number."),
        (b'{"a": -Infinity}', "-Infinity is not a JSON number."),
        (b'{"a": ' + b"9" * 5000 + b"}", "A number is too large."),
        (b'{"a": ' + b"[" * 100_000, "The body is nested too deeply."),
        (b'{"a":' * 100_000, "The body is nested too deeply."),
        (b'{"a": "\\u0000"}', "NUL and lone surrogates are refused."),
        (b'{"a": ["\\ud800"]}', "NUL and lone surrogates are refused."),
        (b'{"a\\u0000": 1}', "A name has NUL or a lone surrogate."),
        (b'{"a": "\x00"}', "The body is not JSON: see line 1, column 8."),
        (b"{'a': 1}", "The body is not JSON: see line 1, column 2."),
        (b'{"a": 01}', "The body is not JSON: see line 1, column 8."),
    ],
)
def test_refuses(body, why):
    with pytest.raises(ShapeErrors) as refusal:
        parsing.parse_document(body)

    assert refusal.value.code == "invalid_input"
    assert refusal.value.errors[0].detail == why


def test_names_the_place_of_what_cannot_be_stored():
    with pytest.raises(ShapeErrors) as refusal:
        parsing.parse_document(b'{"a": [{"b/c~d": "\\u0000"}]}')

    assert refusal.value.errors[0].pointer == "/a/0/b~1c~0d"


def test_reads_an_object():
    body = '{"amount": "1.00", "note": "déjà \\u00e9 \\ud83d\\ude00", "n": -0.5}'

    document = parsing.parse_document(body.encode())

    assert document == {"amount": "1.00", "note": "déjà é 😀", "n": -0.5}


@pytest.mark.parametrize("content_type", ["application/json", "", "text/plain"])
def test_an_absent_body_is_an_empty_object(content_type):
    request = RequestFactory().generic("POST", "/", b"", content_type=content_type)

    assert parsing.read_document(request) == {}


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        'Application/JSON;charset="UTF-8"',
    ],
)
def test_reads_json_however_its_type_is_written(content_type):
    request = RequestFactory().generic("POST", "/", b'{"a": 1}', content_type)

    assert parsing.read_document(request) == {"a": 1}


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin-1",
        "application/problem+json",
    ],
)
def test_refuses_other_media_types(content_type):
    request = RequestFactory().generic("POST", "/", b'{"a": 1}', content_type)

    with pytest.raises(UnsupportedMediaType):
        parsing.read_document(request)


def test_refuses_a_compressed_body():
    request = RequestFactory().generic(
        "POST", "/", b"{}", "application/json", headers={"Content-Encoding": "gzip"}
    )

    with pytest.raises(UnsupportedMediaType):
        parsing.read_document(request)


def test_a_body_of_one_mebibyte_is_read_and_one_byte_more_is_not():
    padding = MEBIBYTE - len('{"a":""}')
    largest = json.dumps({"a": "x" * padding}, separators=(",", ":")).encode()

    assert len(largest) == MEBIBYTE
    assert parsing.parse_document(largest) == {"a": "x" * padding}
    with pytest.raises(PayloadTooLarge):
        parsing.parse_document(largest + b" ")


def test_refuses_by_the_declared_length_and_reads_what_is_sent_so_far():
    request = RequestFactory().generic(
        "POST", "/", b"x" * (10 * MEBIBYTE), "application/json"
    )

    with pytest.raises(PayloadTooLarge):
        parsing.read_document(request)
    assert request.read() == b""


@pytest.mark.parametrize(("body", "expected"), [(b'{"a": 1}', {"a": 1}), (b"", {})])
def test_reads_a_chunked_body(body, expected):
    assert parsing.read_document(chunked(body)) == expected


def test_refuses_a_chunked_body_by_its_actual_size():
    with pytest.raises(PayloadTooLarge):
        parsing.read_document(chunked(b"x" * (MEBIBYTE + 1)))


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "٣", "1 1"])
def test_refuses_an_odd_content_length(length):
    request = RequestFactory().generic("POST", "/", b"{}", "application/json")
    request.META["CONTENT_LENGTH"] = length

    with pytest.raises(ShapeErrors):
        parsing.read_document(request)


def test_refuses_an_absurd_content_length():
    request = RequestFactory().generic("POST", "/", b"{}", "application/json")
    request.META["CONTENT_LENGTH"] = "9" * 30

    with pytest.raises(PayloadTooLarge):
        parsing.read_document(request)


def chunked(body):
    request = RequestFactory().generic("POST", "/", b"x", "application/json")
    del request.META["CONTENT_LENGTH"]
    request.META["HTTP_TRANSFER_ENCODING"] = "chunked"
    request.META["wsgi.input"] = io.BytesIO(body)
    return request
