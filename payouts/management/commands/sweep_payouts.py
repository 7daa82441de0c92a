"""`manage.py sweep_payouts`: what the workers do each second, by hand."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from payouts import services
from payouts.models import Step

SECONDS: int = 60


class Command(BaseCommand):
    help = "Send what is due and ask about what is in doubt, until nothing is left."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--seconds",
            type=float,
            default=SECONDS,
            help="Stop taking up more after so long, for each step.",
        )

    def handle(self, *_: Any, seconds: float, **__: Any) -> None:
        for step in Step:
            taken = services.work_on_due(
                step=step, worker=services.worker_name(), seconds=seconds
            )
            self.stdout.write(f"{step:<8}{taken:>8}")
        services.look_at_queue()
