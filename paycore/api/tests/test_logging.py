"""No line that is logged has a password, a token, a key or a whole IBAN in it."""

import json
import logging

import pytest
import structlog

from paycore.api.logging import (
    REDACTED,
    OnlyTracebacks,
    logging_config,
    mask,
    redact,
    render_json,
)


@pytest.mark.parametrize(
    "name",
    [
        *("password", "new_password", "Authorization", "access_token", "secret"),
        *("X-API-Key", "api_key", "apikey", "key", "iban", "source_iban", "cookie"),
        *("refresh", "access", "client_secret", "credentials", "sessionid"),
    ],
)
def test_takes_out_values_by_name(name):
    assert redact(None, "info", {name: "hunter2"}) == {name: REDACTED}
    nested = redact(None, "info", {"body": [{"deep": {name: "hunter2"}}]})
    assert nested == {"body": [{"deep": {name: REDACTED}}]}


@pytest.mark.parametrize(
    "name", ["idempotency_key", "request_id", "principal", "route", "transfer_id"]
)
def test_keeps_what_people_search_for(name):
    assert redact(None, "info", {name: "k-1"}) == {name: "k-1"}


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Bearer abc.def-123", "Bearer [redacted]"),
        ("key pk_live_0123456789abcdef.", "key pk_[redacted]"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_[redacted]"),
        ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln!", "got [redacted]!"),
        (
            "postgres://paycore:hunter2@db:5432/x",
            "postgres://paycore:[redacted]@db:5432/x",
        ),
        ("redis://:hunter2@cache:6379/0", "redis://:[redacted]@cache:6379/0"),
        ("to DE89370400440532013000.", "to ****3000."),
        ("to DE89 3704 0044 0532 0130 00.", "to ****3000."),
        ("to NO9386011117947", "to ****7947"),
        ("AB12CDEF", "AB12CDEF"),
        (
            "0198c5a0-4b5e-7c3a-9d2e-6f1a2b3c4d5e",
            "0198c5a0-4b5e-7c3a-9d2e-6f1a2b3c4d5e",
        ),
        ("unix:///tmp/x.sock?db=0", "unix:///tmp/x.sock?db=0"),
    ],
)
def test_masks_by_look(text, masked):
    assert mask(text.encode()).decode() == masked


def test_a_traceback_is_masked_too():
    error = RuntimeError("cannot reach redis://:hunter2@cache:6379/0")
    event = structlog.processors.format_exc_info(
        None, "error", {"event": "x", "exc_info": error}
    )

    line = render_json(None, "error", event).decode()

    assert "RuntimeError" in line
    assert "hunter2" not in line


def test_a_line_is_one_json_object_whatever_is_in_it():
    line = render_json(None, "info", {"event": "a\nb", "what": object(), "n": {2, 3}})

    assert b"\n" not in line
    assert json.loads(line)["event"] == "a\nb"


@pytest.mark.parametrize("as_json", [True, False])
def test_records_of_the_standard_library_take_the_same_shape(as_json, request):
    configured = structlog.get_config()
    request.addfinalizer(lambda: structlog.configure(**configured))
    config = logging_config(level="INFO", as_json=as_json)
    about = config["formatters"]["structured"]
    formatter = about.pop("()")(**about)
    record = logging.LogRecord(
        "celery", logging.WARNING, "x.py", 1, "token %s", ("Bearer abc",), None
    )

    line = formatter.format(record)

    assert "Bearer [redacted]" in line
    if as_json:
        parsed = json.loads(line)
        assert parsed["level"] == "warning"
        assert parsed["logger"] == "celery"
        assert parsed["event"] == "token Bearer [redacted]"


def test_only_tracebacks_of_django_are_kept():
    plain = logging.LogRecord("django.request", 40, "x", 1, "Bad Gateway", (), None)
    failed = logging.LogRecord(
        "django.request", 40, "x", 1, "x", (), (ValueError, ValueError(), None)
    )

    assert not OnlyTracebacks().filter(plain)
    assert OnlyTracebacks().filter(failed)
