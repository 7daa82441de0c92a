"""A drill: workers die, one after the other, while payouts are ordered."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import inf
from typing import Final
from uuid import UUID

from paycore.lib.db import run_in_transaction
from paycore.stack.chaos.deaths import Death, Script
from paycore.stack.chaos.orders import ORIGIN, PLAIN, Orders
from paycore.stack.chaos.scene import PAUSE_SECONDS, Actor, Scene
from paycore.stack.chaos.schedule import Kind, Part, Trouble
from paycore.stack.processes import StackError, end_of_log
from payouts.models import Payout, PayoutStatus
from payouts.services import ask_again

SECONDS_BETWEEN_LOOKS: Final = 0.1
# So that there is always something to be in the middle of.
SECONDS_BETWEEN_ORDERS: Final = 0.3
SECONDS_TO_DIE: Final = 180
SECONDS_TO_RECOVER: Final = 300
# Both of them send every message, and every message comes twice.
BEATS: Final = 2


@dataclass
class Drill:
    """`at_once` workers play a part each; who has played it makes room for the next."""

    scene: Scene
    orders: Orders
    parts: Iterator[Part]
    troubles: Iterator[Trouble] = field(default_factory=lambda: iter(()))
    at_once: int = 2
    say: Callable[[str], None] = lambda _: None
    befell: Counter[Kind] = field(default_factory=Counter)
    _players: list["_Player"] = field(default_factory=list)
    _next_order_at: float = 0

    @property
    def deaths(self) -> list[Death]:
        """Those that came to pass."""
        return [death for player in self._players for death in player.script.died]

    def run(self, *, seconds: float = inf) -> None:
        """Until all parts are played or the time is up. Then everything recovers.

        Raises: `StackError` when a worker does not die as it must.
        """
        ends_at = time.monotonic() + seconds
        for _ in range(BEATS):
            self.scene.start_beat()
        troubles = self._befall()
        while time.monotonic() < ends_at and self._cast():
            self._order()
            next(troubles)
            for actor in self.scene.actors:
                actor.resume_after(PAUSE_SECONDS)
            time.sleep(SECONDS_BETWEEN_LOOKS)
        self._recover()

    def _cast(self) -> bool:
        """Fill the stage; false when nobody plays any more."""
        playing = [player for player in self._players if player.is_playing()]
        for _ in range(self.at_once - len(playing)):
            part = next(self.parts, None)
            if part is not None:
                playing.append(self._enter(part))
        return bool(playing)

    def _enter(self, part: Part) -> "_Player":
        actor = self.scene.start_worker(part.deaths, concurrency=part.concurrency)
        assert actor.script is not None
        player = _Player(actor, actor.script)
        self._players.append(player)
        self.orders.place_wave()
        return player

    def _order(self) -> None:
        if time.monotonic() >= self._next_order_at:
            self.orders.place(PLAIN)
            self._next_order_at = time.monotonic() + SECONDS_BETWEEN_ORDERS

    def _befall(self) -> Iterator[None]:
        """Let each trouble happen in its time; to be gone on with again and again."""
        for trouble in self.troubles:
            yield from _wait(trouble.after)
            self.befell[trouble.kind] += 1
            if trouble.kind is Kind.BANK_DIES:
                self.scene.bank.kill()
                yield from _wait(trouble.lasts)
                self.scene.bank.start()
            else:
                self.scene.forget_messages()
        while True:
            yield

    def _recover(self) -> None:
        for player in self._players:
            if not player.script.is_over:
                # The time is up: it dies wherever it happens to be.
                player.actor.kill()
        if self.scene.bank.process.poll() is not None:
            self.scene.bank.start()
        self.say("Recovering")
        if not any(player.actor.is_alive for player in self._players):
            self.scene.start_worker(concurrency=2)
        self._settle()

    def _settle(self) -> None:
        """Wait for every payout to end; those that never do are for the judge."""
        deadline = time.monotonic() + SECONDS_TO_RECOVER
        asked_again: set[UUID] = set()
        while time.monotonic() < deadline:
            still_open = self.orders.list_open(self.scene.bank)
            if not still_open:
                return
            for payout in still_open:
                is_in_review = payout.status == PayoutStatus.MANUAL_REVIEW
                if is_in_review and payout.pk not in asked_again:
                    _press_the_button(payout)
                    asked_again.add(payout.pk)
            time.sleep(SECONDS_BETWEEN_LOOKS)


def _press_the_button(payout: Payout) -> None:
    # As an operator does who does not want to wait for a quarter of an hour.
    run_in_transaction(
        lambda: ask_again(payout_id=payout.pk, reason="A drill", origin=ORIGIN)
    )


def _wait(seconds: float) -> Iterator[None]:
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        yield


@dataclass
class _Player:
    """An actor with a script."""

    actor: Actor
    script: Script
    # How much of the script it has played, and since when.
    _played: int = -1
    _since: float = 0

    def is_playing(self) -> bool:
        """Raises: `StackError` when it does not follow its script."""
        if self.script.is_over:
            # Unless it dies last, it stays and works like any other.
            return self.actor.is_alive and self.actor.is_paused
        played = len(self.script.died)
        if played > self._played:
            self._played, self._since = played, time.monotonic()
        if not self.actor.is_alive:
            raise StackError(f"{self.actor.name} was killed, but not by us.")
        if time.monotonic() > self._since + SECONDS_TO_DIE:
            name, log = self.actor.name, self.actor.log
            raise StackError(
                f"{name} did not die as it must: {self.script.deaths[played]}.\n{log}"
                f" ends with:\n{end_of_log(log)}"
            )
        return True
