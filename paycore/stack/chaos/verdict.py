"""Whether everything is right after a drill, and what is not."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from uuid import UUID

from ledger.models import LedgerAccount
from paycore.lib.money import CURRENCIES, Money
from paycore.stack.bank.process import SandboxBank
from paycore.stack.chaos.orders import (
    AMOUNT,
    CURRENCY,
    ENDINGS,
    OPENING,
    Orders,
    waits_for_a_person,
)
from payouts.models import (
    UNSETTLED,
    AttemptKind,
    AttemptOutcome,
    Payout,
    PayoutAttempt,
    PayoutDiscrepancy,
    PayoutStatus,
)
from reconciliation.services import prove_books

# After these, and nothing else, a payout may be sent once more: it certainly was not
# taken, or its gateway has never heard of it.
MAY_SEND_AGAIN: Final = {
    (AttemptKind.SUBMIT, AttemptOutcome.NOT_SENT),
    (AttemptKind.ASK, AttemptOutcome.ABSENT),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the payouts, and every complaint about it."""

    endings: Mapping[tuple[str, PayoutStatus], int]
    most_executions: int
    differences: Sequence[str]
    complaints: Sequence[str]

    @property
    def is_right(self) -> bool:
        return not self.complaints and not self.differences


def judge(orders: Orders, bank: SandboxBank) -> Verdict:
    """Compare the payouts with the bank's own books, and with ours."""
    payouts = list(Payout.objects.filter(pk__in=orders.kinds).order_by("pk"))
    executed = {UUID(key): times for key, times in bank.executed().items()}
    return Verdict(
        endings=Counter(
            (orders.kinds[payout.pk], PayoutStatus(payout.status)) for payout in payouts
        ),
        most_executions=max(executed.values(), default=0),
        differences=[str(difference) for difference in prove_books()],
        complaints=[
            *_ends(payouts, orders, bank),
            *_executions(payouts, executed),
            *_words(payouts),
            *_balances(payouts, orders),
            *(f"{row}: {row.payout_id}" for row in PayoutDiscrepancy.objects.all()),
        ],
    )


def _ends(
    payouts: Sequence[Payout], orders: Orders, bank: SandboxBank
) -> Iterator[str]:
    if len(payouts) != len(orders.kinds):
        yield f"{len(orders.kinds)} payouts were ordered, there are {len(payouts)}."
    for payout in payouts:
        kind = orders.kinds[payout.pk]
        is_right = payout.status == ENDINGS[kind] or waits_for_a_person(payout, bank)
        if not is_right:
            yield f"{payout} ({kind}) is {payout.status}, not {ENDINGS[kind]}."
        # Of one in review the gateway is still asked now and then.
        if (payout.due_at is None) == (payout.status in UNSETTLED):
            yield f"{payout} is {payout.status}, and due at {payout.due_at}."


def _executions(
    payouts: Sequence[Payout], executed: Mapping[UUID, int]
) -> Iterator[str]:
    for payout in payouts:
        times = executed.get(payout.pk, 0)
        if times != (payout.status == PayoutStatus.COMPLETED):
            yield f"{payout} is {payout.status}, and was executed {times} times."
    for unknown in executed.keys() - {payout.pk for payout in payouts}:
        yield f"The bank executed {unknown}, which nobody ordered."


def _words(payouts: Sequence[Payout]) -> Iterator[str]:
    """Whoever sends again must know that nothing was taken, whatever banks forgive."""
    said: dict[UUID, list[PayoutAttempt]] = {payout.pk: [] for payout in payouts}
    for attempt in PayoutAttempt.objects.filter(fence__gt=0).order_by("fence"):
        said[attempt.payout_id].append(attempt)
    for payout_id, attempts in said.items():
        for before, attempt in pairwise(attempts):
            if (
                attempt.kind == AttemptKind.SUBMIT
                and (before.kind, before.outcome) not in MAY_SEND_AGAIN
            ):
                yield (
                    f"payout {payout_id} was sent again after"
                    f" {before.kind}: {before.outcome}."
                )


def _balances(payouts: Sequence[Payout], orders: Orders) -> Iterator[str]:
    currency = CURRENCIES.get(CURRENCY)
    amount, opening = (Money.parse(text, currency) for text in (AMOUNT, OPENING))
    for account in LedgerAccount.objects.filter(pk__in=orders.account_ids):
        own = [payout for payout in payouts if payout.account_id == account.pk]
        sent = sum(payout.status == PayoutStatus.COMPLETED for payout in own)
        waiting = sum(payout.status in UNSETTLED for payout in own)
        found = (account.posted_minor, account.held_minor)
        if found != (opening.minor - sent * amount.minor, waiting * amount.minor):
            yield (
                f"Account {account.pk} has {account.posted} and holds {account.held}"
                f" with {sent} payouts of {amount} sent, and {waiting} unsettled."
            )
