"""What the buttons of transfers and deposits ask for, besides the reason."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from accounts.errors import AccountNotFound
from ledger.errors import AccountNotActive
from paycore.backoffice.forms import ReasonForm
from paycore.lib.errors import CurrencyMismatch, InvalidAmount, LimitExceeded
from paycore.lib.money import Money
from transfers.admin.tables import moved_text, party_cell, why_parked
from transfers.errors import RefundExceedsOriginal
from transfers.models import ProviderDeposit, Transfer

# More than any amount that is of the grammar.
LONGEST_AMOUNT: Final = 50

Facts = Sequence[tuple[str, object]]


class RefundForm(ReasonForm):
    """How much of a transfer to give back."""

    blamed = {RefundExceedsOriginal.code: "amount"}

    amount = forms.CharField(
        required=False,
        max_length=LONGEST_AMOUNT,
        widget=UnfoldAdminTextInputWidget(
            attrs={"inputmode": "decimal", "autocomplete": "off"}
        ),
    )

    def __init__(self, data: Any, *, row: Transfer, user: Any) -> None:
        super().__init__(data, row=row, user=user)
        self.left = row.amount - row.refunded
        field = self.fields["amount"]
        field.label = f"Amount in {self.left.currency}"
        field.help_text = f"What the payer gets back; empty for all of {self.left}."

    @staticmethod
    def state_of(row: Transfer) -> str:
        return str(row.refunded_minor)

    def clean_amount(self) -> str | None:
        text: str = self.cleaned_data["amount"]
        if not text:
            return None
        try:
            amount = Money.parse(text, self.left.currency)
        except InvalidAmount as refusal:
            raise forms.ValidationError(refusal.detail) from refusal
        if amount > self.left:
            raise forms.ValidationError(f"No more than {self.left} is left to refund.")
        return amount.text

    def facts(self) -> Facts:
        transfer: Transfer = self.row
        return (
            ("Taken from", party_cell(transfer, "destination_account")),
            ("Given back to", party_cell(transfer, "source_account")),
            ("Amount of the transfer", moved_text(transfer)),
            ("Refunded so far", transfer.refunded),
            ("Left to refund", self.left),
        )


class ReversalForm(ReasonForm):
    """Whether the receiver's account may end up short."""

    restricted = {"force": "transfers.force_reversal"}

    force = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanWidget,
        label="Even if the receiver no longer has the money",
        help_text="Its account is then taken below the lowest balance that it may have."
        " The event says so.",
    )

    def facts(self) -> Facts:
        transfer: Transfer = self.row
        facts: list[tuple[str, object]] = [
            ("Taken from", party_cell(transfer, "destination_account")),
            ("Given back to", party_cell(transfer, "source_account")),
            ("Amount of the transfer", moved_text(transfer)),
        ]
        receiver = transfer.destination_account
        if receiver is not None:
            available = receiver.ledger_account.available
            facts.append(("Available to take it from", available))
        return facts


class SuspenseForm(ReasonForm):
    """What the provider announced."""

    def facts(self) -> Facts:
        deposit: ProviderDeposit = self.row
        return (
            ("Amount", deposit.amount),
            ("Provider", deposit.provider),
            ("Provider's reference", deposit.reference),
            ("Account as announced", deposit.account_id),
            ("Parked because", why_parked(deposit)),
            ("Announced", deposit.created_at),
        )


class AccountForm(SuspenseForm):
    """Which account a deposit is for."""

    blamed = {
        refusal.code: "account_id"
        for refusal in (
            AccountNotFound,
            CurrencyMismatch,
            AccountNotActive,
            LimitExceeded,
        )
    }

    account_id = forms.UUIDField(
        label="Account id",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        error_messages={"invalid": "Enter the whole id of an account."},
    )

    def __init__(self, data: Any, *, row: ProviderDeposit, user: Any) -> None:
        super().__init__(data, row=row, user=user)
        self.initial["account_id"] = row.account_id
        self.fields["account_id"].help_text = (
            f"The whole id of an account in {row.currency}. At first, what the"
            " provider wrote."
        )
