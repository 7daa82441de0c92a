"""Running the process that sends the load, and reading what it brings back."""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any, Final
from uuid import UUID

from paycore.settings.environment import ROOT
from paycore.stack import processes
from paycore.stack.bench.figures import Choice, Run
from paycore.stack.bench.load import SECONDS_TO_ANSWER, Order, Sender
from paycore.stack.bench.town import Customer, Town
from paycore.stack.processes import StackError

# Whatever the time allows: a machine would have to be very fast to come near it.
MOST_REQUESTS: Final = 500_000
_numbers = count()


@dataclass(frozen=True, slots=True)
class Sending:
    """A server, and who sends transfers to it."""

    port: int
    town: Town

    def run(
        self,
        *,
        clients: int,
        seconds: int,
        choice: Choice = Choice.UNIFORM,
        batch: int = 0,
        is_exchange: bool = False,
    ) -> Run:
        """Let so many clients send for so long; `batch` 0 sends one at a time."""
        senders, receivers = choose(self.town, choice)
        if is_exchange:
            receivers = [str(account_id) for account_id in self.town.euro_account_ids]
        order = Order(
            name=f"bench-{next(_numbers)}",
            port=self.port,
            clients=clients,
            seconds=seconds,
            most_requests=MOST_REQUESTS,
            batch=batch,
            senders=senders,
            receivers=receivers,
            # Two batches of a thousand would always share accounts and wait for each
            # other; what waiting costs is measured with one hot account.
            apart=batch > 0,
            is_exchange=is_exchange,
        )
        done = subprocess.run(
            [sys.executable, "-m", "paycore.stack.bench.load"],
            cwd=ROOT,
            input=json.dumps(asdict(order)),
            capture_output=True,
            text=True,
            timeout=seconds + 2 * SECONDS_TO_ANSWER,
            check=False,
            preexec_fn=processes.dies_with_parent(signal.SIGKILL),
        )
        if done.returncode:
            raise StackError(f"The load generator failed:\n{done.stderr[-2000:]}")
        return read_tally(json.loads(done.stdout))


def choose(town: Town, choice: Choice) -> tuple[list[Sender], list[str]]:
    """Who may pay and who may receive. The first account is the hot one."""
    hot, *others = [str(account_id) for account_id in town.account_ids]
    if choice is Choice.HOT_PAYER:
        return [Sender(town.customers[0].header, [hot])], others
    if choice is Choice.HOT_RECEIVER:
        senders = [_sender(customer, without=hot) for customer in town.customers]
        return [sender for sender in senders if sender.account_ids], [hot]
    return [_sender(customer) for customer in town.customers], [hot, *others]


def _sender(customer: Customer, *, without: str = "") -> Sender:
    ids: Sequence[UUID] = customer.account_ids
    return Sender(customer.header, [text for text in map(str, ids) if text != without])


def read_tally(tally: dict[str, Any]) -> Run:
    """What the load generator counted; every answer but 201 is an error."""
    errors = [
        f"{number} answers of {status}"
        for status, number in tally["statuses"].items()
        if status != "201"
    ]
    if tally["refused"]:
        errors.append(f"{tally['refused']} transfers of batches were refused")
    if tally["lost"]:
        errors.append(f"{tally['lost']} requests without an answer")
    return Run(
        transfers=tally["transfers"],
        seconds=tally["seconds"],
        latencies=tally["latencies"],
        errors=errors + (tally["samples"] if errors else []),
    )
