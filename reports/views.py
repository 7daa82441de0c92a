"""Reports over HTTP."""

from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from fx.errors import RateUnavailable
from paycore.api.openapi import documented
from paycore.api.principals import Scope
from paycore.api.views import ApiView
from paycore.lib.errors import NotFound, UnsupportedCurrency
from reports import selectors
from reports.serializers import (
    PeriodQuery,
    RiskResource,
    SpendingQuery,
    SpendingResource,
)


class SpendingReport(ApiView):
    scopes = {"GET": Scope.REPORTS_READ}

    @documented(
        "Add up what was spent",
        description="Completed purchases, by when they were completed, as the amount"
        " that the payer was debited. One that was reversed does not count; a refund"
        " changes nothing, it is a movement of its own. Days, weeks (ISO 8601, from"
        " Monday on) and months are those of the user's time zone; of everybody, each"
        " in their own. Groups that have nothing are left out; categories come by"
        " total, the largest first, all others by time. What was spent on one day in"
        " one category and another currency is converted, before any spread, by the"
        " rate that was in force at the end of that day (of everybody: of that date in"
        " UTC; today: now), and rounded half-even; so the groups add up to the total."
        " `average` is the total divided by the count, rounded half-even.",
        query=SpendingQuery,
        answers={200: SpendingResource},
        refusals=(UnsupportedCurrency, NotFound, RateUnavailable),
    )
    def get(self, request: Request) -> HttpResponse:
        query = self.read_query(SpendingQuery)
        now = timezone.now()
        start, end = query.bounds(now=now)
        spending = selectors.sum_spending(
            user_id=self._whose(query.user_id),
            start=start,
            end=end,
            group_by=query.group_by,
            currency=query.wanted(),
            now=now,
        )
        return self.answer(SpendingResource.of(spending))

    def _whose(self, user_id: UUID | None) -> UUID | None:
        """Raises: `NotFound` for another's spending, but to operators."""
        own = self.principal.sees_only
        if own is not None and user_id not in {None, own}:
            raise NotFound
        return own or user_id


class RiskReport(ApiView):
    scopes = {"GET": Scope.REPORTS_READ}
    operators = frozenset({"GET"})

    @documented(
        "Count how payments were judged",
        description="By band, by score, and by flag: `count` where the rule counts,"
        " `shadow_count` where it was only watched. Each payment is counted once, when"
        " it was made, whatever a person decided later.",
        query=PeriodQuery,
        answers={200: RiskResource},
    )
    def get(self, request: Request) -> HttpResponse:
        start, end = self.read_query(PeriodQuery).bounds(now=timezone.now())
        summary = selectors.summarize_judged(start=start, end=end)
        return self.answer(RiskResource.of(summary, start=start, end=end))
