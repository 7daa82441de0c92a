"""`manage.py backtest_risk`: which payments other settings would have held."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from paycore.lib.errors import InvalidInput
from risk.backtests import Backtest, backtest, read_settings
from risk.models import Band
from risk.services import read_configuration


class Command(BaseCommand):
    help = (
        "Judge the payments of a time again, as things are set now or as FILE says,"
        " and count which would change hands between the bands. Changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from", dest="start", required=True, help="2026-05-01, or with a time"
        )
        parser.add_argument(
            "--to", dest="end", required=True, help="Not included; as --from"
        )
        parser.add_argument(
            "--rules",
            metavar="FILE",
            help='JSON: {"rules": {"HIGH_VALUE": {"points": 40, "parameters":'
            ' {"above": 5000}}}, "bands": {"review_from": 50}}',
        )

    def handle(
        self, *_: Any, start: str, end: str, rules: str | None, **__: Any
    ) -> None:
        begins, ends = _moment(start), _moment(end)
        if begins >= ends:
            raise CommandError("--to must be later than --from.")
        configuration = read_configuration(user_ids=[])
        if rules is not None:
            try:
                configuration = read_settings(
                    _document(Path(rules)), configuration=configuration
                )
            except InvalidInput as refusal:
                raise CommandError(f"{rules}: {refusal.detail}") from refusal
        self._print(backtest(start=begins, end=ends, configuration=configuration))

    def _print(self, result: Backtest) -> None:
        self.stdout.write(
            f"{result.total} payments judged again, {result.moved} of them otherwise."
        )
        self.stdout.write("")
        self.stdout.write(f"{'then / now':<12}" + "".join(f"{b:>10}" for b in Band))
        for then in Band:
            row = "".join(f"{result.moves[then, now]:>10}" for now in Band)
            self.stdout.write(f"{then:<12}{row}")
        self.stdout.write("")
        self.stdout.write(f"{'flag':<24}{'then':>10}{'now':>10}")
        for flag in sorted(result.flags_then | result.flags_now):
            then_count, now_count = result.flags_then[flag], result.flags_now[flag]
            self.stdout.write(f"{flag:<24}{then_count:>10}{now_count:>10}")
        for code, count in sorted(result.errors.items()):
            self.stdout.write(self.style.ERROR(f"{code} raised {count} times."))


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise CommandError(f"{path} must hold a JSON object.")
    return document


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text!r} is no date or time (ISO 8601).") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
