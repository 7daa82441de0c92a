"""The sandbox bank: a bank of our own to send payouts to, as a process of its own.

It shares nothing with paycore but the network: its books are a file of its own, and it
imports no Django and no app. So either side can be killed while the other one goes on,
which is what its being here is about.
"""

import http.client
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import orjson

HOST: Final = "127.0.0.1"
# What the bank answers to those who ask whether it is there.
HEALTHY: Final = {"bank": "sandbox"}
SECONDS_TO_ANSWER: Final = 5


def url_file(home: Path) -> Path:
    """Exists while the bank of this home listens, and says where.

    The path in the URL is the bank's identity: another bank that gets its port after a
    kill does not answer there.
    """
    return home / "run" / "sandbox-bank.url"


def is_listening(home: Path) -> bool:
    """Whether this home's bank answers.

    That its file exists says less: one that was killed leaves it behind.
    """
    try:
        url = urlsplit(url_file(home).read_text())
        connection = http.client.HTTPConnection(url.netloc, timeout=SECONDS_TO_ANSWER)
        with closing(connection):
            connection.request("GET", f"{url.path}/health")
            content = connection.getresponse().read(100)
            return bool(orjson.loads(content) == HEALTHY)
    except (OSError, http.client.HTTPException, orjson.JSONDecodeError):
        return False
