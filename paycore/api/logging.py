"""Logs: one JSON object per line on standard error, with nothing secret in it.

structlog writes ours, and the records of Django, Celery and the rest take the same
shape. Secrets are taken out twice: by the name of a field before a line is made, and by
their look in the finished line, where a traceback or a message may have brought one.
"""

import logging
import re
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any, BinaryIO, Final, cast

import orjson
import structlog
from structlog.types import EventDict, Processor, WrappedLogger

REDACTED: Final = "[redacted]"
SECRET_NAMES: Final = frozenset({"key", "access", "refresh", "signature", "dsn"})
SECRET_PARTS: Final = re.compile(
    "password|passwd|secret|token|authorization|cookie|api[-_]?key|iban|credential"
    "|session|bearer",
    re.IGNORECASE,
)
SHORTEST_IBAN: Final = 15
SECRET_LOOKS: Final = re.compile(
    rb"(?P<url>://[^:/@\s\"]*:)[^@/\s\"]+(?=@)"
    rb"|(?P<bearer>\b[Bb]earer )[^\s\"\\]+"
    rb"|(?P<prefix>\b(?:whsec|pk|sk|pck|key)_)[A-Za-z0-9+/=_.-]{8,}"
    rb"|\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*"
    rb"|\b(?P<iban>[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?)\b"
)


def logging_config(*, level: str, as_json: bool) -> dict[str, Any]:
    """The `LOGGING` setting; structlog itself is set up on the way."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    render: Processor = render_json if as_json else _render_for_people
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level]
        ),
        logger_factory=structlog.BytesLoggerFactory(_standard_error()),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"only_tracebacks": {"()": OnlyTracebacks}},
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    _as_text(render),
                ],
                "foreign_pre_chain": [structlog.stdlib.add_logger_name, *shared],
            }
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "structured"}
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django.request": {"level": "ERROR", "filters": ["only_tracebacks"]},
            # A line with a traceback for each stray robot; the access line is enough.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            # Payouts are looked for each second: a line for each task received, sent
            # and done would be all that there is to read. WORKER_RUNS counts them.
            "celery.app.trace": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "django.server": {"level": "ERROR", "handlers": [], "propagate": True},
        },
    }


class OnlyTracebacks(logging.Filter):
    """Django repeats each answer of 500 or more; only a traceback is news."""

    def filter(self, record: logging.LogRecord) -> bool:
        return bool(record.exc_info and record.exc_info[0])


def redact(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Take the values out of fields whose name says that they are secret."""
    for name, value in event.items():
        if is_secret(name):
            event[name] = REDACTED
        elif isinstance(value, dict | list | tuple):
            event[name] = _redacted(value)
    return event


def render_json(logger: WrappedLogger, method: str, event: EventDict) -> bytes:
    """The finished line, in which what looks like a secret is masked."""
    line = orjson.dumps(
        event, default=repr, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z
    )
    return mask(line)


def mask(line: bytes) -> bytes:
    """Hide what looks like a token, an API key, a password in a URL, or an IBAN."""
    return SECRET_LOOKS.sub(_masked, line)


@lru_cache(maxsize=1024)
def is_secret(name: str) -> bool:
    return name.lower() in SECRET_NAMES or bool(SECRET_PARTS.search(name))


def _redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: REDACTED if is_secret(str(name)) else _redacted(item)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_redacted(item) for item in value]
    return value


def _masked(match: re.Match[bytes]) -> bytes:
    iban = match["iban"]
    if iban:
        compact = iban.replace(b" ", b"")
        is_long_enough = len(compact) >= SHORTEST_IBAN
        return b"****" + compact[-4:] if is_long_enough else iban
    kept = match["url"] or match["bearer"] or match["prefix"] or b""
    return kept + REDACTED.encode()


def _render_for_people(logger: WrappedLogger, method: str, event: EventDict) -> bytes:
    return mask(_PRETTY(logger, method, event).encode(errors="replace"))


_PRETTY: Final = structlog.dev.ConsoleRenderer(colors=False)


def _as_text(render: Processor) -> Processor:
    # A handler of the standard library wants text.
    def text(logger: WrappedLogger, method: str, event: EventDict) -> str:
        return cast("Callable[..., bytes]", render)(logger, method, event).decode()

    return text


def _standard_error() -> BinaryIO:
    # Not `sys.stderr`: Celery replaces that one by a logger, which would come back.
    stream = sys.__stderr__
    assert stream is not None
    return cast("BinaryIO", stream.buffer)
