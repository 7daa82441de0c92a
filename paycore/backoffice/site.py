"""The back office itself: one site, named after the environment it looks into."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from django.conf import settings
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import PermissionDenied
from django.core.paginator import InvalidPage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.urls import path, reverse

from paycore.backoffice import site_pages
from paycore.backoffice.site_pages import SitePage

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

    def has_permission(self, request: HttpRequest) -> bool:
        # Who is staff without a role sees nothing, not even the first page.
        return super().has_permission(request) and request.user.has_module_perms(
            "backoffice"
        )

    def get_urls(self) -> list[Any]:
        ours = [
            path(f"{page.path}/", self._view_of(page), name=page.name)
            for page in site_pages.pages
        ]
        return [*ours, *super().get_urls()]

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[Any]:
        ours = [
            page.in_menu(reverse(f"{self.name}:{page.name}"))
            for page in site_pages.pages
            if app_label is None and request.user.has_perm(page.permission)
        ]
        apps = [*ours, *super().get_app_list(request, app_label)]
        return sorted(apps, key=lambda app: app["name"].lower())

    def _view_of(self, page: SitePage) -> Callable[..., HttpResponse]:
        return self.admin_view(partial(self._show, page))

    def _show(self, page: SitePage, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(page.permission):
            raise PermissionDenied
        content = page.make(request)
        context = {
            **self.each_context(request),
            "title": page.title,
            "form": content.form,
            "tables": content.tables,
        }
        return render(request, "backoffice/site_page.html", context)

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
