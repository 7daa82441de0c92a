"""`manage.py payouts --status`: what waits, for workers and for people."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from payouts.selectors import get_queue_state


class Command(BaseCommand):
    help = "Show what payouts wait for: workers, gateways, or people."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--status", action="store_true", help="Show it (there is nothing else)."
        )

    def handle(self, *_: Any, **__: Any) -> None:
        state = get_queue_state()
        for status, count in sorted(state.unsettled.items()):
            self.stdout.write(f"{status:<24}{count:>8}")
        for step, count in state.due.items():
            self.stdout.write(f"{f'due to {step}':<24}{count:>8}")
        self.stdout.write(f"{'oldest due for':<24}{state.oldest_due_seconds:>7.0f}s")
        self.stdout.write(f"{'with a worker':<24}{state.leased:>8}")
        self.stdout.write(f"{'need approval':<24}{state.approvals:>8}")
        self.stdout.write(f"{'contradicted':<24}{state.discrepancies:>8}")
