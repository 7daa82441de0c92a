"""By what reviews and assessments are filtered."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from risk.models import Band, ReviewStatus
from risk.payments import PaymentKind, SubjectType
from risk.rules import RULES

Choice = tuple[str, str]
EVERYTHING: Final = "all"
HOUR: Final = 3600
AGES: Final = {"hour": HOUR, "day": 24 * HOUR}
TENS: Final = range(0, 100, 10)


class WordFilter(SimpleListFilter):
    """By one of few words that a field may be; never asks a table which there are."""

    field: str
    words: Sequence[str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[Choice]:
        return [(word, word) for word in self.words]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> QuerySet[Any] | None:
        word = self.value()
        return None if word is None else queryset.filter(**{self.field: word})


class StatusFilter(WordFilter):
    """The open ones, unless somebody asks for others, or looks for a certain one."""

    title = "status"
    parameter_name = "status"
    field = "status"
    words = ReviewStatus.values

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[Choice]:
        decided = [word for word in ReviewStatus.values if word != ReviewStatus.OPEN]
        return [*((word, word) for word in decided), (EVERYTHING, "All")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        default, *others = super().choices(changelist)
        is_default = self.value() in {None, ReviewStatus.OPEN.value}
        yield {**default, "display": "open", "selected": is_default}
        yield from others

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> QuerySet[Any] | None:
        status = status_asked(request)
        return None if status == EVERYTHING else queryset.filter(status=status)


def status_asked(request: HttpRequest) -> str:
    """Which reviews a list is about."""
    is_search = bool(request.GET.get("q", "").strip())
    default = EVERYTHING if is_search else ReviewStatus.OPEN.value
    return request.GET.get("status", default)


class AgeFilter(SimpleListFilter):
    title = "age"
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[Choice]:
        hours = f"{settings.REVIEW_SLA / HOUR:g} hours"
        return [
            ("hour", "Older than an hour"),
            ("late", f"Overdue: older than {hours}"),
            ("day", "Older than a day"),
        ]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> QuerySet[Any] | None:
        ages = {**AGES, "late": settings.REVIEW_SLA}
        seconds = ages.get(self.value() or "")
        if seconds is None:
            return None
        before = timezone.now() - timedelta(seconds=seconds)
        return queryset.filter(created_at__lt=before)


class ScoreFilter(SimpleListFilter):
    """By tens; a hundred is with the nineties."""

    title = "score"
    parameter_name = "score"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[Choice]:
        return [(str(tens), score_text(tens)) for tens in TENS]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> QuerySet[Any] | None:
        asked = {str(tens): tens for tens in TENS}.get(self.value() or "")
        if asked is None:
            return None
        return queryset.filter(score__gte=asked, score__lte=highest_of(asked))


def score_text(tens: int) -> str:
    return f"{tens} to {highest_of(tens)}"


def highest_of(tens: int) -> int:
    return 100 if tens == TENS[-1] else tens + 9


class FlagFilter(WordFilter):
    title = "flag"
    parameter_name = "flag"
    words = tuple(RULES)

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> QuerySet[Any] | None:
        flag = self.value()
        return None if flag is None else queryset.filter(flags__contains=[flag])


class ShadowFlagFilter(FlagFilter):
    title = "flag in shadow"
    parameter_name = "shadow"

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> QuerySet[Any] | None:
        flag = self.value()
        return None if flag is None else queryset.filter(shadow_flags__contains=[flag])


class BandFilter(WordFilter):
    title = "band"
    parameter_name = "band"
    field = "band"
    words = tuple(Band.values)


class HeldBandFilter(BandFilter):
    words = tuple(band.value for band in Band if band.is_held)


class SubjectFilter(WordFilter):
    title = "type of payment"
    parameter_name = "subject_type"
    field = "subject_type"
    words = tuple(kind.value for kind in SubjectType)


class KindFilter(WordFilter):
    title = "kind of payment"
    parameter_name = "kind"
    field = "kind"
    words = tuple(kind.value for kind in PaymentKind)
