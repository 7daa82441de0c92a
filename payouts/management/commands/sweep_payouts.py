"""`manage.py sweep_payouts`: what the workers do each second, by hand."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from payouts import services
from payouts.models import Step

SECONDS: int = 60


class Command(BaseCommand):
    help = (
        "Send what is due and ask about what is in doubt, until nothing is left. Exits"
        " with 1 when something went wrong; the log says what, and the next sweep goes"
        " on with the rest."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--seconds",
            type=float,
            default=SECONDS,
            help="Stop taking up more after so long, for each step.",
        )

    def handle(self, *_: Any, seconds: float, **__: Any) -> None:
        # Each step gets its turn, and each file, whatever is wrong with another.
        verdicts = [self._work(step, seconds) for step in Step]
        services.look_at_queue()
        if not all(verdicts):
            sys.exit(1)

    def _work(self, step: Step, seconds: float) -> bool:
        try:
            taken = services.work_on_due(
                step=step, worker=services.worker_name(), seconds=seconds
            )
        except ExceptionGroup as problems:
            first = problems.exceptions[0]
            self.stdout.write(
                self.style.ERROR(f"{step:<8}went wrong: {type(first).__name__}.")
            )
            return False
        self.stdout.write(f"{step:<8}{taken:>8}")
        return True
