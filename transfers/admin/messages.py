"""The pages of providers' messages, word for word, and what became of each."""

import unicodedata
from typing import Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from paycore.api.errors import ShapeErrors
from paycore.api.parsing import parse_document
from paycore.api.shapes import read_shape
from paycore.backoffice.lists import exact_filter
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import Table
from transfers.admin.deposits import (
    ACCOUNT,
    AMOUNT,
    REFERENCE,
    STATUS,
    WHY,
    deposits_under,
)
from transfers.models import InboxMessage, ProviderDeposit
from transfers.serializers import DepositRequest
from transfers.services import Announcement

# A message is short; what is not one may be a megabyte.
LONGEST_SHOWN: Final = 20_000


@admin.register(InboxMessage)
class MessagePages(Pages[InboxMessage]):
    list_display = ("received_at", "provider", "message_id")
    list_filter = (exact_filter("provider", title="provider"),)
    search_fields = ("=id", "=message_id")
    search_help_text = "The whole id, ours or the provider's"
    date_hierarchy = "received_at"
    slow_filters = frozenset({"provider"})
    ordering = ("-received_at", "-id")
    fields = (
        ("provider", "message_id"),
        ("received_at", "id"),
        "shown_size",
        "shown_body",
    )
    readonly_fields = (
        *("provider", "message_id", "received_at", "id", "shown_size", "shown_body"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboxMessage]:
        # A list shows no bodies, so it reads none.
        return super().get_queryset(request).defer("body")

    @admin.display(description="size")
    def shown_size(self, message: InboxMessage) -> str:
        return f"{len(message.body):,} bytes"

    @admin.display(description="body")
    def shown_body(self, message: InboxMessage) -> SafeString:
        text = printable(bytes(message.body[:LONGEST_SHOWN]))
        more = "\n…" if len(message.body) > LONGEST_SHOWN else ""
        return format_html('<pre class="backoffice-text">{}{}</pre>', text, more)

    def tables(self, row: InboxMessage) -> list[Table]:
        return [_deposit_of(row)]


def printable(body: bytes) -> str:
    """Bytes as text in which everything can be seen.

    What is not UTF-8 and what would steer a terminal or turn the direction of writing
    is shown as an escape, so that nothing looks like something else.
    """
    text = body.decode("utf-8", "backslashreplace")
    return "".join(
        char
        if char in "\n\t" or unicodedata.category(char) not in STEERING
        # An escape of the kind that Python writes.
        else char.encode("unicode_escape").decode()
        for char in text
    )


# Control and format characters, private ones, separators of lines and paragraphs.
STEERING: Final = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


def _deposit_of(message: InboxMessage) -> Table:
    deposits: list[ProviderDeposit] = []
    note = ""
    try:
        document = parse_document(bytes(message.body))
        announced = read_shape(DepositRequest, document).announcement()
    except ShapeErrors as fault:
        note = f"It was refused, because it announces no deposit: {fault.detail}"
    else:
        deposits = list(deposits_under(message.provider, announced.reference))
        note = _told_of_difference(announced, deposits)
    columns = (REFERENCE, STATUS, WHY, ACCOUNT, AMOUNT)
    return Table(title="Deposit", columns=columns, rows=deposits, note=note)


def _told_of_difference(said: Announcement, deposits: list[ProviderDeposit]) -> str:
    for deposit in deposits:
        if (deposit.account_id, deposit.amount) != (said.account_id, said.amount):
            return (
                "It was refused, because the provider had announced something else"
                " under this reference."
            )
    return ""
