"""A drill as it is printed."""

from collections import Counter
from collections.abc import Iterable, Mapping

from rich import box
from rich.console import Console
from rich.table import Table

from paycore.stack.chaos.deaths import Boundary, Death, Way
from paycore.stack.chaos.orders import ENDINGS
from paycore.stack.chaos.schedule import Kind
from paycore.stack.chaos.verdict import Verdict

MOST_COMPLAINTS = 20


def show(
    console: Console,
    deaths: Iterable[Death],
    befell: Mapping[Kind, int],
    verdict: Verdict,
) -> None:
    """What happened, what became of the payouts, and whether that is right."""
    console.print()
    console.print(_deaths(Counter((each.boundary, each.way) for each in deaths)))
    for kind in Kind:
        console.print(f"{kind}: {befell.get(kind, 0)} times")
    console.print()
    console.print(_endings(verdict))
    for wrong in [*verdict.complaints, *verdict.differences][:MOST_COMPLAINTS]:
        console.print(wrong, style="red", markup=False)
    console.print(_summary(verdict), style="green" if verdict.is_right else "red")


def _deaths(counted: Mapping[tuple[Boundary, Way], int]) -> Table:
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    shown.add_column("a worker was", no_wrap=True)
    for name in ("lost with all", "killed", "stopped"):
        shown.add_column(name, justify="right")
    for boundary in Boundary:
        numbers = [counted.get((boundary, way), 0) for way in Way]
        shown.add_row(boundary, *map(str, numbers))
    shown.add_section()
    sums = [sum(n for (_, how), n in counted.items() if how is way) for way in Way]
    shown.add_row("in all", *map(str, sums))
    return shown


def _endings(verdict: Verdict) -> Table:
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    shown.add_column("payouts", no_wrap=True)
    shown.add_column("ended as", no_wrap=True)
    shown.add_column("how many", justify="right")
    for (kind, status), count in sorted(verdict.endings.items()):
        # In review it may be right: the complaints tell.
        style = "" if status is ENDINGS[kind] else "yellow"
        shown.add_row(kind, status, f"{count:,}", style=style)
    return shown


def _summary(verdict: Verdict) -> str:
    books = "RIGHT" if not verdict.differences else "WRONG"
    return (
        f"{sum(verdict.endings.values()):,} payouts, most executions of one:"
        f" {verdict.most_executions}; {len(verdict.complaints)} complaints."
        f" The books are {books}."
    )
