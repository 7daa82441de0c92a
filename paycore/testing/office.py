"""The back office as a member of staff uses it, for tests of any app's pages."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

if TYPE_CHECKING:
    # Tests of apps that know no people may use this too.
    from paycore.testing.cast import Player


@dataclass
class Office:
    """Somebody signed in. A page is named `<app>_<model>`."""

    client: Client

    def see(self, page: str, row: Any = None, **query: str) -> str:
        """What a list shows, or the page of a row."""
        response = self.client.get(address_of(page, row), query)
        assert response.status_code == 200, response
        return response.content.decode()

    def order(
        self, page: str, row: Any, button: str, reason: str, **asked: object
    ) -> str:
        """What is shown after a button was pressed and its form filled in and sent."""
        address = button_of(page, row, button)
        prefilled = self.client.get(address).context["form"].initial
        filled_in = {**prefilled, "reason": reason, **asked}
        response = self.client.post(address, filled_in, follow=True)
        assert response.status_code == 200, response
        return response.content.decode()

    def buttons(self, page: str, row: Any, *names: str) -> list[str]:
        """Which of these buttons the page of a row has."""
        seen = self.see(page, row)
        return [name for name in names if button_of(page, row, name) in seen]

    def count_statements(self, page: str, row: Any = None, **query: str) -> int:
        # Once without counting: Django remembers content types while it runs.
        self.see(page, row, **query)
        with CaptureQueriesContext(connection) as captured:
            self.see(page, row, **query)
        return len(captured)

    def found(self, page: str, **query: str) -> int:
        """How many rows a list has."""
        response = self.client.get(address_of(page), query)
        assert response.status_code == 200, response
        count: int = response.context["cl"].result_count
        return count

    def attempts_to_edit(self, page: str, row: Any) -> list[Any]:
        """The answers to every way in which Django's admin edits rows."""
        opened = f"admin:{page}"
        return [
            self.client.get(reverse(f"{opened}_add")),
            self.client.post(reverse(f"{opened}_add"), {}),
            self.client.post(address_of(page, row), {"_save": "Save"}),
            self.client.get(reverse(f"{opened}_delete", args=[key_of(row)])),
            self.client.post(
                reverse(f"{opened}_delete", args=[key_of(row)]), {"post": "yes"}
            ),
        ]


def enter_office(player: "Player") -> Office:
    client = Client()
    client.force_login(player.user)
    return Office(client)


def address_of(page: str, row: Any = None) -> str:
    if page == "index":
        return reverse("admin:index")
    if row is None:
        return reverse(f"admin:{page}_changelist")
    return reverse(f"admin:{page}_change", args=[key_of(row)])


def button_of(page: str, row: Any, name: str) -> str:
    return reverse(f"admin:{page}_{name}", args=[key_of(row)])


def key_of(row: Any) -> object:
    return getattr(row, "pk", row)
