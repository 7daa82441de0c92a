"""`manage.py rebuild_rollups`: make the roll-ups of reports again."""

import time
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from paycore.lib.errors import NotFound, ServiceUnavailable
from reports import services
from reports.selectors import get_person


class Command(BaseCommand):
    help = (
        "Add up again what people spent and how payments were judged, and replace all"
        " roll-ups by that, or those of one person's spending. They come to the same"
        " numbers as before, unless somebody wrote to the tables by hand. Answers stay"
        " right while it runs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", type=UUID, help="The id of the only person.")

    def handle(self, *_: Any, **options: Any) -> None:
        user_id: UUID | None = options["user"]
        if user_id is not None:
            try:
                get_person(user_id=user_id)
            except NotFound:
                raise CommandError(f"There is no user {user_id}.") from None
        started = time.monotonic()
        try:
            steps = services.rebuild_rollups(until=timezone.now(), user_id=user_id)
        except ServiceUnavailable as refusal:
            raise CommandError(refusal.detail) from None
        seconds = time.monotonic() - started
        if steps == 0:
            self.stdout.write("Nobody is rolled up yet, so there was nothing to do.")
            return
        self.stdout.write(
            self.style.SUCCESS(
                f"Roll-ups made in {_steps_text(steps)}, {seconds:.1f} s."
            )
        )


def _steps_text(steps: int) -> str:
    return "1 step" if steps == 1 else f"{steps} steps"
