"""Pages that are about no model: `@on_site(...)` above a function that makes one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.http import HttpRequest

from paycore.backoffice.tables import Table


@dataclass(frozen=True, slots=True)
class Content:
    """What the page shows, and the form that asks for something else."""

    tables: Sequence[Table]
    form: forms.Form


Maker = Callable[[HttpRequest], Content]


@dataclass(frozen=True, slots=True)
class SitePage:
    """`/admin/<path>/`, in the menu below `group`, for who has the permission."""

    path: str
    group: str
    title: str
    permission: str
    make: Maker

    @property
    def name(self) -> str:
        return self.path.replace("/", "_")

    def in_menu(self, address: str) -> dict[str, Any]:
        """As the menu wants an app with its models."""
        entry = {"name": self.title, "object_name": self.name, "admin_url": address}
        return {
            "name": self.group,
            "app_label": self.name,
            "app_url": address,
            "has_module_perms": True,
            "models": [{**entry, "view_only": True}],
        }


pages: Final[list[SitePage]] = []


def on_site(
    path: str, *, group: str, title: str, permission: str
) -> Callable[[Maker], Maker]:
    """Make a page of what a function returns."""

    def decorate(make: Maker) -> Maker:
        pages.append(SitePage(path, group, title, permission, make))
        return make

    return decorate
