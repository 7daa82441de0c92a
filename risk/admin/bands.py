"""The pages of bands: from which score on a payment is watched or held."""

from typing import Any, Final

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.decorators import action
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from paycore.backoffice.tables import Column, Table
from paycore.lib.origin import Origin
from risk.admin.cells import band_cell
from risk.admin.filters import TENS, score_text
from risk.admin.settings import Question, SettingForm, SettingPages, last_setting
from risk.configuration import HIGHEST_BAND, Bands
from risk.models import Band, BandSetting
from risk.services import configure_bands, read_configuration
from risk.statistics import measure_scores

WHAT_FOLLOWS: Final = {
    Band.APPROVE: "The payment is made.",
    Band.MONITOR: "The payment is made, and marked.",
    Band.REVIEW: "The payment is held for a person.",
    Band.URGENT: "The payment is held for a person, before the others.",
}
HIGHEST: Final = 100


def _score_field(label: str) -> forms.IntegerField:
    return forms.IntegerField(
        min_value=0,
        # Above the highest score, so that bands can be empty.
        max_value=HIGHEST_BAND,
        label=label,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="The lowest score of it; above 100 for never.",
    )


class BandForm(SettingForm):
    monitor_from = _score_field("Monitor from")
    review_from = _score_field("Review from")
    urgent_from = _score_field("Urgent from")

    def __init__(self, data: Any, *, bands: Bands, seen: int) -> None:
        initial = {
            "monitor_from": bands.monitor_from,
            "review_from": bands.review_from,
            "urgent_from": bands.urgent_from,
        }
        super().__init__(data, initial=initial, seen=seen)

    def clean(self) -> dict[str, Any]:
        asked = self.cleaned_data
        for lower, higher in (
            ("monitor_from", "review_from"),
            ("review_from", "urgent_from"),
        ):
            if {lower, higher} <= set(asked) and asked[higher] <= asked[lower]:
                self.add_error(higher, "It begins above the band before it.")
        return asked

    def give(self, origin: Origin) -> str:
        asked = self.cleaned_data
        bands = Bands(asked["monitor_from"], asked["review_from"], asked["urgent_from"])
        setting = configure_bands(
            bands=bands, reason=asked["reason"], origin=origin, seen=asked["seen"]
        )
        return f"The bands now begin at {setting}."


@admin.register(BandSetting)
class BandPages(SettingPages[BandSetting]):
    permission = "risk.add_bandsetting"
    list_display = (
        *("created_at", "monitor_from", "review_from", "urgent_from"),
        *("set_by", "reason"),
    )
    fields = (
        ("monitor_from", "review_from", "urgent_from"),
        ("created_at", "set_by"),
        "reason",
    )
    readonly_fields = (
        *("monitor_from", "review_from", "urgent_from"),
        *("created_at", "set_by", "reason"),
    )
    actions_list = ("set_bands",)

    def tables_above(self, request: HttpRequest) -> list[Table]:
        bands = read_configuration(user_ids=[]).bands
        return [_bands_table(bands), _scores_table(bands)]

    @action(description="Set the bands")  # type: ignore[untyped-decorator]
    def set_bands(self, request: HttpRequest) -> HttpResponse:
        seen = last_setting(BandSetting)
        bands = read_configuration(user_ids=[]).bands
        return self.ask(
            request,
            lambda data: BandForm(data, bands=bands, seen=seen),
            Question(
                title="Set the bands",
                explanation="From now on scores mean this. Payments that were judged"
                " before stay as they are, also the held ones.",
            ),
        )


def _bands_table(bands: Bands) -> Table:
    lowest = {
        Band.APPROVE: 0,
        Band.MONITOR: bands.monitor_from,
        Band.REVIEW: bands.review_from,
        Band.URGENT: bands.urgent_from,
    }
    ends = [*list(lowest.values())[1:], HIGHEST + 1]
    scores = {
        band: f"{start} to {end - 1}" if start < min(end, HIGHEST + 1) else "never"
        for (band, start), end in zip(lowest.items(), ends, strict=True)
    }
    return Table(
        title="Bands as of now",
        columns=(
            Column("Band", band_cell),
            Column("Score", lambda band: scores[band]),
            Column("What follows", lambda band: WHAT_FOLLOWS[band]),
        ),
        rows=list(Band),
    )


def _scores_table(bands: Bands) -> Table:
    """How many payments each band would have, seen by the scores that there were."""
    found = measure_scores(at=timezone.now())
    return Table(
        title="Scores of the last 30 days",
        columns=(
            Column("Score", score_text),
            Column("Begins in", lambda tens: band_cell(bands.of(tens))),
            Column("Payments", lambda tens: _count_in(found, tens), is_number=True),
        ),
        rows=[] if found is None else [tens for tens in TENS if found.bins[tens // 10]],
        count="" if found is None else f"{found.total:,} payments",
        empty="None."
        if found is not None
        else "There are too many payments to count them.",
    )


def _count_in(found: Any, tens: int) -> str:
    return f"{found.bins[tens // 10]:,}"
