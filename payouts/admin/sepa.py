"""The pages of SEPA: files for the bank, the payments in them, the bank's own files.

No page shows what a file says: it is full of IBANs, and so it is not even read.
"""

from collections.abc import Sequence
from typing import Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from paycore.backoffice.columns import link_column, link_to, link_to_list, money_column
from paycore.backoffice.lists import exact_filter
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import (
    NO_NAMES,
    Column,
    Table,
    find_names,
    named_subject_cell,
    newest,
    short_id,
    status_cell,
)
from payouts.admin.cells import payout_link, word_cell
from payouts.models import BankFile, Payout, SepaFile, SepaInstruction


@admin.register(SepaFile)
class SepaFilePages(Pages[SepaFile]):
    list_display = ("created_at", "message_id", "shown_state", "payments", "amount")
    search_fields = ("=id", "=message_id")
    search_help_text = "The whole id, or the message id as the bank has it"
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")
    fields = (
        ("message_id", "shown_state"),
        ("payments", "amount"),
        ("created_at", "staged_at"),
        ("delivered_at", "id"),
    )
    readonly_fields = (
        *("message_id", "shown_state", "payments", "amount", "created_at"),
        *("staged_at", "delivered_at", "id"),
    )

    amount = money_column("total", description="total")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SepaFile]:
        return super().get_queryset(request).defer("content_sealed")

    @admin.display(description="state")
    def shown_state(self, file: SepaFile) -> SafeString:
        return state_cell(file)

    def tables(self, row: SepaFile) -> list[Table]:
        instructions = SepaInstruction.objects.filter(file=row).order_by("pk")
        page = "payouts_sepainstruction"
        return [
            Table(
                title="Payments",
                columns=INSTRUCTION_COLUMNS,
                rows=newest(instructions),
                links=[link_to_list(page, "All payments", file=row.pk)],
                count=f"{row.payments}",
            )
        ]


@admin.register(SepaInstruction)
class InstructionPages(Pages[SepaInstruction]):
    list_display = (
        *("end_to_end_id", "shown_word", "reason_code", "short_payout", "short_file"),
        *("updated_at", "amount"),
    )
    list_filter = (
        "status",
        exact_filter("file", title="file's id"),
        exact_filter("payout", title="payout id"),
    )
    search_fields = ("=end_to_end_id", "=payout")
    search_help_text = "The whole end-to-end id, or the id of the payout"
    slow_filters = frozenset({"status__exact"})
    ordering = ("-id",)
    list_select_related = ("file",)
    fields = (
        ("end_to_end_id", "shown_word"),
        ("amount", "reason_code"),
        ("shown_payout", "shown_file"),
        "updated_at",
    )
    readonly_fields = (
        *("end_to_end_id", "shown_word", "amount", "reason_code", "shown_payout"),
        *("shown_file", "updated_at"),
    )

    amount = money_column("amount")
    shown_payout = link_column("payout_id", page="payouts_payout", description="payout")
    shown_file = link_column(
        "file_id", page="payouts_sepafile", text="file.message_id", description="file"
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[SepaInstruction]:
        return super().get_queryset(request).defer("file__content_sealed")

    @admin.display(description="payout")
    def short_payout(self, instruction: SepaInstruction) -> SafeString:
        return payout_link(instruction.payout_id)

    @admin.display(description="file")
    def short_file(self, instruction: SepaInstruction) -> SafeString | str:
        key = instruction.file_id
        return "-" if key is None else link_to("payouts_sepafile", key, short_id(key))

    @admin.display(description="bank says")
    def shown_word(self, instruction: SepaInstruction) -> SafeString | str:
        return word_cell(instruction.status)


@admin.register(BankFile)
class BankFilePages(Pages[BankFile]):
    list_display = (
        *("imported_at", "name", "kind", "applied", "unchanged", "unmatched"),
        "importer",
    )
    list_filter = ("kind",)
    search_fields = ("=digest",)
    search_help_text = "The SHA-256 of the file's content, in hex"
    date_hierarchy = "imported_at"
    ordering = ("-imported_at", "-id")
    fields = (
        ("name", "kind"),
        ("imported_at", "importer"),
        ("applied", "unchanged", "unmatched"),
        "digest",
    )
    readonly_fields = (
        *("name", "kind", "imported_at", "importer"),
        *("applied", "unchanged", "unmatched", "digest"),
    )

    @admin.display(description="imported by")
    def importer(self, file: BankFile) -> SafeString:
        return named_subject_cell(file.imported_by, getattr(file, "names", NO_NAMES))

    def prepare(self, rows: Sequence[BankFile]) -> None:
        names = find_names(file.imported_by for file in rows)
        for file in rows:
            file.names = names  # type: ignore[attr-defined]


def instruction_of(payout: Payout) -> Table:
    """The payment in a file that a payout became."""
    instructions = SepaInstruction.objects.filter(payout=payout)
    return Table(
        title="SEPA payment",
        columns=(FILE, *INSTRUCTION_COLUMNS),
        rows=list(instructions.select_related("file").defer("file__content_sealed")),
        empty="None: it is in no file yet.",
    )


def state_cell(file: SepaFile) -> SafeString:
    """How far it has come; see Note [A file appears once]."""
    if file.delivered_at is not None:
        return status_cell("delivered", color="success")
    if file.staged_at is not None:
        return status_cell("staged", color="warning")
    return status_cell("written", color="warning")


def _instruction_cell(instruction: SepaInstruction) -> SafeString:
    page = "payouts_sepainstruction"
    return link_to(page, instruction.pk, instruction.end_to_end_id)


def _file_cell(instruction: SepaInstruction) -> SafeString | str:
    file = instruction.file
    return "none" if file is None else link_to("payouts_sepafile", file.pk, file)


FILE: Final = Column("File", _file_cell)
INSTRUCTION_COLUMNS: Final = (
    Column("End-to-end id", _instruction_cell),
    Column("Payout", lambda row: payout_link(row.payout_id)),
    Column("Bank says", lambda row: word_cell(row.status)),
    Column("Reason code", lambda row: row.reason_code),
    Column("Since", lambda row: row.updated_at),
    Column("Amount", lambda row: row.amount, is_number=True),
)
FILE_COLUMNS: Final = (
    Column("Written", lambda file: file.created_at),
    Column("File", lambda file: link_to("payouts_sepafile", file.pk, file.message_id)),
    Column("State", state_cell),
    Column("Payments", lambda file: file.payments, is_number=True),
    Column("Total", lambda file: file.total, is_number=True),
)
