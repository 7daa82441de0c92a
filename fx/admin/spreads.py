"""The pages of spreads: which one holds, and who set it. Setting one adds a row."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from fx.arithmetic import BASIS
from fx.models import Spread
from fx.services import set_spread
from paycore.backoffice.forms import LONGEST_REASON
from paycore.backoffice.lists import exact_filter
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import find_names, named_subject_cell
from paycore.lib.errors import InvalidInput
from paycore.lib.money import CURRENCIES
from paycore.lib.origin import Origin

# Of Django's own permissions: admins configure, operators look.
MAY_SET = "fx.add_spread"


def _codes() -> list[tuple[str, str]]:
    return [(currency.code, currency.code) for currency in CURRENCIES.all()]


class SpreadForm(forms.Form):
    base = forms.ChoiceField(choices=_codes, widget=UnfoldAdminSelectWidget)
    quote = forms.ChoiceField(choices=_codes, widget=UnfoldAdminSelectWidget)
    basis_points = forms.IntegerField(
        min_value=0,
        max_value=BASIS - 1,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Hundredths of a percent; 0 for no spread.",
    )
    reason = forms.CharField(
        max_length=LONGEST_REASON,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Kept for ever, and shown in the list.",
    )


@admin.register(Spread)
class SpreadPages(Pages[Spread]):
    list_display = ("__str__", "created_at", "set_by", "reason")
    list_filter = (
        exact_filter("base", title="base"),
        exact_filter("quote", title="quote"),
    )
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")
    fields = (("base", "quote"), ("basis_points", "created_at"), "set_by", "reason")
    readonly_fields = (
        *("base", "quote", "basis_points", "created_at"),
        *("set_by", "reason"),
    )
    actions_list = ("set_spread",)

    def prepare(self, rows: Sequence[Spread]) -> None:
        names = find_names(spread.actor for spread in rows)
        for spread in rows:
            spread.names = names  # type: ignore[attr-defined]

    @admin.display(description="set by")
    def set_by(self, spread: Any) -> SafeString:
        return named_subject_cell(spread.actor, spread.names)

    def get_actions_list(self, request: HttpRequest) -> list[Any]:
        if not request.user.has_perm(MAY_SET):
            return []
        found: list[Any] = super().get_actions_list(request)  # type: ignore[misc]
        return found

    @action(description="Set a spread")  # type: ignore[untyped-decorator]
    def set_spread(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(MAY_SET):
            raise PermissionDenied
        form = SpreadForm(request.POST or None)
        back = reverse(f"{self.admin_site.name}:fx_spread_changelist")
        if request.method == "POST" and form.is_valid():
            self._set(request, form.cleaned_data)
            return redirect(back)
        context = {
            **self.admin_site.each_context(request),
            "title": "Set a spread",
            "opts": self.opts,
            "form": form,
            "explanation": "From now on the house keeps this much of conversions"
            " between the two currencies, either way. Quotes made before keep their"
            " rate.",
            "button": "Set",
            "back": back,
        }
        return render(request, "backoffice/order.html", context)

    def _set(self, request: HttpRequest, asked: dict[str, Any]) -> None:
        user: Any = request.user
        request_id = getattr(request, "request_id", "")
        try:
            spread = set_spread(
                pair=(CURRENCIES.get(asked["base"]), CURRENCIES.get(asked["quote"])),
                basis_points=asked["basis_points"],
                reason=asked["reason"],
                origin=Origin.of_user(user.pk, request_id=request_id),
            )
        except InvalidInput as refusal:
            messages.error(request, refusal.detail)
        else:
            messages.success(request, f"The spread is now {spread}.")
