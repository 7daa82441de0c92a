"""Judging a payment before it is made.

Note [A user's payments are judged one after the other]
    Limits and velocity look back on what the user did. Two payments at once, from two
    accounts or on two servers, must not both look back before either is there: so each
    first takes its user's lock, after the locks of the accounts, and keeps it until
    its transaction ends. It is an advisory lock: there is no row of a user that every
    payment writes.

    Runs twice: the caller's idempotency key, and one assessment per payment. At once:
    the second waits, then sees the first. Refused or died: the transaction is gone,
    and with it the assessment, so it is not counted. Late: the time is the database's.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from events.services import EventDraft, publish_events
from fx.selectors import RateTable, get_rate_table
from paycore.lib.db import joined_atomic
from paycore.lib.ids import new_id
from paycore.lib.metrics import RISK_ASSESSMENTS, RISK_RULE_ERRORS, RISK_UNPRICED
from paycore.lib.money import CURRENCIES, Currency, Money
from paycore.lib.origin import Origin
from paycore.lib.rows import insert_rows
from paycore.lib.times import StatementTime
from risk.models import Assessment, Review
from risk.payments import Payment, Worth
from risk.rules import Case
from risk.scoring import Score, score_case
from risk.services.configuration import lock_users
from risk.services.history import Earlier, Look, Past, after, look_back
from risk.services.limits import Rates, refuse_beyond_limits

log = structlog.get_logger(__name__)

WORTH_DECIMALS: Final = Decimal(1).scaleb(-10)
_COLUMNS: Final = [field.attname for field in Assessment._meta.concrete_fields]


def screen_payment(payment: Payment, *, origin: Origin) -> Assessment:
    """Judge a payment that is about to be made, and remember what was thought.

    When it `is_held`, a review is open: the caller must hold the funds and wait. Call
    it with the accounts locked, and before the funds are taken.

    Raises: `LimitExceeded`.
    """
    with joined_atomic():
        screening = Screening([payment])
        assessment = screening.judge(payment)
        screening.keep(assessment)
        screening.write(origin=origin)
        return assessment


class Screening:
    """Payments that are judged together, in order: one look back for all of them.

    `judge` each when its turn comes, `keep` it when it will be made, `write` at the
    end. Those that were kept count for the ones after them.
    """

    def __init__(self, payments: Sequence[Payment]) -> None:
        user_ids = list({payment.user_id for payment in payments})
        self._configuration = lock_users(user_ids)
        self._looks = {
            payment.subject_id: Look(new_id(), payment) for payment in payments
        }
        self._pasts = look_back(
            list(self._looks.values()), measures=self._configuration.measures
        )
        self._rates = _RatesOnDemand(self._pasts)
        self._kept: list[Assessment] = []
        self._earlier: defaultdict[UUID, Earlier] = defaultdict(Earlier)

    def judge(self, payment: Payment) -> Assessment:
        """What is thought of one of the payments. Raises: `LimitExceeded`."""
        look = self._looks[payment.subject_id]
        past = after(self._pasts[look.id], payment, self._earlier[payment.user_id])
        refuse_beyond_limits(
            payment,
            configuration=self._configuration,
            used=past.used,
            rates=self._rates,
        )
        worth = worth_of(payment, self._rates)
        case = Case(payment, past.moment, worth, past.history)
        score = score_case(case, self._configuration)
        _tell_of_errors(score)
        return _assessment(look, past, worth, score)

    def keep(self, assessment: Assessment) -> None:
        """The payment will be made, or held."""
        self._kept.append(assessment)
        self._earlier[assessment.user_id].add(assessment)

    def write(self, *, origin: Origin) -> None:
        """Store what was thought, and open the reviews of what is held."""
        if not self._kept:
            return
        insert_rows(
            Assessment,
            {name: [getattr(one, name) for one in self._kept] for name in _COLUMNS},
        )
        held = [assessment for assessment in self._kept if assessment.is_held]
        if held:
            _open_reviews(held, origin)
        _count_after_commit(self._kept)


def void_payments(subject_ids: Collection[UUID]) -> None:
    """Payments came to nothing: they no longer count towards limits and averages."""
    Assessment.objects.filter(subject_id__in=subject_ids, voided_at=None).update(
        voided_at=StatementTime()
    )


def worth_of(payment: Payment, rates: Rates) -> Worth:
    """What the payment is worth in `RISK_CURRENCY`, as it will be remembered."""
    currency = CURRENCIES.get(settings.RISK_CURRENCY)
    value = rates.value_of(payment.amount, currency)
    return Worth(None if value is None else as_remembered(value), currency.code)


def as_remembered(value: Fraction) -> Fraction:
    """The value to the decimals that are stored, so that both judge alike."""
    return Fraction(_decimal(value))


def _decimal(value: Fraction) -> Decimal:
    scaled = round(value / Fraction(WORTH_DECIMALS))
    return Decimal(scaled).scaleb(-10)


class _RatesOnDemand:
    """The rates of the moment, which most payments do without.

    Only who pays in another currency than limits and rules compare by needs them.
    """

    def __init__(self, pasts: Mapping[UUID, Past]) -> None:
        self._at = max(past.moment.at for past in pasts.values())

    def value_of(self, amount: Money, currency: Currency) -> Fraction | None:
        if amount.currency == currency:
            return Fraction(amount.amount)
        return self._table.value_of(amount, currency)

    @cached_property
    def _table(self) -> RateTable:
        return get_rate_table(at=self._at)


def _tell_of_errors(score: Score) -> None:
    # At once: also when the payment comes to nothing, the rule is broken.
    for code, error in score.raised.items():
        log.error("risk_rule_failed", rule=code, exc_info=error)
        RISK_RULE_ERRORS.labels(rule=code).inc()


def _assessment(look: Look, past: Past, worth: Worth, score: Score) -> Assessment:
    payment = look.payment
    return Assessment(
        id=look.id,
        subject_type=payment.subject_type,
        subject_id=payment.subject_id,
        kind=payment.kind,
        user_id=payment.user_id,
        amount_minor=payment.amount.minor,
        currency=payment.amount.currency.code,
        counterparty=payment.counterparty,
        worth=None if worth.major is None else _decimal(worth.major),
        currency_of_worth=worth.currency,
        time_zone=str(past.moment.local.tzinfo),
        score=score.points,
        band=score.band,
        flags=score.flags,
        shadow_flags=score.shadow_flags,
        findings=score.findings,
        versions=score.versions,
        errors=score.errors,
        assessed_at=past.moment.at,
    )


def _open_reviews(held: Sequence[Assessment], origin: Origin) -> None:
    reviews = [
        Review(
            assessment_id=assessment.pk,
            subject_type=assessment.subject_type,
            subject_id=assessment.subject_id,
            user_id=assessment.user_id,
            score=assessment.score,
            band=assessment.band,
            flags=assessment.flags,
            created_at=assessment.assessed_at,
        )
        for assessment in held
    ]
    Review.objects.bulk_create(reviews)
    publish_events([_opened(review) for review in reviews], origin=origin)


def _opened(review: Review) -> EventDraft:
    # No owner: what made us suspicious is not for the suspect to read.
    return EventDraft(
        type="review.opened",
        subject_type="review",
        subject_id=review.pk,
        data={
            "review_id": str(review.pk),
            "subject_type": review.subject_type,
            "subject_id": str(review.subject_id),
            "score": review.score,
            "band": review.band,
            "flags": list(review.flags),
        },
    )


def _count_after_commit(assessments: Sequence[Assessment]) -> None:
    labels = [(one.kind, one.band) for one in assessments]
    unpriced = [one.currency for one in assessments if one.worth is None]

    def count() -> None:
        for kind, band in labels:
            RISK_ASSESSMENTS.labels(kind=kind, band=band).inc()
        for currency in unpriced:
            RISK_UNPRICED.labels(currency=currency).inc()

    transaction.on_commit(count, robust=True)
