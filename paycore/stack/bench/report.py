"""The benchmark as it is printed."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from paycore.stack.bench.figures import (
    Choice,
    Claims,
    Leg,
    Part,
    Verdict,
    percentile,
    ratio,
    verdicts,
)

# Wide enough for the table where nobody says how wide the terminal is.
LEAST_WIDTH = 100
PERCENTILES = (50, 95, 99)


def console() -> Console:
    plain = Console()
    return plain if plain.width >= LEAST_WIDTH else Console(width=LEAST_WIDTH)


def table(legs: Sequence[Leg]) -> Table:
    """One row a leg, part after part."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    shown.add_column("transfers by", no_wrap=True)
    shown.add_column("which", no_wrap=True)
    for name in ("clients", "transfers/s", "p50", "p95", "p99", "ratio", "errors"):
        shown.add_column(name, justify="right", no_wrap=True)
    for part in Part:
        rows = [leg for leg in legs if leg.part is part]
        for leg in rows:
            shown.add_row(*_cells(leg, legs), end_section=leg is rows[-1])
    return shown


def facts(pairs: Iterable[tuple[str, str]]) -> Table:
    shown = Table(box=None, show_header=False, pad_edge=False)
    shown.add_column(style="bold")
    shown.add_column()
    for name, value in pairs:
        shown.add_row(name, value)
    return shown


def claims(looked_at: Claims) -> str:
    """How workers find what is due, however many payouts are finished."""
    return (
        f"To find what is due takes {looked_at.seconds_before * 1000:.1f} ms, and"
        f" {looked_at.seconds_after * 1000:.1f} ms beside {looked_at.finished:,}"
        f" finished payouts:\n{looked_at.plan}"
    )


def aims(legs: Sequence[Leg], looked_at: Claims) -> list[str]:
    return [_aim(verdict) for verdict in verdicts(legs, looked_at)]


LEGEND = """\
Transfers/s: the middle one of the rounds. Latencies in milliseconds, of one request or
call. Ratio: to plain SQL with as many clients and the same accounts; what has no such
rival is compared with plain SQL at its best. Aims compare best with best. Payouts: the
clients are worker processes; the time is from being taken up to being in the books."""


def _cells(leg: Leg, legs: Sequence[Leg]) -> list[str]:
    ordered = leg.latencies
    share = ratio(leg, legs)
    return [
        leg.part.value,
        _what(leg),
        str(leg.clients),
        f"{leg.per_second:,.0f}",
        *(f"{percentile(ordered, percent) * 1000:,.1f}" for percent in PERCENTILES),
        "-" if share is None else f"{share:.2f}",
        str(len(leg.errors)),
    ]


def _what(leg: Leg) -> str:
    if leg.part is Part.PAYOUTS:
        return "sandbox bank"
    if leg.part in (Part.BATCHES, Part.SERVICE, Part.BOOKS):
        return f"{leg.size:,} at once"
    return "" if leg.choice is Choice.UNIFORM else leg.choice.value


def _aim(verdict: Verdict) -> str:
    word = "reached" if verdict.is_reached else "MISSED"
    return (
        f"Aim {word}: {verdict.what} {verdict.reached:,.2f},"
        f" wanted at least {verdict.aim:,.2f}."
    )
