"""`python -m paycore.stack.bank --home DIR [--port N]`: the sandbox bank, until told
to stop.
"""

import argparse
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Final

from paycore.stack.bank import HOST, url_file
from paycore.stack.bank.books import Books
from paycore.stack.bank.server import Bank, Server
from paycore.stack.locks import held

TO_STOP: Final = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


def main() -> None:
    parser = argparse.ArgumentParser(prog="paycore.stack.bank", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0, help="0: one that is free")
    asked = parser.parse_args()
    # One home has one bank. That of a second stack waits, and takes over when the
    # first one ends, however that happens.
    with held(asked.home / "run" / "sandbox-bank.lock"):
        serve(asked.home, asked.port)


def serve(home: Path, port: int) -> None:
    """Serve until a signal says to stop."""
    # Before there are threads, which inherit it: so only `sigwait` is told.
    signal.pthread_sigmask(signal.SIG_BLOCK, TO_STOP)
    books = Books(home / "bank" / "bank.sqlite3")
    server = Server((HOST, port), Bank(books))
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://{HOST}:{server.server_port}/{books.identity}"
    with announced(home, url):
        signal.sigwait(TO_STOP)
    # Only what is being written is waited for. Requests that hang end with the process,
    # and their clients never learn more, as with any bank that goes down.
    books.close()


@contextmanager
def announced(home: Path, url: str) -> Iterator[None]:
    """The home says where the bank is, for the length of the block."""
    path = url_file(home)
    aside = path.with_suffix(".new")
    aside.write_text(url)
    aside.replace(path)
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            if path.read_text() == url:
                path.unlink()


if __name__ == "__main__":
    main()
