"""What is measured, in which order, and what must be true afterwards."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

from django.db import connection

from paycore.stack.bench.engine import ENTRY_KIND, Engine
from paycore.stack.bench.figures import Choice, Leg, Part, Run
from paycore.stack.bench.plain import Plain
from paycore.stack.bench.sending import Sending
from paycore.stack.bench.town import Town
from transfers.models import TransferKind

# Machines are noisy, and their noise comes in waves: short rounds, in each of which
# everything is measured once, rather than a long measurement of each after the other.
ROUNDS: Final = 3
CLIENTS: Final = (1, 4, 16, 32)
HOT_CLIENTS: Final = 16
PREPARED_CLIENTS: Final = 16
EXCHANGE_CLIENTS: Final = 16
BATCH_SIZES: Final = (1, 10, 100, 1000)
BATCH_CLIENTS: Final = 2
ENGINE_SIZES: Final = (1, 100, 1000)
# One thread without a network is steady, so a part of the time is enough.
ENGINE_SHARE: Final = 1 / 3
WARMING_CLIENTS: Final = 32
SECONDS_TO_WARM: Final = 2


@dataclass(frozen=True, slots=True)
class Stage:
    """A leg, and how it is run once."""

    leg: Leg
    run: Callable[[], Run]


@dataclass(frozen=True, slots=True)
class Course:
    """Everything that can make transfers in the town, and for how long it does."""

    town: Town
    sending: Sending
    plain: Plain
    seconds: int

    def stages(self) -> list[Stage]:
        """Every measurement, in the order of a round: each next to its rival."""
        return [
            *(stage for clients in CLIENTS for stage in self._pair(clients)),
            *self._pair(HOT_CLIENTS, Choice.HOT_RECEIVER),
            *self._pair(HOT_CLIENTS, Choice.HOT_PAYER),
            self._exchanges(),
            self._prepared(),
            *(self._batches(size) for size in BATCH_SIZES),
            *(stage for size in ENGINE_SIZES for stage in self._in_process(size)),
        ]

    def warm_up(self) -> list[Leg]:
        """Let connections open and plans be made. Counts, but is not measured."""
        single = Leg(Part.SINGLES, WARMING_CLIENTS)
        single.runs.append(
            self.sending.run(
                clients=WARMING_CLIENTS, seconds=SECONDS_TO_WARM, choice=Choice.UNIFORM
            )
        )
        plain = Leg(Part.PLAIN, WARMING_CLIENTS)
        plain.runs.append(
            self.plain.run(
                clients=WARMING_CLIENTS, seconds=SECONDS_TO_WARM, choice=Choice.UNIFORM
            )
        )
        return [single, plain]

    def _pair(
        self, clients: int, choice: Choice = Choice.UNIFORM
    ) -> tuple[Stage, Stage]:
        rival = Leg(Part.PLAIN, clients, choice)
        leg = Leg(Part.SINGLES, clients, choice, rival=rival)
        return (
            Stage(leg, partial(self._send, clients, choice)),
            Stage(rival, partial(self._write, clients, choice)),
        )

    def _send(self, clients: int, choice: Choice) -> Run:
        return self.sending.run(clients=clients, seconds=self.seconds, choice=choice)

    def _write(self, clients: int, choice: Choice) -> Run:
        return self.plain.run(clients=clients, seconds=self.seconds, choice=choice)

    def _exchanges(self) -> Stage:
        run = partial(
            self.sending.run,
            clients=EXCHANGE_CLIENTS,
            seconds=self.seconds,
            is_exchange=True,
        )
        return Stage(Leg(Part.EXCHANGES, EXCHANGE_CLIENTS), run)

    def _prepared(self) -> Stage:
        run = partial(
            self.plain.run,
            clients=PREPARED_CLIENTS,
            seconds=self.seconds,
            choice=Choice.UNIFORM,
            is_prepared=True,
        )
        return Stage(Leg(Part.PREPARED, PREPARED_CLIENTS), run)

    def _batches(self, size: int) -> Stage:
        run = partial(
            self.sending.run,
            clients=BATCH_CLIENTS,
            seconds=self.seconds,
            choice=Choice.UNIFORM,
            batch=size,
        )
        return Stage(Leg(Part.BATCHES, BATCH_CLIENTS, size=size), run)

    def _in_process(self, size: int) -> tuple[Stage, Stage]:
        engine, seconds = Engine.of(self.town), self.seconds * ENGINE_SHARE
        transfer = partial(engine.transfer, size=size, seconds=seconds)
        post = partial(engine.post, size=size, seconds=seconds)
        return (
            Stage(Leg(Part.SERVICE, 1, size=size), transfer),
            Stage(Leg(Part.BOOKS, 1, size=size), post),
        )


@dataclass(frozen=True, slots=True)
class Count:
    """What was confirmed, and what the database has of it."""

    what: str
    confirmed: int
    found: int

    @property
    def is_right(self) -> bool:
        return self.confirmed == self.found

    def __str__(self) -> str:
        return f"{self.what}: {self.confirmed} confirmed, {self.found} in the database"


def count_all(legs: Sequence[Leg], town: Town) -> Iterator[Count]:
    """There must be a transfer for each confirmation, and no other one."""
    customers = [customer.user_id for customer in town.customers]
    internal, exchange = TransferKind.INTERNAL, TransferKind.EXCHANGE
    for what, parts, makers, kind in (
        ("transfers over HTTP", (Part.SINGLES, Part.BATCHES), customers, internal),
        ("exchanges over HTTP", (Part.EXCHANGES,), customers, exchange),
        ("transfers by plain SQL", (Part.PLAIN, Part.PREPARED), [town.plain], internal),
        ("transfers in process", (Part.SERVICE,), [town.insider], internal),
    ):
        yield Count(what, _confirmed(legs, *parts), _made_by(makers, kind))
    yield Count("entries in process", _confirmed(legs, Part.BOOKS), _entries())


def _confirmed(legs: Sequence[Leg], *parts: Part) -> int:
    return sum(leg.transfers for leg in legs if leg.part in parts)


def _made_by(makers: Sequence[UUID], kind: TransferKind) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM transfers_transfer"
            " WHERE created_by_id = ANY(%s::uuid[]) AND kind = %s",
            [list(makers), kind],
        )
        number: int = cursor.fetchone()[0]
        return number


def _entries() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM ledger_journalentry WHERE kind = %s", [ENTRY_KIND]
        )
        number: int = cursor.fetchone()[0]
        return number
