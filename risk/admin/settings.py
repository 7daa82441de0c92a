"""Pages of settings: above the list what holds, in the list what was ever set.

Setting one adds a row, by a form that admins get. Operators look.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Max, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextareaWidget

from paycore.backoffice.forms import LONGEST_REASON, with_focus
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import find_names, named_subject_cell
from paycore.lib.db import run_in_transaction
from paycore.lib.errors import DomainError
from paycore.lib.origin import Origin

Row = TypeVar("Row", bound=Model)


class SettingForm(forms.Form):
    """Why something is set. Subclasses say what, and how a service is told."""

    reason = forms.CharField(
        max_length=LONGEST_REASON,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Kept for ever, and shown in the list.",
    )
    # The newest setting when the form was opened. So who sends it does not undo what
    # they could not see, and twice the same form sets it once.
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, initial: dict[str, Any], seen: int) -> None:
        super().__init__(data, initial={**initial, "seen": seen})
        self.order_fields([name for name in self.fields if name != "reason"])

    def give(self, origin: Origin) -> str:
        """Call the service; what to tell the person. Raises: its refusals."""
        raise NotImplementedError

    def refuse(self, refusal: DomainError) -> None:
        """Show a refusal of the service at the field that it points to, if any."""
        name = (refusal.pointer or "").rpartition("/")[2]
        self.add_error(name if name in self.fields else None, refusal.detail)


def last_setting(model: type[Model]) -> int:
    """The id of the newest row, 0 when there is none.

    Look before reading what holds: then what was read is as new at least.
    """
    last: int | None = QuerySet(model).aggregate(last=Max("pk"))["last"]
    return last or 0


@dataclass(frozen=True, slots=True)
class Question:
    """What stands around a form."""

    title: str
    explanation: str
    facts: Sequence[tuple[str, object]] = ()


class SettingPages(Pages[Row]):
    """A subclass names its `permission`, and answers its button by `ask`."""

    permission: ClassVar[str]
    date_hierarchy = "created_at"
    nothing = "Nothing was ever set: what holds is as in the code."
    # They are set one after the other, and few.
    ordering = ("-pk",)

    def prepare(self, rows: Sequence[Row]) -> None:
        names = find_names(row.actor for row in rows)  # type: ignore[attr-defined]
        for row in rows:
            row.names = names  # type: ignore[attr-defined]

    @admin.display(description="set by")
    def set_by(self, row: Any) -> SafeString:
        return named_subject_cell(row.actor, row.names)

    def may_set(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.permission)

    def get_actions_list(self, request: HttpRequest) -> list[Any]:
        if not self.may_set(request):
            return []
        found: list[Any] = super().get_actions_list(request)  # type: ignore[misc]
        return found

    def ask(
        self,
        request: HttpRequest,
        make_form: Callable[[Any], SettingForm],
        question: Question,
    ) -> HttpResponse:
        """Ask what to set, set it, and come back to the list."""
        if not self.may_set(request):
            raise PermissionDenied
        form = make_form(request.POST or None)
        back = self.address_of_list()
        is_sent = request.method == "POST" and form.is_valid()
        if is_sent and self._is_set(request, form):
            return redirect(back)
        context = {
            **self.admin_site.each_context(request),
            "title": question.title,
            "explanation": question.explanation,
            "facts": question.facts,
            "opts": self.opts,
            "form": with_focus(form),
            "button": "Set",
            "back": back,
        }
        return render(request, "backoffice/order.html", context)

    def address_of_list(self) -> str:
        page = f"{self.opts.app_label}_{self.opts.model_name}_changelist"
        return reverse(f"{self.admin_site.name}:{page}")

    def link_to_set(self, button: str, **query: object) -> SafeString:
        """A link to the form of a button, filled in with what the query says."""
        page = f"{self.opts.app_label}_{self.opts.model_name}_{button}"
        words = {name: str(value) for name, value in query.items()}
        return format_html(
            '<a href="{}" class="text-primary-600 dark:text-primary-500">Set</a>',
            reverse(f"{self.admin_site.name}:{page}", query=words),
        )

    def _is_set(self, request: HttpRequest, form: SettingForm) -> bool:
        user: Any = request.user
        request_id = getattr(request, "request_id", "")
        origin = Origin.of_user(user.pk, request_id=request_id)
        try:
            told = run_in_transaction(lambda: form.give(origin))
        except DomainError as refusal:
            form.refuse(refusal)
            return False
        messages.success(request, told)
        return True
