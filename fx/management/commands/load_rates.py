"""`manage.py load_rates`: record the exchange rates of a document."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from fx.errors import SourceFault
from fx.services import load_rates
from fx.sources import default_name


class Command(BaseCommand):
    help = (
        "Record exchange rates: the XML of the European Central Bank, or CSV with the"
        " columns base,quote,rate,as_of. All of them or, when one line is wrong, none."
        " The newest rate of a pair is in force; nothing is overwritten."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "source", help="A file, or an address that begins with https: or file:."
        )
        parser.add_argument(
            "--source-name",
            help="What the rates are said to come from. Default: the name of the host"
            " or of the file.",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        address: str = options["source"]
        name: str = options["source_name"] or default_name(address)
        try:
            loaded = load_rates(address=address, source=name, at=timezone.now())
        except SourceFault as fault:
            raise CommandError(f"{address}: {fault} Nothing was recorded.") from None
        self.stdout.write(
            f"{loaded.count} rates of {name}, the latest of"
            f" {loaded.latest:%Y-%m-%d %H:%M} UTC: {loaded.new} new."
        )
