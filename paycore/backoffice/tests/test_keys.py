"""Working by keyboard: what pages say of keys, and the script that presses them."""

import re
from typing import Any

import pytest
from django.urls import reverse

from paycore.backoffice.forms import ReasonForm, with_focus
from paycore.backoffice.orders import pressed_by, with_reason
from paycore.testing.office import address_of, enter_office

PAGES = ["accounts_user", "events_event", "ledger_hold", "fx_spread"]
SCRIPT = re.compile(r'<script src="([^"]*backoffice/keys[^"]*)" defer></script>')


@pytest.fixture
def client(operator):
    return enter_office(operator).client


@pytest.mark.parametrize("page", PAGES)
def test_pages_bring_the_script_once_and_from_this_server(client, page):
    seen = client.get(address_of(page)).content.decode()

    [address] = SCRIPT.findall(seen)
    response = client.get(address)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/javascript")
    assert b"data-key" in b"".join(response.streaming_content)


def test_forms_bring_it_as_well_with_their_keys(client, ada):
    form = reverse("admin:accounts_user_suspend", args=[ada.id])

    seen = client.get(form).content.decode()

    assert len(SCRIPT.findall(seen)) == 1
    for key in ("Escape", "Ctrl+Enter"):
        assert seen.count(f"data-key='{key}'") == 1
    assert seen.count("autofocus") == 1


def test_a_button_may_have_a_key():
    def give(pages, order):
        return ""

    asked: dict[str, Any] = {"title": "x", "permission": "x.y", "explanation": ""}

    assert pressed_by("a") == {"data-key": "a"}
    assert with_reason(**asked, key="a")(give).attrs == {"data-key": "a"}
    assert with_reason(**asked)(give).attrs == {}


def test_the_first_field_that_is_seen_has_the_focus():
    form = with_focus(ReasonForm(None, row=None, user=None))

    assert "autofocus" in str(form["reason"])
    assert "autofocus" not in str(form["seen"])
    # Of this form, not of all that there will be.
    assert "autofocus" not in str(ReasonForm(None, row=None, user=None)["reason"])
