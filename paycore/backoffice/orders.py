"""Buttons: an order to a service, given by a person who says why.

A button leads to a page that asks for the reason. Sending it calls the service, which
writes the event that remembers who, what and why, and comes back with a message.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget

from paycore.lib.db import run_in_transaction
from paycore.lib.errors import DomainError
from paycore.lib.origin import Origin
from paycore.lib.roles import Role

LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Staff:
    """The person at the button, as services want to know them."""

    user_id: UUID
    role: Role


@dataclass(frozen=True, slots=True)
class Order:
    """What a button asks for: of which row, by whom, and why."""

    object_id: UUID
    by: Staff
    reason: str
    origin: Origin


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=LONGEST_REASON,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Kept for ever with what you do, and shown in the audit trail.",
    )


def with_reason(
    *, title: str, permission: str, explanation: str, is_dangerous: bool = False
) -> Callable[[Callable[[Any, Order], str]], Any]:
    """Make a button of a method that gives an `Order` to a service.

    The method returns what to tell the person. A refusal of the service is shown to
    them. Name the method in `actions_detail`. `permission` is `<app>.<codename>`.
    """

    def decorate(give: Callable[[Any, Order], str]) -> Any:
        @wraps(give)
        def page(
            admin: ModelAdmin[Any], request: HttpRequest, object_id: str
        ) -> HttpResponse:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            row = _visible_row(admin, request, object_id)
            form = ReasonForm(request.POST or None)
            if request.method == "POST" and form.is_valid():
                order = _order(request, row.pk, form.cleaned_data["reason"])
                try:
                    # Again when it lost a race, like any request of the API.
                    told = run_in_transaction(lambda: give(admin, order))
                    messages.success(request, told)
                except DomainError as refusal:
                    messages.error(request, refusal.detail)
                return redirect(_address_of(admin, row.pk))
            context = {
                **admin.admin_site.each_context(request),
                "title": f"{title}: {row}",
                "opts": admin.opts,
                "original": row,
                "form": form,
                "explanation": explanation,
                "button": title,
                "back": _address_of(admin, row.pk),
            }
            return render(request, "backoffice/order.html", context)

        button = action(
            page,
            description=title,
            variant=ActionVariant.DANGER if is_dangerous else ActionVariant.DEFAULT,
        )
        # Not unfold's own `permissions`: its system check asks the database whether
        # they exist, and so there could be no check before the first migration.
        button.__dict__["permission"] = permission
        return button

    return decorate


def may_press(button: Any, request: HttpRequest) -> bool:
    """Whether to show somebody a button that `with_reason` made."""
    permission: str | None = getattr(button, "permission", None)
    return permission is None or request.user.has_perm(permission)


def _visible_row(admin: ModelAdmin[Any], request: HttpRequest, object_id: str) -> Any:
    row = admin.get_object(request, object_id)
    if row is None:
        raise Http404
    if not admin.has_view_permission(request, row):
        raise PermissionDenied
    return row


def _order(request: HttpRequest, object_id: UUID, reason: str) -> Order:
    user: Any = request.user
    request_id = getattr(request, "request_id", "")
    return Order(
        object_id=object_id,
        by=Staff(user_id=user.pk, role=user.role),
        reason=reason,
        origin=Origin.of_user(user.pk, request_id=request_id),
    )


def _address_of(admin: ModelAdmin[Any], key: object) -> str:
    page = f"{admin.opts.app_label}_{admin.opts.model_name}_change"
    return reverse(f"{admin.admin_site.name}:{page}", args=[key])
