"""The long drill of `make chaos`. Imported once Django is set up."""

import secrets
from collections.abc import Callable

from rich.console import Console

from paycore.stack.chaos import report, schedule
from paycore.stack.chaos.drill import Drill
from paycore.stack.chaos.orders import Orders
from paycore.stack.chaos.scene import Scene
from paycore.stack.chaos.verdict import judge

LARGEST_SEED = 1_000_000_000


def rehearse(
    scene: Scene, *, seconds: int, seed: int, say: Callable[[str], None]
) -> bool:
    """Let things go wrong for so long, and tell whether all ended well.

    The same seed lets the same things go wrong in the same order; 0 is any.
    """
    seed = seed or 1 + secrets.randbelow(LARGEST_SEED - 1)
    say(f"CHAOS_SEED={seed} does the same again; this takes {seconds} s and a while")
    drill = Drill(
        scene,
        Orders.of_new_customers(),
        parts=schedule.parts(seed),
        troubles=schedule.troubles(seed),
        say=say,
    )
    drill.run(seconds=seconds)
    scene.end()
    say("Comparing with the bank, and proving the books")
    verdict = judge(drill.orders, scene.bank)
    report.show(Console(), drill.deaths, drill.befell, verdict)
    if not verdict.is_right:
        say(f"Logs, and the bank's books, are in {scene.home} until the next drill.")
    return verdict.is_right
