"""The shape of reports."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field, model_validator

from paycore.api.shapes import (
    Amount,
    BodyId,
    ByValue,
    CurrencyCode,
    Instant,
    Request,
    Resource,
    refuse,
)
from paycore.lib.errors import InvalidInput
from paycore.lib.money import CURRENCIES, Currency, minor_text
from reports.selectors import GroupBy, Spending
from risk.selectors import ScoreSummary

USUAL_DAYS: Final = 30
# A leap year, and the hour that a year may be longer in local time.
MOST_DAYS: Final = 367
HIGHEST_SCORE: Final = 100
SCORES_AT_ONCE: Final = 10
# The first from which so many days can be taken.
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC) + timedelta(days=USUAL_DAYS)


class PeriodQuery(Request):
    """A period, which ends now and has thirty days unless it is said."""

    start: Annotated[
        Instant | None,
        Field(
            alias="from",
            description=f"Included. Without it: {USUAL_DAYS} days before `to`.",
        ),
    ] = None
    end: Annotated[
        Instant | None,
        Field(
            alias="to",
            description="Not included. Without it: now. At most"
            f" {MOST_DAYS} days after `from`.",
        ),
    ] = None

    @model_validator(mode="after")
    def _refuse_reversed_bounds(self) -> Self:
        if self.start and self.end and self.start > self.end:
            raise refuse("This is before `from`.", at="to")
        return self

    def bounds(self, *, now: datetime) -> tuple[datetime, datetime]:
        """Raises: `InvalidInput` when it is too long."""
        # Never before `from`, which may be in the future.
        end = self.end or max(now, self.start or now)
        start = self.start or max(end, _EARLIEST) - timedelta(days=USUAL_DAYS)
        if end - start > timedelta(days=MOST_DAYS):
            raise InvalidInput(
                pointer="/from", why=f"A report is of at most {MOST_DAYS} days."
            )
        return min(start, end), end


class SpendingQuery(PeriodQuery):
    user_id: Annotated[
        BodyId | None,
        Field(
            description="Whose spending. Without it: your own; everybody's, if you are"
            " an operator."
        ),
    ] = None
    group_by: Annotated[GroupBy, ByValue] = GroupBy.CATEGORY
    currency: Annotated[
        CurrencyCode | None,
        Field(
            description="To count in. Without it: what the user prefers, and for"
            " everybody USD."
        ),
    ] = None

    def wanted(self) -> Currency | None:
        return None if self.currency is None else CURRENCIES.get(self.currency)


class SpendingGroupResource(Resource):
    """`key`: a category, a day `2026-05-31`, a week `2026-W22`, a month `2026-05`."""

    key: str
    total: Amount
    count: int


class SpendingResource(Resource):
    """What was spent. The groups add up to the total."""

    currency: str
    total: Amount
    count: int
    average: Amount
    groups: list[SpendingGroupResource]

    @classmethod
    def of(cls, spending: Spending) -> "SpendingResource":
        decimals = spending.currency.decimals
        return cls.model_construct(
            currency=spending.currency.code,
            total=minor_text(spending.total_minor, decimals),
            count=spending.count,
            average=minor_text(spending.average_minor, decimals),
            groups=[
                SpendingGroupResource.model_construct(
                    key=group.key,
                    total=minor_text(group.total_minor, decimals),
                    count=group.count,
                )
                for group in spending.groups
            ],
        )


class RiskBandsResource(Resource):
    """How many payments were judged to be in each band."""

    approve: int
    monitor: int
    review: int
    urgent: int


class RiskScoresResource(Resource):
    """How many payments had one of these scores, both ends included."""

    model_config = ConfigDict(serialize_by_alias=True)

    low: Annotated[int, Field(serialization_alias="from")]
    high: Annotated[int, Field(serialization_alias="to")]
    count: int


class RiskFlagResource(Resource):
    """How many payments a rule flagged: where it counts, and where it only watches."""

    flag: str
    count: int
    shadow_count: int


class RiskResource(Resource):
    """How the payments of a period were judged when they were made."""

    # `from` is a word of Python's.
    model_config = ConfigDict(serialize_by_alias=True)

    start: Annotated[Instant, Field(serialization_alias="from")]
    end: Annotated[Instant, Field(serialization_alias="to")]
    total: int
    bands: RiskBandsResource
    scores: list[RiskScoresResource]
    flags: list[RiskFlagResource]

    @classmethod
    def of(
        cls, summary: ScoreSummary, *, start: datetime, end: datetime
    ) -> "RiskResource":
        bands = {band.value: count for band, count in summary.bands.items()}
        lows = range(0, HIGHEST_SCORE, SCORES_AT_ONCE)
        # The highest score is in the last ones.
        highs = [*(low - 1 for low in lows[1:]), HIGHEST_SCORE]
        return cls.model_construct(
            start=start,
            end=end,
            total=summary.total,
            bands=RiskBandsResource.model_construct(None, **bands),
            scores=[
                RiskScoresResource.model_construct(low=low, high=high, count=count)
                for low, high, count in zip(lows, highs, summary.bins, strict=True)
            ],
            flags=[
                RiskFlagResource.model_construct(
                    flag=flag, count=count, shadow_count=shadow_count
                )
                for flag, count, shadow_count in summary.flags
            ],
        )
