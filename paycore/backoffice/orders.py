"""Buttons: an order to a service, given by a person who says why.

A button leads to a page that asks for the reason, and for what else the order needs.
Sending it calls the service, which writes the event that remembers who, what and why,
and comes back with a message.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from unfold.decorators import action
from unfold.enums import ActionVariant

from paycore.backoffice.columns import shown_value
from paycore.backoffice.forms import ReasonForm, with_focus
from paycore.lib.db import run_in_transaction
from paycore.lib.errors import DomainError, InvalidState
from paycore.lib.origin import Origin
from paycore.lib.roles import Role


@dataclass(frozen=True, slots=True)
class Staff:
    """The person at the button, as services want to know them."""

    user_id: UUID
    role: Role


@dataclass(frozen=True, slots=True)
class Order:
    """What a button asks for: of which row, by whom, and why.

    `asked` is what its form asks for besides, by the names of the fields.
    """

    object_id: UUID
    by: Staff
    reason: str
    origin: Origin
    asked: Mapping[str, Any] = field(default_factory=dict)


Giver = Callable[[Any, Order], str]
# From the pages, the request and the row that an order was about to an address.
Guide = Callable[[Any, HttpRequest, Any], str]


@dataclass(frozen=True, slots=True)
class _Button:
    title: str
    permission: str
    explanation: str
    form: type[ReasonForm]
    give: Giver
    then: Guide
    is_dangerous: bool

    def answer(
        self, admin: ModelAdmin[Any], request: HttpRequest, object_id: str
    ) -> HttpResponse:
        if not request.user.has_perm(self.permission):
            raise PermissionDenied
        row = _visible_row(admin, request, object_id)
        form = self.form(request.POST or None, row=row, user=request.user)
        is_sent = request.method == "POST" and form.is_valid()
        address = self._address_after(admin, request, form) if is_sent else None
        return self._ask(admin, request, form) if address is None else redirect(address)

    def _address_after(
        self, admin: ModelAdmin[Any], request: HttpRequest, form: ReasonForm
    ) -> str | None:
        """Where it leads, be it given or refused; None if there is more to ask."""

        def work() -> str:
            _refuse_what_has_changed(form)
            return self.give(admin, _order(request, form))

        try:
            # Again when it lost a race, like any request of the API.
            told = run_in_transaction(work)
        except DomainError as refusal:
            if form.takes(refusal):
                return None
            messages.error(request, refusal.detail)
            return _address_of(admin, request, form.row)
        messages.success(request, told)
        return self.then(admin, request, form.row)

    def _ask(
        self, admin: ModelAdmin[Any], request: HttpRequest, form: ReasonForm
    ) -> HttpResponse:
        context = {
            **admin.admin_site.each_context(request),
            "title": f"{self.title}: {form.row}",
            "opts": admin.opts,
            "original": form.row,
            "form": with_focus(form),
            "facts": [(name, shown_value(value)) for name, value in form.facts()],
            "explanation": self.explanation,
            "button": self.title,
            "variant": "danger" if self.is_dangerous else "primary",
            "back": _address_of(admin, request, form.row),
        }
        return render(request, "backoffice/order.html", context)


def _address_of(admin: ModelAdmin[Any], request: HttpRequest, row: Any) -> str:
    page = f"{admin.opts.app_label}_{admin.opts.model_name}_change"
    address = reverse(f"{admin.admin_site.name}:{page}", args=[row.pk])
    # Of the list that one came from.
    filters = admin.get_preserved_filters(request)
    return f"{address}?{filters}" if filters else address


def with_reason(  # noqa: PLR0913 - what a button may be, by name.
    *,
    title: str,
    permission: str,
    explanation: str,
    form: type[ReasonForm] = ReasonForm,
    is_dangerous: bool = False,
    key: str | None = None,
    then: Guide = _address_of,
) -> Callable[[Giver], Any]:
    """Make a button of a method that gives an `Order` to a service.

    The method returns what to tell the person. A refusal of the service is shown to
    them. Name the method in `actions_detail`. `permission` is `<app>.<codename>`.
    `form` is for what it asks besides the reason. `key` on the keyboard presses it.
    `then` says where to go once it was given, if not to the page of the row.
    """

    def decorate(give: Giver) -> Any:
        button = _Button(
            *(title, permission, explanation, form, give, then, is_dangerous)
        )

        @wraps(give)
        def page(
            admin: ModelAdmin[Any], request: HttpRequest, object_id: str
        ) -> HttpResponse:
            return button.answer(admin, request, object_id)

        decorated = action(
            page,
            description=title,
            attrs=pressed_by(key),
            variant=ActionVariant.DANGER if is_dangerous else ActionVariant.DEFAULT,
        )
        # Not unfold's own `permissions`: its system check asks the database whether
        # they exist, and so there could be no check before the first migration.
        decorated.__dict__["permission"] = permission
        return decorated

    return decorate


def way_on(*, title: str, key: str) -> Callable[[Callable[..., str]], Any]:
    """Make a button of a method that finds an address: it leads there, no more.

    Name the method in `actions_detail`, or in `actions_list`.
    """

    def decorate(find: Callable[..., str]) -> Any:
        @wraps(find)
        def page(
            admin: ModelAdmin[Any], request: HttpRequest, **given: str
        ) -> HttpResponse:
            if not admin.has_view_permission(request):
                raise PermissionDenied
            return redirect(find(admin, request, **given))

        return action(page, description=title, attrs=pressed_by(key))

    return decorate


def pressed_by(key: str | None) -> dict[str, str]:
    """The attributes of what a key on the keyboard presses; see `keys.js`."""
    return {} if key is None else {"data-key": key}


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


def _refuse_what_has_changed(form: ReasonForm) -> None:
    seen = form.cleaned_data["seen"]
    if not seen and not form.state_of(form.row):
        return
    # Locked, so that of two equal forms sent at once the second one waits here.
    rows: QuerySet[Any] = QuerySet(type(form.row)).select_for_update(no_key=True)
    if form.state_of(rows.get(pk=form.row.pk)) != seen:
        raise InvalidState(
            why="Something has changed since you opened the form. Nothing was done;"
            " look at it again."
        )


def _order(request: HttpRequest, form: ReasonForm) -> Order:
    user: Any = request.user
    request_id = getattr(request, "request_id", "")
    return Order(
        object_id=form.row.pk,
        by=Staff(user_id=user.pk, role=user.role),
        reason=form.cleaned_data["reason"],
        origin=Origin.of_user(user.pk, request_id=request_id),
        asked=form.cleaned_data,
    )
