"""The back office itself: one site, named after the environment it looks into."""

from typing import TYPE_CHECKING, Any, Final, cast

from django.conf import settings
from django.contrib.auth.views import PasswordChangeView
from django.core.paginator import InvalidPage
from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.urls import reverse

if TYPE_CHECKING:
    # unfold has no types; what it adds to Django's site is not used here.
    from django.contrib.admin import AdminSite as UnfoldAdminSite
else:
    from unfold.sites import UnfoldAdminSite

# Red where real money moves, so that nobody takes it for a playground.
ENVIRONMENT_COLORS: Final = {"production": "danger"}
# A page of more digits would be beyond the last one.
MOST_DIGITS_OF_PAGE: Final = 9


class BackOfficeSite(UnfoldAdminSite):
    """Staff sign in with email and password; who is not active stays outside."""

    index_template = "backoffice/first_page.html"
    # The app that keeps people sets it: a password is changed by its service.
    password_change_form: type[Any] | None = None

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        page = request.GET.get("page", "1")
        # unfold counts with the number as it came, and would fail on any other text.
        if not (page.isascii() and page.isdigit() and len(page) <= MOST_DIGITS_OF_PAGE):
            raise Http404
        try:
            found = super().search(request, extra_context)  # type: ignore[misc]
        except InvalidPage as error:
            raise Http404 from error
        return cast("TemplateResponse", found)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        if self.password_change_form is None:
            return super().password_change(request, extra_context)
        request.current_app = self.name
        view = PasswordChangeView.as_view(
            form_class=self.password_change_form,
            success_url=reverse(f"{self.name}:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return cast("TemplateResponse", view(request))


def environment_badge(request: HttpRequest) -> list[str] | None:
    """The name of the environment and its color, for the header of every page."""
    name = getattr(settings, "ENVIRONMENT_NAME", "")
    return [name, ENVIRONMENT_COLORS.get(name, "info")] if name else None


def environment_prefix(request: HttpRequest) -> str | None:
    """The name of the environment, for the titles of browser tabs."""
    return getattr(settings, "ENVIRONMENT_NAME", "") or None


def favicon_address(request: HttpRequest) -> str:
    """Where the symbol for browser tabs is."""
    return static("backoffice/favicon.svg")
