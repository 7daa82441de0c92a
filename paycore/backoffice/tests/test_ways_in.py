"""The addresses of the back office that nobody has linked, and its search."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from paycore.testing.office import address_of, enter_office

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(operator):
    return enter_office(operator).client


def test_staff_without_a_role_see_nothing(mallory):
    type(mallory.user).objects.filter(pk=mallory.id).update(is_staff=True)
    client = enter_office(mallory).client

    for page in ("index", "accounts_user"):
        response = client.get(address_of(page))
        assert response.status_code == 302
        assert "/admin/login/" in response["Location"]


def test_without_the_slash_leads_in(client):
    response = client.get("/admin")

    assert (response.status_code, response["Location"]) == (302, "/admin/")


def test_a_page_of_an_error_says_what_to_do(client, monkeypatch):
    form = reverse("admin:password_change")
    answers = {
        "There is nothing here": client.get("/admin/nowhere/"),
        "ask an admin": client.get(reverse("admin:risk_bandsetting_set_bands")),
        "the form is out of date": Client(enforce_csrf_checks=True).post(form),
    }
    client.raise_request_exception = False
    monkeypatch.setattr(admin.site, "password_change_form", object)
    answers["It is in the log"] = client.get(form)

    assert [answer.status_code for answer in answers.values()] == [404, 403, 403, 500]
    for said, answer in answers.items():
        assert said in answer.content.decode()
        assert f'href="{reverse("admin:index")}"' in answer.content.decode()


def test_the_header_writes_a_name_as_it_is(client, operator):
    seen = client.get(address_of("accounts_user", operator.id)).content.decode()

    assert operator.user.email in seen
    assert operator.user.email.capitalize() not in seen


@pytest.mark.parametrize("path", ["/admin", "/favicon.ico"])
def test_what_leads_elsewhere_takes_no_orders(client, path):
    assert client.post(path).status_code == 405


def test_browsers_find_the_symbol(client):
    response = client.get("/favicon.ico", follow=True)

    assert response.status_code == 200
    assert response["Content-Type"] == "image/svg+xml"
    assert b"<svg" in b"".join(response.streaming_content)
    address = response.request["PATH_INFO"]
    page = client.get(reverse("admin:index")).content.decode()
    assert f'<link rel="icon" href="{address}"' in page


@pytest.mark.parametrize("page", [{}, {"page": "1"}])
def test_search_finds_pages_by_name(client, page):
    response = client.get(reverse("admin:search"), {"s": "transf", **page})

    assert response.status_code == 200
    assert reverse("admin:transfers_transfer_changelist") in response.content.decode()


@pytest.mark.parametrize(
    "page", ["x", "", "0", "2", "-1", "1.5", "1e3", "٣", "²", "9" * 5000, "\x00"]
)
def test_search_has_no_other_pages_than_it_has(client, page):
    response = client.get(reverse("admin:search"), {"s": "transf", "page": page})

    assert response.status_code == 404
