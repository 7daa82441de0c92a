"""What the buttons of payouts ask for besides the reason, and the facts they show."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

from django import forms
from django.utils.formats import localize
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from paycore.backoffice.columns import age_of
from paycore.backoffice.forms import ReasonForm
from payouts.admin.attempts import describe_answer, find_answer
from payouts.admin.cells import owner_cell, people_awaited, times
from payouts.models import Claim, Payout, PayoutDiscrepancy

LONGEST_REFERENCE: Final = 255

Facts = Sequence[tuple[str, object]]


class PayoutForm(ReasonForm):
    """What is paid, from whom to whom, and since when."""

    def facts(self) -> Facts:
        payout: Payout = self.row
        requester = payout.requested_by
        return (
            ("Amount", payout.amount),
            ("From", owner_cell(payout)),
            ("To", payout.beneficiary_name),
            ("IBAN", payout.iban_masked),
            ("Status", payout.status),
            *(("Waits for", awaited) for awaited in people_awaited(payout)),
            ("Requested by", requester or "nobody knows"),
            ("Requested", f"{localize(payout.created_at)}, {_ago(payout.created_at)}"),
        )


class ApprovalForm(PayoutForm):
    """What is approved is what was seen."""

    @staticmethod
    def state_of(row: Payout) -> str:
        terms = (
            *(row.account_id, row.amount_minor, row.currency, row.beneficiary_name),
            # Sealed anew when it changes, also where the masked one stays the same.
            *(row.iban_sealed, row.bic, row.gateway, row.requested_by_id),
        )
        return sha256(repr(terms).encode()).hexdigest()


class QuestionForm(PayoutForm):
    """What the gateway said last."""

    def facts(self) -> Facts:
        payout: Payout = self.row
        return (
            *super().facts(),
            ("Sent", times(payout.attempts)),
            ("Gateway", payout.gateway),
            ("Gateway's reference", payout.gateway_reference or "none"),
            ("Gateway says now", describe_answer(find_answer(payout.pk))),
        )


class RefundForm(QuestionForm):
    """The facts by which a person decides, as long as they are the facts."""

    @staticmethod
    def state_of(row: Payout) -> str:
        # The same answer again changes nothing about what the person knows.
        answer = find_answer(row.pk)
        said = ("", "") if answer is None else (answer.outcome, answer.failure_code)
        return ":".join([row.status, row.gateway_reference, *map(str, said)])

    def facts(self) -> Facts:
        payout: Payout = self.row
        since = payout.unknown_since
        doubt = "-" if since is None else f"{localize(since)}, {_ago(since)}"
        return (*super().facts(), ("In doubt since", doubt))


class ConfirmationForm(RefundForm):
    """By which name the gateway knows the payment, if somebody found out."""

    gateway_reference = forms.CharField(
        required=False,
        max_length=LONGEST_REFERENCE,
        label="Gateway's reference",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="By which the payment is found at the gateway, if you know it.",
    )

    def __init__(self, data: Any, *, row: Payout, user: Any) -> None:
        super().__init__(data, row=row, user=user)
        self.initial["gateway_reference"] = row.gateway_reference


class DiscrepancyForm(ReasonForm):
    """What the books say, and what the gateway says."""

    def facts(self) -> Facts:
        discrepancy: PayoutDiscrepancy = self.row
        payout = discrepancy.payout
        return (
            ("Amount", payout.amount),
            ("From", owner_cell(payout)),
            ("To", payout.beneficiary_name),
            ("The books say", payout.status),
            ("Gateway said", discrepancy.claim),
            ("Gateway's reference", discrepancy.gateway_reference or "none"),
            ("Since", localize(discrepancy.created_at)),
            ("Gateway says now", describe_answer(find_answer(payout.pk))),
        )


class CorrectionForm(DiscrepancyForm):
    """What moves, and whether the account may end up short."""

    restricted = {"force": "payouts.force_correction"}

    force = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanWidget,
        label="Even if the account no longer has the money",
        help_text="It is then taken below the lowest balance that it may have."
        " The event says so.",
    )

    def __init__(self, data: Any, *, row: PayoutDiscrepancy, user: Any) -> None:
        super().__init__(data, row=row, user=user)
        if row.claim != Claim.EXECUTED:
            # The account gets money, of which it can never have too little.
            self.fields.pop("force", None)

    def facts(self) -> Facts:
        discrepancy: PayoutDiscrepancy = self.row
        amount = discrepancy.payout.amount
        if discrepancy.claim != Claim.EXECUTED:
            return (*super().facts(), ("What moves", f"{amount} back to the account"))
        books = discrepancy.payout.account.ledger_account
        return (
            *super().facts(),
            ("What moves", f"{amount} out of the account"),
            ("Available to take it from", books.available),
        )


def _ago(moment: Any) -> str:
    return f"{age_of(moment)} ago"
