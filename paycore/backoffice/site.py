"""The back office itself: one site, named after the environment it looks into."""

from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.http import HttpRequest

if TYPE_CHECKING:
    # unfold has no types; what it adds to Django's site is not used here.
    from django.contrib.admin import AdminSite as UnfoldAdminSite
else:
    from unfold.sites import UnfoldAdminSite

# Red where real money moves, so that nobody takes it for a playground.
ENVIRONMENT_COLORS: Final = {"production": "danger"}


class BackOfficeSite(UnfoldAdminSite):
    """Staff sign in with email and password; who is not active stays outside."""

    enable_nav_sidebar = True


def environment_badge(request: HttpRequest) -> list[str] | None:
    """The name of the environment and its color, for the header of every page."""
    name = getattr(settings, "ENVIRONMENT_NAME", "")
    return [name, ENVIRONMENT_COLORS.get(name, "info")] if name else None


def environment_prefix(request: HttpRequest) -> str | None:
    """The name of the environment, for the titles of browser tabs."""
    return getattr(settings, "ENVIRONMENT_NAME", "") or None
