"""`manage.py import_bank_file`: read what the bank answered about SEPA payouts."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from paycore.lib.errors import ServiceUnavailable
from paycore.lib.origin import Origin
from payouts.gateways.sepa.answers import UnreadableBankFile
from payouts.services.bank_files import ImportedFile, import_bank_file

ORIGIN = Origin(actor="command:import_bank_file")


class Command(BaseCommand):
    help = (
        "Read files from the bank (pain.002, camt.052 to 054) and let the payouts"
        " follow. Each is applied once, however often it is imported. Exits with 1 when"
        " a file cannot be read, or says something that a person must look at."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")

    def handle(self, *_: Any, **options: Any) -> None:
        self._row("FILE", "KIND", "APPLIED", "UNCHANGED", "UNMATCHED")
        # Every file gets its turn, whatever is wrong with another.
        verdicts = [self._import(path) for path in options["files"]]
        if not all(verdicts):
            sys.exit(1)

    def _import(self, path: Path) -> bool:
        try:
            imported = import_bank_file(
                name=path.name, content=path.read_bytes(), origin=ORIGIN
            )
        except OSError as error:
            return self._fail(f"{path}: {error.strerror}.")
        except UnreadableBankFile as error:
            return self._fail(f"{path}: {error} Nothing of it was applied.")
        except ServiceUnavailable:
            return self._fail(
                f"{path}: Somebody else had its payments locked for too long, as"
                " another import may. Nothing of it was applied; import it again."
            )
        except ExceptionGroup as problems:
            count = len(problems.exceptions)
            return self._fail(
                f"{path}: All of it was applied. Payouts that did not follow: {count};"
                " they do when the gateway is asked, or when it is imported again."
            )
        self._tell(path.name, imported)
        return not imported.unmatched

    def _tell(self, name: str, imported: ImportedFile) -> None:
        self._row(
            name,
            imported.kind,
            imported.applied,
            imported.unchanged,
            len(imported.unmatched),
        )
        if imported.is_repeat:
            self.stdout.write("  It was imported before, so nothing was applied.")
        for each in imported.unmatched:
            self._fail(f"  {each.subject}, {each.meaning}: {each.why}")

    def _row(self, name: str, *cells: object) -> None:
        self.stdout.write(f"{name:<40}" + "".join(f"{cell!s:>11}" for cell in cells))

    def _fail(self, sentence: str) -> bool:
        self.stdout.write(self.style.ERROR(sentence))
        return False
