"""Fetching documents ..."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from fx.errors import SourceFault
from fx.sources import default_name, fetch


class Pages(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/rates":
            self._answer(200, b"the rates")
        elif self.path == "/large":
            self._answer(200, b"x" * 2000)
        elif self.path.startswith("/to/"):
            self._answer(302, b"", Location=self.path.removeprefix("/to/"))
        elif self.path == "/round":
            self._answer(301, b"", Location="/round")
        else:
            self._answer(int(self.path[1:]), b"no")

    def _answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


def fault_of(address):
    with pytest.raises(SourceFault) as fault:
        fetch(address)
    return str(fault.value)


def test_from_a_file(tmp_path):
    file = tmp_path / "my rates.csv"
    file.write_bytes(b"the rates")

    assert fetch(str(file)) == b"the rates"
    assert fetch(file.as_uri()) == b"the rates"


def test_from_this_machine(server):
    assert fetch(f"{server}/rates") == b"the rates"


def test_after_a_redirect(server):
    assert fetch(f"{server}/to//rates") == b"the rates"


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/404", "It answers with the status 404."),
        ("/500", "It answers with the status 500."),
        ("/204", "It answers with the status 204."),
        ("/round", "It redirects more than 3 times."),
        ("/to/http://example.com/rates", "An address is a path, or begins with file:"),
        ("/to/file:///etc/passwd", "An address is a path, or begins with file:"),
    ],
)
def test_of_anything_but_a_document(server, path, fault):
    assert fault_of(server + path).startswith(fault)


@pytest.mark.parametrize(
    "address",
    [
        *("http://example.com/rates", "http://127.0.0.1.example.com/", "ftp://h/x"),
        *("https:///x", "gopher://h", "data:text/csv,base", "http://[/"),
    ],
)
def test_from_nowhere_unsafe(address):
    assert fault_of(address)


@pytest.mark.parametrize("name", ["missing.csv", ""])
def test_of_what_cannot_be_read(tmp_path, name):
    assert fault_of(str(tmp_path / name)).startswith("It cannot be read: ")


def test_from_who_does_not_answer():
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as closed:
        port = closed.server_port

    fault = fault_of(f"http://127.0.0.1:{port}/")

    assert fault == "It cannot be read: [Errno 111] Connection refused."


def test_no_larger_than_the_limit(server, monkeypatch):
    monkeypatch.setattr("fx.sources.addresses.MOST_BYTES", 1000)

    assert fault_of(f"{server}/large") == "It is larger than 1000 bytes."


def test_no_longer_than_the_limit(server, monkeypatch):
    monkeypatch.setattr("fx.sources.addresses.WHOLE_SECONDS", -1)

    assert fault_of(f"{server}/large") == "It took longer than -1 seconds."


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://www.ecb.europa.eu/stats/eurofxref-daily.xml", "www.ecb.europa.eu"),
        ("/srv/my rates.csv", "my rates"),
        ("file:///srv/my%20rates.csv", "my rates"),
        (f"https://{'x' * 60}/", "x" * 50),
        ("http://[/", "unnamed"),
    ],
)
def test_who_has_no_name_goes_by_host_or_file(address, name):
    assert default_name(address) == name
