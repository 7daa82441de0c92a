"""What a button asks before it gives its order: why, and in subclasses what else."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from django import forms
from django.core.exceptions import PermissionDenied
from unfold.widgets import UnfoldAdminTextareaWidget

from paycore.lib.errors import DomainError

LONGEST_REASON: Final = 500


class ReasonForm(forms.Form):
    """The reason for an order about `row`, and whatever a subclass adds before it."""

    # Fields that not everybody gets who may press the button, and their permissions.
    restricted: ClassVar[Mapping[str, str]] = {}
    # Which field a refusal of the service is about, by its code.
    blamed: ClassVar[Mapping[str, str]] = {}

    reason = forms.CharField(
        max_length=LONGEST_REASON,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Kept for ever with what you do, and shown in the audit trail.",
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, row: Any, user: Any) -> None:
        super().__init__(data, initial={"seen": self.state_of(row)})
        self.row = row
        self._leave_out_what_is_not_for(user)
        self.order_fields([name for name in self.fields if name != "reason"])

    @staticmethod
    def state_of(row: Any) -> str:
        """What of the row the order rests on.

        The form is refused once that is no longer what the person saw. So what could
        be done many times is done once, however often the form is sent.
        """
        return ""

    def facts(self) -> Sequence[tuple[str, object]]:
        """What to know before sending it, as names and values."""
        return ()

    def takes(self, refusal: DomainError) -> bool:
        """Show the refusal beside the field that it is about, if it is about one."""
        name = self.blamed.get(refusal.code)
        if name is None:
            return False
        self.add_error(name, refusal.detail)
        return True

    def _leave_out_what_is_not_for(self, user: Any) -> None:
        for name, permission in self.restricted.items():
            if user.has_perm(permission):
                continue
            if name in self.data:
                raise PermissionDenied
            del self.fields[name]


def with_focus(form: forms.Form) -> forms.Form:
    """The form, ready to type in: whoever opened it by a key goes on by keys."""
    form.visible_fields()[0].field.widget.attrs["autofocus"] = True
    return form
