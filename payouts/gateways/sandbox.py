"""The gateway to the sandbox bank, over HTTP.

What it makes of an answer errs on one side only. `NOT_SENT` and `ABSENT` lead to
sending again, `EXECUTED` and `DECLINED` move money: each of them needs proof, and
whatever does not prove one of them is `UNKNOWN`.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import orjson
from django.conf import settings
from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    ReadTimeoutError,
)

from payouts.gateways.connections import keep_connections
from payouts.gateways.protocol import Answer, Outcome, PaymentOrder

# Answers wait for the bank, not for a processor.
THREADS: Final = 16
SECONDS_TO_CONNECT: Final = 2
LARGEST_ANSWER_BYTES: Final = 64 * 1024
CANCELLED: Final = "cancelled"
# For a bank that does not say why.
DECLINED: Final = "declined"

# Raised before any byte of a request is written: there is no such address, nobody
# listens there, or nobody took the call in time. `NewConnectionError` is one of them.
NOT_CONNECTED: Final = (ConnectTimeoutError, LocationValueError)


class NoAnswer(Exception):
    """The bank said nothing that can be used. Tells whether it may have been told."""

    def __init__(self, detail: str, *, was_told: bool) -> None:
        super().__init__(detail)
        self.was_told = was_told


@dataclass(frozen=True, slots=True)
class BankAnswer:
    """What the bank said about one order, as it came."""

    status: int
    document: dict[str, Any]

    def is_refusal(self, status: HTTPStatus, code: str, order: PaymentOrder) -> bool:
        """Whether the bank itself said this, and of this order."""
        said = self.document.get("code"), self.document.get("key")
        return self.status == status and said == (code, str(order.payout_id))


@dataclass(frozen=True, slots=True)
class Line:
    """The connections and threads of one process."""

    connections: PoolManager = field(
        default_factory=lambda: keep_connections(at_once=THREADS)
    )
    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(THREADS, "sandbox-bank")
    )


def configured_url() -> str:
    """Where the bank is, as the settings or the stack say."""
    # The stack's bank takes another port each time, and writes down which.
    url: str = settings.SANDBOX_BANK_URL
    return url or (settings.HOME / "run" / "sandbox-bank.url").read_text()


class SandboxGateway:
    """Pays out through the bank that `paycore.stack.bank` runs."""

    name = "sandbox"

    def __init__(self, url: Callable[[], str] = configured_url) -> None:
        """`url` tells where the bank is; it is asked before each request."""
        self.patience = timedelta(seconds=settings.PAYOUT_UNKNOWN_AFTER)
        self._seconds = settings.PAYOUT_GATEWAY_TIMEOUT
        self._url = url
        # By process: a fork has neither its parent's threads nor, though it could write
        # to them, its parent's connections. The parent's are kept and not touched:
        # one of its threads may have held their locks when the process was forked.
        self._lines: dict[int, Line] = {}

    def submit(self, orders: Sequence[PaymentOrder]) -> Iterator[list[Answer]]:
        """See `Gateway`."""
        return self._ask_all(self._submit, orders)

    def find(self, orders: Sequence[PaymentOrder]) -> Iterator[list[Answer]]:
        """See `Gateway`. What the bank has not decided is unknown until it has."""
        return self._ask_all(self._find, orders)

    def cancel(self, order: PaymentOrder) -> Answer:
        """See `Gateway`. A bank that never heard of the order declines it for ever."""
        try:
            answer = self._ask("POST", f"/payments/{order.payout_id}/cancel")
        except NoAnswer as problem:
            return _unknown(order, str(problem))
        if answer.is_refusal(HTTPStatus.NOT_FOUND, "no_such_payment", order):
            return Answer(order.payout_id, Outcome.DECLINED, failure_code=CANCELLED)
        if answer.status in {HTTPStatus.OK, HTTPStatus.CONFLICT}:
            return _told(order, answer)
        return _unexpected(order, answer)

    def _ask_all(
        self, ask: Callable[[PaymentOrder], Answer], orders: Sequence[PaymentOrder]
    ) -> Iterator[list[Answer]]:
        threads = self._line().threads
        waiting = {threads.submit(ask, order) for order in orders}
        try:
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield [future.result() for future in done]
        finally:
            # Nobody listens any more, so what has not begun must not.
            for future in waiting:
                future.cancel()

    def _submit(self, order: PaymentOrder) -> Answer:
        try:
            answer = self._ask("POST", "/payments", order=order)
        except NoAnswer as problem:
            outcome = Outcome.UNKNOWN if problem.was_told else Outcome.NOT_SENT
            return Answer(order.payout_id, outcome, detail=str(problem))
        if answer.is_refusal(HTTPStatus.SERVICE_UNAVAILABLE, "not_accepted", order):
            return Answer(
                order.payout_id, Outcome.NOT_SENT, detail="The bank did not accept it."
            )
        if answer.status in {HTTPStatus.OK, HTTPStatus.CREATED}:
            return _told(order, answer)
        return _unexpected(order, answer)

    def _find(self, order: PaymentOrder) -> Answer:
        try:
            answer = self._ask("GET", f"/payments/{order.payout_id}")
        except NoAnswer as problem:
            return _unknown(order, str(problem))
        if answer.is_refusal(HTTPStatus.NOT_FOUND, "no_such_payment", order):
            return Answer(
                order.payout_id, Outcome.ABSENT, detail="The bank does not know it."
            )
        if answer.status == HTTPStatus.OK:
            return _told(order, answer)
        return _unexpected(order, answer)

    def _ask(
        self, method: str, path: str, *, order: PaymentOrder | None = None
    ) -> BankAnswer:
        """Raises: `NoAnswer`."""
        address = self._address() + path
        try:
            # Sent once: what to do about a failure is not for a library to decide.
            with self._line().connections.request(
                method,
                address,
                body=_body(order) if order else None,
                headers={"Idempotency-Key": str(order.payout_id)} if order else None,
                timeout=Timeout(connect=SECONDS_TO_CONNECT, read=self._seconds),
                retries=False,
                redirect=False,
                preload_content=False,
            ) as response:
                return BankAnswer(response.status, self._read(response))
        except NOT_CONNECTED as error:
            detail = f"The bank cannot be reached ({type(error).__name__})."
            raise NoAnswer(detail, was_told=False) from error
        except ReadTimeoutError as error:
            detail = f"The bank did not answer within {self._seconds} s."
            raise NoAnswer(detail, was_told=True) from error
        except HTTPError as error:
            detail = f"The connection to the bank was lost ({type(error).__name__})."
            raise NoAnswer(detail, was_told=True) from error

    def _address(self) -> str:
        try:
            return self._url().strip().rstrip("/")
        except FileNotFoundError as error:
            detail = "The sandbox bank is not running."
            raise NoAnswer(detail, was_told=False) from error

    def _line(self) -> Line:
        process = os.getpid()
        if process not in self._lines:
            self._lines.setdefault(process, Line())
        return self._lines[process]

    def _read(self, response: BaseHTTPResponse) -> dict[str, Any]:
        content = b""
        while chunk := response.read1(LARGEST_ANSWER_BYTES, decode_content=False):
            content += chunk
            if len(content) > LARGEST_ANSWER_BYTES:
                raise NoAnswer("The bank's answer has no end.", was_told=True)
        try:
            document = orjson.loads(content)
        except orjson.JSONDecodeError:
            document = None
        if not isinstance(document, dict):
            raise NoAnswer(
                f"The bank's answer (status {response.status}) is no document.",
                was_told=True,
            )
        return document


def _body(order: PaymentOrder) -> bytes:
    to = order.beneficiary
    receiver = {"name": to.name, "iban": to.iban, "bic": to.bic}
    return orjson.dumps(_amount(order) | receiver | {"reference": order.reference})


def _amount(order: PaymentOrder) -> dict[str, str]:
    return {"amount": order.amount.text, "currency": order.amount.currency.code}


def _told(order: PaymentOrder, answer: BankAnswer) -> Answer:
    """What the bank's own record of the payment says."""
    told = answer.document
    asked = {"key": str(order.payout_id)} | _amount(order)
    if any(told.get(name) != value for name, value in asked.items()):
        return _unknown(order, "The bank answered about another payment.")
    reference = _word(told.get("id"))
    answered = partial(Answer, order.payout_id, gateway_reference=reference)
    # Without a reference nobody could ever show that the bank said so.
    match told.get("status") if reference else None:
        case "executed":
            return answered(outcome=Outcome.EXECUTED)
        case "declined":
            code = _word(told.get("failure_code")) or DECLINED
            return answered(outcome=Outcome.DECLINED, failure_code=code)
        case "received":
            detail = "The bank has it, and has not said what becomes of it."
            return answered(outcome=Outcome.UNKNOWN, detail=detail)
    return _unexpected(order, answer)


def _word(value: object) -> str:
    """A reference or a code of the bank's; nothing when it is neither."""
    is_word = isinstance(value, str) and re.fullmatch("[A-Za-z0-9_-]{1,64}", value)
    return str(value) if is_word else ""


def _unexpected(order: PaymentOrder, answer: BankAnswer) -> Answer:
    return _unknown(order, f"The bank's answer (status {answer.status}) is unclear.")


def _unknown(order: PaymentOrder, detail: str) -> Answer:
    return Answer(order.payout_id, Outcome.UNKNOWN, detail=detail)
