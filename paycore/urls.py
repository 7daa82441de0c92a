"""Every path that this server answers."""

from django.urls import URLPattern, URLResolver, include, path

from accounts.views import AccountList
from paycore.api.views import one_route
from transfers.views import AccountOpening

handler400 = "paycore.api.problems.handle_400"
handler403 = "paycore.api.problems.handle_403"
handler404 = "paycore.api.problems.handle_404"
handler500 = "paycore.api.problems.handle_500"

# One path, two apps: opening an account may move money, listing does not.
Accounts = one_route(AccountOpening, AccountList)

urlpatterns: list[URLPattern | URLResolver] = [
    # The busiest first; no path is in two of them.
    path("", include("transfers.urls")),
    path("v1/accounts", Accounts.as_view()),
    path("", include("accounts.urls")),
    path("", include("payouts.urls")),
    path("", include("risk.urls")),
    path("", include("reports.urls")),
    path("", include("fx.urls")),
    path("", include("paycore.api.urls")),
    path("", include("paycore.backoffice.urls")),
]
