"""Getting a document: from a file, or over HTTPS.

Within a time and a size, because the other side may be slow, broken or not itself.
"""

import time
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import (
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from fx.errors import SourceFault

SILENCE_SECONDS: Final = 10
WHOLE_SECONDS: Final = 30
# Room for decades of daily rates.
MOST_BYTES: Final = 16 * 1024 * 1024
CHUNK_BYTES: Final = 64 * 1024
# Nobody sits between this machine and itself.
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
MOST_REDIRECTS: Final = 3
REDIRECTS: Final = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.SEE_OTHER,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)


def fetch(address: str) -> bytes:
    """The bytes behind a path, a `file:` or an `https:` address.

    `http:` is refused for any machine but this one: whoever changes a rate on the way
    takes the difference.

    Raises: `SourceFault`. Never call it inside a transaction.
    """
    try:
        with _open(address) as stream:
            return _read(stream)
    except (OSError, HTTPException, ValueError) as error:
        raise SourceFault(f"It cannot be read: {_reason(error)}.") from error


def default_name(address: str) -> str:
    """What to call a source that nobody gave a name: its host, or its file."""
    try:
        parts = urlsplit(address)
    except ValueError:
        # Whoever fetches it will hear what is wrong.
        return "unnamed"
    name = parts.hostname or Path(unquote(parts.path)).stem
    return name[:50]


def _open(address: str) -> Any:
    parts = urlsplit(address)
    if parts.scheme in {"", "file"}:
        return Path(unquote(parts.path) if parts.scheme else address).open("rb")
    for _ in range(1 + MOST_REDIRECTS):
        response = _ask(address)
        if response.status == HTTPStatus.OK:
            return response
        response.close()
        if response.status not in REDIRECTS:
            raise SourceFault(f"It answers with the status {response.status}.")
        address = urljoin(address, response.headers.get("Location", ""))
    raise SourceFault(f"It redirects more than {MOST_REDIRECTS} times.")


def _ask(address: str) -> Any:
    _require_safe(address)
    is_here = urlsplit(address).hostname in LOOPBACK
    opener = OpenerDirector()
    # No handler of redirects: Python's would follow one to anywhere.
    for handler in (
        ProxyHandler({} if is_here else None),
        HTTPHandler(),
        HTTPSHandler(),
    ):
        opener.add_handler(handler)
    request = Request(address, headers={"User-Agent": "paycore"})  # noqa: S310
    return opener.open(request, timeout=SILENCE_SECONDS)


def _read(stream: Any) -> bytes:
    chunks = []
    size = 0
    deadline = time.monotonic() + WHOLE_SECONDS
    # `read1`, because `read` would wait until a chunk is full, however slowly it comes.
    while chunk := stream.read1(CHUNK_BYTES):
        chunks.append(chunk)
        size += len(chunk)
        if size > MOST_BYTES:
            raise SourceFault(f"It is larger than {MOST_BYTES} bytes.")
        if time.monotonic() > deadline:
            raise SourceFault(f"It took longer than {WHOLE_SECONDS} seconds.")
    return b"".join(chunks)


def _require_safe(address: str) -> None:
    parts = urlsplit(address)
    is_here = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not (parts.hostname and (parts.scheme == "https" or is_here)):
        raise SourceFault(
            "An address is a path, or begins with file: or https: (http: only for this"
            " very machine)."
        )


def _reason(error: Exception) -> object:
    if isinstance(error, URLError):
        return error.reason
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
