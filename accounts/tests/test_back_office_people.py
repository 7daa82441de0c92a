"""The back office: who gets in, and the pages of people and keys."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import ApiKey, User
from events.models import Event
from paycore.api.principals import Scope
from paycore.testing.cast import PASSWORD, ApiKeyFactory, UserFactory

pytestmark = pytest.mark.django_db
PEOPLE = reverse("admin:accounts_user_changelist")
KEYS = reverse("admin:accounts_apikey_changelist")


def signed_in(player):
    client = Client()
    client.force_login(player.user)
    return client


def sign_in(email, password=PASSWORD):
    client = Client()
    client.post(reverse("admin:login"), {"username": email, "password": password})
    return client.get(PEOPLE).status_code == 200


def page_of(row):
    return reverse(f"admin:accounts_{row._meta.model_name}_change", args=[row.pk])


def button_of(row, name):
    return reverse(f"admin:accounts_{row._meta.model_name}_{name}", args=[row.pk])


@pytest.mark.parametrize(
    "email", ["operator@paycore.example", "OPERATOR@paycore.example"]
)
def test_staff_sign_in(operator, email):
    assert sign_in(email)


def test_others_do_not(ada, operator):
    assert not sign_in(ada.user.email)
    assert not sign_in(operator.user.email, "something else")


@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_staff_who_may_not_act_do_not(operator, status):
    client = signed_in(operator)
    User.objects.filter(pk=operator.id).update(status=status)

    assert not sign_in(operator.user.email)
    assert client.get(PEOPLE).status_code == 302


def test_signing_in_is_limited(operator, settings, request):
    settings.REDIS_KEY_PREFIX = f"{settings.REDIS_KEY_PREFIX}{request.node.name}:"
    settings.RATE_LIMIT_ANONYMOUS = "1/hour"

    assert not sign_in(operator.user.email, "a guess")
    assert not sign_in(operator.user.email)


def test_a_new_password_is_an_event_and_ends_tokens(operator):
    client = signed_in(operator)
    new = "another long pass phrase"

    response = client.post(
        reverse("admin:password_change"),
        {"old_password": PASSWORD, "new_password1": new, "new_password2": new},
    )

    assert response.status_code == 302
    assert client.get(PEOPLE).status_code == 200
    assert operator.get("/v1/users/me").status_code == 401
    assert Event.objects.get(type="user.password_set").actor == f"user:{operator.id}"


@pytest.mark.parametrize("name", ["index", "password_change", "search"])
def test_the_pages_of_the_site_itself_open(operator, name):
    address = reverse(f"admin:{name}")

    assert signed_in(operator).get(address, {"s": "api"}).status_code == 200


def test_every_page_names_the_environment_and_the_clock(operator, settings):
    settings.ENVIRONMENT_NAME = "staging"

    content = signed_in(operator).get(PEOPLE).content.decode()

    assert "staging" in content
    assert "All times are UTC" in content


def test_people_are_found_by_whole_address_or_id(operator, ada, grace):
    client = signed_in(operator)

    for term in (ada.user.email, "ADA@paycore.example", f" {ada.id} "):
        content = client.get(PEOPLE, {"q": term}).content.decode()
        assert (str(ada.id) in content, str(grace.id) in content) == (True, False)
    assert str(ada.id) not in client.get(PEOPLE, {"q": "ada"}).content.decode()


@pytest.mark.parametrize("page", [PEOPLE, KEYS])
def test_lists_take_as_many_statements_whatever_their_length(operator, page):
    client = signed_in(operator)
    ApiKeyFactory.create(user=operator.user)

    few = statements_of(client, page)
    for _ in range(5):
        ApiKeyFactory.create(user=UserFactory.create())
    assert statements_of(client, page) == few <= 9


def statements_of(client, page):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(page).status_code == 200
    return len(captured)


def test_pages_show_and_never_edit(admin, ada):
    key = ApiKeyFactory.create(user=ada.user)
    client = signed_in(admin)

    for row in (ada.user, key):
        content = client.get(page_of(row)).content.decode()
        assert ada.user.email in content
        assert ada.user.password not in content
        assert client.post(page_of(row), {"email": "x@x.example"}).status_code == 403
        assert client.post(f"{page_of(row)}../delete/").status_code in {403, 404}
    assert client.get(f"{PEOPLE}add/").status_code == 403


def test_pages_have_the_buttons_that_somebody_may_press(operator, ada):
    client = signed_in(operator)
    key = ApiKeyFactory.create(user=ada.user)

    for row, name in [(ada.user, "suspend"), (ada.user, "close"), (key, "revoke")]:
        assert button_of(row, name) in client.get(page_of(row)).content.decode()


def test_pages_hide_the_buttons_that_make_no_sense(operator, ada):
    client = signed_in(operator)

    assert (
        button_of(ada.user, "reactivate")
        not in client.get(page_of(ada.user)).content.decode()
    )


def test_the_page_of_a_person_leads_to_their_keys_and_events(operator, ada):
    ada.with_key(Scope.ACCOUNTS_READ)
    key = ApiKey.objects.get()

    content = signed_in(operator).get(page_of(ada.user)).content.decode()

    assert page_of(key) in content
    assert f"{KEYS}?user={ada.id}" in content
    assert f"subject_id={ada.id}" in content


def test_suspending_asks_why_first(operator, ada):
    client = signed_in(operator)

    page = client.get(button_of(ada.user, "suspend"))
    without = client.post(button_of(ada.user, "suspend"), {"reason": "  "})

    assert (page.status_code, without.status_code) == (200, 200)
    assert "This field is required" in without.content.decode()
    assert User.objects.get(pk=ada.id).status == "active"


def test_suspending_and_reactivating(operator, ada):
    client = signed_in(operator)

    for button, status in [
        ("suspend", "suspended"),
        ("reactivate", "active"),
        ("close", "closed"),
    ]:
        response = client.post(button_of(ada.user, button), {"reason": "Asked"})
        assert response["Location"] == page_of(ada.user)
        assert User.objects.get(pk=ada.id).status == status

    event = Event.objects.get(type="user.suspended")
    assert (event.actor, event.data["reason"]) == (f"user:{operator.id}", "Asked")
    assert event.request_id


def test_a_refusal_is_shown(operator, admin):
    client = signed_in(operator)

    response = client.post(
        button_of(admin.user, "suspend"), {"reason": "Asked"}, follow=True
    )

    assert "Only an admin does this" in response.content.decode()
    assert User.objects.get(pk=admin.id).status == "active"


def test_revoking_a_key(operator, ada):
    key = ApiKeyFactory.create(user=ada.user)

    signed_in(operator).post(button_of(key, "revoke"), {"reason": "Leaked"})

    assert ApiKey.objects.get().revoked_at is not None
    event = Event.objects.get(type="api_key.revoked")
    assert (event.actor, event.data["reason"]) == (f"user:{operator.id}", "Leaked")


@pytest.mark.parametrize("object_id", ["7", "01a1f758-c65a-7758-9758-d04db190661e"])
def test_buttons_of_nothing_are_404(operator, object_id):
    address = reverse("admin:accounts_user_suspend", args=[object_id])

    assert signed_in(operator).get(address).status_code == 404


def test_buttons_are_for_staff(ada, mallory):
    address = button_of(ada.user, "suspend")

    for client in (Client(), signed_in(mallory)):
        assert client.post(address, {"reason": "Asked"}).status_code == 302
    assert User.objects.get(pk=ada.id).status == "active"


def test_what_staff_may_follows_from_their_role(ada, operator, admin):
    rights = [
        "accounts.view_user",
        "accounts.suspend_user",
        "transfers.reverse_transfer",
        "accounts.change_user",
        "transfers.force_reversal",
    ]

    assert [
        [player.user.has_perm(right) for right in rights]
        for player in (ada, operator, admin)
    ] == [[False] * 5, [True, True, True, False, False], [True] * 5]
