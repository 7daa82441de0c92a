"""What the pages of assessments and of reviews show alike."""

from django.contrib import admin
from django.utils.safestring import SafeString

from paycore.backoffice.tables import number_cell
from risk.admin.cells import (
    Judged,
    assessment_of,
    band_cell,
    kind_cell,
    local_time_text,
    payment_cell,
    person_cell,
    sentences_cell,
    worth_text,
)


class PaymentColumns:
    """A payment that was judged: what it was, whose, and what was thought of it."""

    @admin.display(description="band")
    def shown_band(self, row: Judged) -> SafeString:
        return band_cell(row.band)

    @admin.display(description="score")
    def shown_score(self, row: Judged) -> SafeString:
        return number_cell(row.score)

    @admin.display(description="why")
    def shown_reasons(self, row: Judged) -> SafeString | str:
        return sentences_cell(assessment_of(row).reasons)

    @admin.display(description="payment")
    def payment(self, row: Judged) -> SafeString:
        return payment_cell(row)

    @admin.display(description="kind")
    def shown_kind(self, row: Judged) -> SafeString:
        return kind_cell(row)

    @admin.display(description="worth")
    def shown_worth(self, row: Judged) -> str:
        return worth_text(assessment_of(row))

    @admin.display(description="person")
    def person(self, row: Judged) -> SafeString:
        return person_cell(row)

    @admin.display(description="name")
    def name(self, row: Judged) -> str:
        return row.user.full_name

    @admin.display(description="on the person's clock")
    def local_time(self, row: Judged) -> str:
        return local_time_text(assessment_of(row))
