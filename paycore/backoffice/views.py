"""Redirects for addresses that are typed, or that browsers make up."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from paycore.backoffice.site import favicon_address


@require_safe
def show_the_way(request: HttpRequest) -> HttpResponse:
    return redirect("admin:index")


@require_safe
def show_favicon(request: HttpRequest) -> HttpResponse:
    # Pages name it themselves; browsers ask here for what is no page, like JSON.
    return redirect(favicon_address(request))
