"""The benchmark from beginning to end. Imported once Django is set up."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.conf import settings
from rich.console import Console

from paycore.stack.bench import machine, report, spending
from paycore.stack.bench.course import ROUNDS, Course, Stage, count_all
from paycore.stack.bench.figures import Claims, Leg, Part
from paycore.stack.bench.finished import FINISHED, look_at_claims
from paycore.stack.bench.payouts import PayingOut
from paycore.stack.bench.plain import Plain
from paycore.stack.bench.sending import Sending
from paycore.stack.bench.spending import SpendingReports
from paycore.stack.bench.town import found_town, settle_down
from reconciliation.checks import CHECKS
from reconciliation.services import prove_books

Say = Callable[[str], None]
MOST_COMPLAINTS: Final = 20
WORKERS: Final = (1, 2)
PAYOUTS_PER_SECOND: Final = 200


def measure(*, port: int, seconds: int, accounts: int, say: Say) -> bool:
    """Measure everything, print it, and tell whether all of it was right.

    What was not aimed at is right too: aims are for people, errors are not.
    """
    facts = list(machine.facts())
    say(f"Opening {accounts:,} accounts")
    town = found_town(accounts=accounts)
    settle_down()
    course = Course(
        town=town,
        sending=Sending(port, town),
        plain=Plain(settings.DATABASES["default"], town.plain, accounts),
        seconds=seconds,
    )
    say("Warming up")
    warming = course.warm_up()
    stages = course.stages()
    _run(stages, say)
    legs = [stage.leg for stage in stages]
    paying = PayingOut(settings.HOME, town)
    legs += _pay_out(paying, seconds * PAYOUTS_PER_SECOND, say)
    say(f"Finishing {FINISHED:,} payouts, for as long as it takes to look at them")
    claims = look_at_claims(paying)
    say(f"Spending {spending.PURCHASES:,} times, for as long as it takes to add it up")
    # Where the clock is read: nobody hands a benchmark the time.
    spent = spending.look_at_spending(town, now=datetime.now(UTC))  # noqa: TID251
    say("Counting transfers and proving the books")
    wrong = [*_errors([*warming, *legs]), *_miscounted([*warming, *legs], course)]
    wrong += [str(difference) for difference in prove_books()]
    findings = Findings(legs, claims, spent)
    _print(report.console(), findings, facts, wrong)
    return not wrong


def _run(stages: Sequence[Stage], say: Say) -> None:
    for number in range(1, ROUNDS + 1):
        say(f"Measuring, round {number} of {ROUNDS}")
        for stage in stages:
            stage.leg.runs.append(stage.run())


def _pay_out(paying: PayingOut, payouts: int, say: Say) -> Iterator[Leg]:
    paying.prepare()
    for workers in WORKERS:
        say(f"Paying out with {workers} worker{'s' * (workers > 1)}")
        leg = Leg(Part.PAYOUTS, workers)
        leg.runs += paying.run(workers=workers, payouts=payouts, rounds=ROUNDS)
        yield leg


def _errors(legs: Sequence[Leg]) -> Iterator[str]:
    for leg in legs:
        for error in leg.errors:
            yield f"{leg.part}, {leg.clients} clients, {leg.choice}: {error}"


def _miscounted(legs: Sequence[Leg], course: Course) -> Iterator[str]:
    for count in count_all(legs, course.town):
        if not count.is_right:
            yield f"Lost or doubled: {count}"


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was measured."""

    legs: Sequence[Leg]
    claims: Claims
    spending: SpendingReports


def _print(
    console: Console,
    findings: Findings,
    facts: Sequence[tuple[str, str]],
    wrong: Sequence[str],
) -> None:
    legs, claims = findings.legs, findings.claims
    console.print()
    console.print(report.table(legs))
    console.print(report.LEGEND, style="dim")
    console.print()
    console.print(report.claims(claims), soft_wrap=True, markup=False, highlight=False)
    console.print()
    console.print(spending.table(findings.spending))
    for line in spending.lines(findings.spending):
        console.print(line, soft_wrap=True, markup=False, highlight=False)
    console.print()
    console.print(report.facts(facts))
    console.print()
    for aim in report.aims(legs, claims):
        console.print(aim)
    payouts = sum(leg.transfers for leg in legs if leg.part is Part.PAYOUTS)
    transfers = sum(leg.transfers for leg in legs) - payouts
    if not wrong:
        console.print(
            f"The books are right: {len(CHECKS)} checks of {transfers:,} measured"
            f" transfers and {payouts:,} payouts, none lost, none doubled, no error."
        )
    for complaint in wrong[:MOST_COMPLAINTS]:
        console.print(complaint, style="bold red", markup=False)
    if wrong:
        console.print(f"WRONG: {len(wrong)} findings.", style="bold red")
