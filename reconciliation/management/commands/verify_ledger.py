"""`manage.py verify_ledger`: prove the books, or say what is wrong with them."""

import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError

from reconciliation.checks import CHECKS
from reconciliation.services import prove_books


class Command(BaseCommand):
    help = (
        "Recompute the invariants of the whole ledger and list every difference."
        " Exits with 1 when there is one."
    )

    def handle(self, *_: Any, **__: Any) -> None:
        started = time.monotonic()
        found = 0
        try:
            for difference in prove_books():
                found += 1
                self.stdout.write(self.style.ERROR(str(difference)))
        except ProgrammingError as error:
            raise CommandError(
                f"The books cannot be read ({str(error).splitlines()[0]})."
                " Has this database been migrated (manage.py migrate)?"
            ) from error
        seconds = time.monotonic() - started
        verdict = f"{len(CHECKS)} checks in {seconds:.1f} s: {found} differences."
        if found:
            self.stdout.write(self.style.ERROR(f"The books are WRONG. {verdict}"))
            sys.exit(1)
        self.stdout.write(self.style.SUCCESS(f"The books are right. {verdict}"))
