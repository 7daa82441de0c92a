"""The euro foreign exchange reference rates of the European Central Bank, as XML.

`eurofxref-daily.xml` and its sisters with more days: cubes in a cube, the outer ones
with `time`, the inner ones with `currency` and `rate`, units per euro.
"""

from datetime import datetime
from typing import Any, Final
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler

from defusedxml import DefusedXmlException
from defusedxml.sax import parseString

from fx.errors import SourceFault
from fx.sources.drafts import RateDraft, read_moment, read_rate
from paycore.lib.errors import UnsupportedCurrency
from paycore.lib.money import CURRENCIES

EURO: Final = "EUR"


def read_ecb(document: bytes) -> list[RateDraft]:
    """Currencies in which this server keeps no books are left out.

    Raises: `SourceFault`, also for XML with a document type: entities can be bombs.
    """
    cubes = _Cubes()
    try:
        parseString(document, cubes, forbid_dtd=True)
    except DefusedXmlException:
        raise SourceFault(
            "The XML declares a document type or entities, which no list of rates"
            " needs."
        ) from None
    except SAXParseException as error:
        raise SourceFault(
            f"line {error.getLineNumber()}, column {error.getColumnNumber()}:"
            f" {error.getMessage()}."
        ) from None
    return cubes.drafts


class _Cubes(ContentHandler):
    def __init__(self) -> None:
        super().__init__()
        self.drafts: list[RateDraft] = []
        self._as_of: datetime | None = None
        self._locator: Any = None

    def setDocumentLocator(self, locator: Any) -> None:  # noqa: N802
        self._locator = locator

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802
        if name.rpartition(":")[2] != "Cube":
            return
        if "time" in attrs:
            self._as_of = read_moment(attrs["time"], where=self._where("time"))
        if "currency" in attrs or "rate" in attrs:
            self._read(attrs)

    def _read(self, attrs: Any) -> None:
        for attribute in ("currency", "rate"):
            if attribute not in attrs:
                raise SourceFault(f"{self._where(attribute)}: it is missing.")
        if self._as_of is None:
            raise SourceFault(f"{self._where('time')}: no cube around it has one.")
        rate = read_rate(attrs["rate"], where=self._where("rate"))
        try:
            quote = CURRENCIES.get(attrs["currency"]).code
        except UnsupportedCurrency:
            return
        if quote != EURO:
            self.drafts.append(RateDraft(EURO, quote, rate, self._as_of))

    def _where(self, attribute: str) -> str:
        return f"line {self._locator.getLineNumber()}, {attribute} of Cube"
