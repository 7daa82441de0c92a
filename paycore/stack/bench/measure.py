"""The benchmark from beginning to end. Imported once Django is set up."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from django.conf import settings
from rich.console import Console

from paycore.stack.bench import machine, report
from paycore.stack.bench.course import ROUNDS, Course, Stage, count_all
from paycore.stack.bench.figures import Leg
from paycore.stack.bench.plain import Plain
from paycore.stack.bench.sending import Sending
from paycore.stack.bench.town import found_town, settle_down
from reconciliation.checks import CHECKS
from reconciliation.services import prove_books

Say = Callable[[str], None]
MOST_COMPLAINTS: Final = 20


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
    say("Counting transfers and proving the books")
    wrong = [*_errors([*warming, *legs]), *_miscounted([*warming, *legs], course)]
    wrong += [str(difference) for difference in prove_books()]
    _print(report.console(), legs, facts, wrong)
    return not wrong


def _run(stages: Sequence[Stage], say: Say) -> None:
    for number in range(1, ROUNDS + 1):
        say(f"Measuring, round {number} of {ROUNDS}")
        for stage in stages:
            stage.leg.runs.append(stage.run())


def _errors(legs: Sequence[Leg]) -> Iterator[str]:
    for leg in legs:
        for error in leg.errors:
            yield f"{leg.part}, {leg.clients} clients, {leg.choice}: {error}"


def _miscounted(legs: Sequence[Leg], course: Course) -> Iterator[str]:
    for count in count_all(legs, course.town):
        if not count.is_right:
            yield f"Lost or doubled: {count}"


def _print(
    console: Console,
    legs: Sequence[Leg],
    facts: Sequence[tuple[str, str]],
    wrong: Sequence[str],
) -> None:
    console.print()
    console.print(report.table(legs))
    console.print(report.LEGEND, style="dim")
    console.print()
    console.print(report.facts(facts))
    console.print()
    for aim in report.aims(legs):
        console.print(aim)
    transfers = sum(leg.transfers for leg in legs)
    if not wrong:
        console.print(
            f"The books are right: {len(CHECKS)} checks of {transfers:,} measured"
            " transfers, none lost, none doubled, no error."
        )
    for complaint in wrong[:MOST_COMPLAINTS]:
        console.print(complaint, style="bold red", markup=False)
    if wrong:
        console.print(f"WRONG: {len(wrong)} findings.", style="bold red")
