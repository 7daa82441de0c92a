"""Asking the configured sources for new rates.

Note [A source that keeps failing is left alone]
    Sources are asked in order, and the first one that answers is enough. One that
    fails is asked again after `FIRST_PAUSE`, and each time it fails again after twice
    as long, up to `LONGEST_PAUSE`; meanwhile the next one answers. One answer makes
    it as good as new.

    Twice, or at once: the same news is recorded once; a failure may count twice.
    Died in between: the next run begins again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings

from fx.errors import SourceFault
from fx.models import RateSource
from fx.services.rates import load_rates
from fx.sources import default_name
from paycore.lib.db import joined_atomic

# Less than between two runs, so that one failure is forgiven by the next run.
FIRST_PAUSE: Final = timedelta(minutes=10)
LONGEST_PAUSE: Final = timedelta(hours=6)

log = structlog.get_logger(__name__)


def refresh_rates(*, sources: Sequence[tuple[str, str]], at: datetime) -> str | None:
    """Record what the first source that answers says; returns its name.

    `sources` are names, possibly empty, and addresses. Asks the network, so never call
    it inside a transaction. None when no source answered, or all are left alone.
    """
    resting = _list_resting(at)
    for given_name, address in sources:
        name = given_name or default_name(address)
        if name in resting:
            continue
        try:
            _load_current(name, address, at)
        except SourceFault as fault:
            log.warning("rate_source_failed", source=name, why=str(fault))
            _note_failure(name, str(fault), at)
        else:
            _note_answer(name, at)
            return name
    return None


def _list_resting(at: datetime) -> set[str]:
    resting = RateSource.objects.filter(retry_at__gt=at)
    return set(resting.values_list("name", flat=True))


def _load_current(name: str, address: str, at: datetime) -> None:
    loaded = load_rates(address=address, source=name, at=at)
    # Who repeats old news is as good as silent.
    if at - loaded.latest > timedelta(seconds=settings.FX_MAX_AGE):
        raise SourceFault(f"Its latest rates are of {loaded.latest:%Y-%m-%d %H:%M}.")


def _note_failure(name: str, failure: str, at: datetime) -> None:
    with joined_atomic():
        RateSource.objects.get_or_create(name=name)
        source = RateSource.objects.select_for_update().get(name=name)
        # Not to be computed beyond what a moment can hold.
        doubled = min(source.failures, 10)
        source.failures += 1
        source.failure = failure
        source.failed_at = at
        source.retry_at = at + min(FIRST_PAUSE * 2**doubled, LONGEST_PAUSE)
        source.save()


def _note_answer(name: str, at: datetime) -> None:
    RateSource.objects.update_or_create(
        name=name, defaults={"failures": 0, "retry_at": None, "answered_at": at}
    )
