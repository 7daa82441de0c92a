"""Orders over HTTP, each sent until it is answered, and whether they were executed."""

import secrets
import time
from dataclasses import dataclass, field
from http.client import HTTPException
from threading import Event
from typing import Any, Final

from accounts.models import Account
from paycore.stack.tests.serving import Answer, Server
from paycore.testing.cast import Player
from transfers.models import Transfer

PATIENCE_SECONDS: Final = 180
PAUSE_SECONDS: Final = 0.02


@dataclass(frozen=True)
class Order:
    """A request with a key of its own, and the first answer to it."""

    path: str
    body: dict[str, Any]
    key: str
    answer: Answer

    @property
    def made(self) -> list[tuple[str, str]]:
        """Reference and id of each transfer that the answer tells of."""
        body = self.answer.json()
        transfers = [item["transfer"] for item in body.get("items", [])] or [body]
        return [(transfer["reference"], transfer["id"]) for transfer in transfers]


@dataclass
class Sender:
    """Somebody who moves cents from here to there."""

    name: str
    server: Server
    player: Player
    source: Account
    destination: Account
    answered: list[Order] = field(default_factory=list)

    def send_until(self, enough: Event) -> None:
        """One order after the other: transfers, and batches of both modes."""
        number = 0
        while not enough.is_set():
            number += 1
            if number % 4:
                self.order("internal", self.transfer(f"{number}"))
            else:
                mode = "independent" if number % 8 else "atomic"
                items = [self.transfer(f"{number}.{item}") for item in range(3)]
                self.order("batch", {"mode": mode, "transfers": items})

    def transfer(self, name: str) -> dict[str, Any]:
        return {
            "source_account_id": str(self.source.pk),
            "destination_account_id": str(self.destination.pk),
            "amount": "0.01",
            "reference": f"{self.name}-{name}",
        }

    def order(self, kind: str, body: dict[str, Any]) -> Order:
        path, key = f"/v1/transfers/{kind}", secrets.token_hex(8)
        order = Order(path, body, key, self.send_until_answered(path, body, key))
        self.answered.append(order)
        return order

    def send_until_answered(self, path: str, body: dict[str, Any], key: str) -> Answer:
        """What a careful client does: the same request, the same key, again."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            answer = self.send_once(path, body, key)
            if answer is not None and not _says_try_again(answer):
                return answer
            time.sleep(PAUSE_SECONDS)
        raise TimeoutError(f"Nobody answered {key}.")

    def send_once(self, path: str, body: dict[str, Any], key: str) -> Answer | None:
        headers = {"Idempotency-Key": key, **self.player.headers}
        try:
            return self.server.ask("POST", path, body, headers=headers)
        except (OSError, HTTPException):
            return None


def transfers_there() -> list[tuple[str, str]]:
    """Reference and id of each transfer in the database, but for opening balances."""
    rows = Transfer.objects.filter(kind="internal").values_list("reference", "pk")
    return sorted((reference or "", str(pk)) for reference, pk in rows)


def _says_try_again(answer: Answer) -> bool:
    return answer.status >= 500 or answer.code == "idempotency_in_progress"
