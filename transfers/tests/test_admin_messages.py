"""The back office: what payment providers wrote, word for word."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from paycore.lib.ids import new_id
from paycore.testing.office import address_of, enter_office
from transfers.admin.messages import LONGEST_SHOWN, printable
from transfers.models import InboxMessage
from transfers.tests.inbox import announce, say

pytestmark = pytest.mark.django_db
MESSAGES = "transfers_inboxmessage"


@pytest.fixture
def office(operator):
    return enter_office(operator)


def test_a_message_shows_its_words_and_leads_to_its_deposit(office, ada_usd):
    deposit = announce(ada_usd.pk)

    seen = office.see(MESSAGES, deposit.message)

    assert f'href="{address_of("transfers_providerdeposit", deposit)}"' in seen
    assert "&quot;reference&quot;: &quot;wire-1&quot;" in seen
    assert f"{len(deposit.message.body)} bytes" in seen


def test_a_repeat_leads_to_the_same_deposit(office, ada_usd):
    deposit = announce(ada_usd.pk)
    repeat = say(bytes(deposit.message.body))

    seen = office.see(MESSAGES, repeat)

    assert address_of("transfers_providerdeposit", deposit) in seen


def test_a_message_that_contradicts_an_earlier_one_says_so(office, ada_usd):
    deposit = announce(ada_usd.pk)
    other = say(bytes(deposit.message.body).replace(b"15.00", b"16.00"))

    seen = office.see(MESSAGES, other)

    assert "the provider had announced something else under this reference" in seen
    assert address_of("transfers_providerdeposit", deposit) in seen


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "The body is not JSON"),
        (b"[]", "The body must be a JSON object."),
        (b"{}", "This field is required."),
        (b"\xff\xfe", "The body is not UTF-8."),
        (b'{"amount": "1", "amount": "2"}', "names the same field twice"),
        (b"[" * 100_000, "The body is"),
        (b'{"x": "<script>alert(1)</script>"}', "This field is required."),
    ],
)
def test_a_message_that_announces_nothing_says_why(office, body, told):
    seen = office.see(MESSAGES, say(body))

    assert "It was refused, because it announces no deposit" in seen
    assert told in seen
    assert "<script>alert" not in seen


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{"a": 1}\r\n\tb', '{"a": 1}\\r\n\tb'),
        ("Größe 15 €".encode(), "Größe 15 €"),
        (b"a\xff\xfeb", "a\\xff\\xfeb"),
        (b"a\x00\x1b[31mb\x7f", "a\\x00\\x1b[31mb\\x7f"),
        ("a\u202eb\u2066\u200b\ufeff".encode(), "a\\u202eb\\u2066\\u200b\\ufeff"),
        ("\u2028\U000e0041".encode(), "\\u2028\\U000e0041"),
        (b"\xed\xa0\x80", "\\xed\\xa0\\x80"),
    ],
)
def test_everything_in_a_body_can_be_seen(body, shown):
    assert printable(body) == shown


def test_a_body_cannot_leave_its_place(office):
    seen = office.see(MESSAGES, say(b"</pre><script>alert(1)</script>"))

    assert "&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;</pre>" in seen


def test_a_long_body_is_cut(office):
    seen = office.see(MESSAGES, say(b"x" * 1024 * 1024))

    assert "1,048,576 bytes" in seen
    assert f"{'x' * LONGEST_SHOWN}\n…</pre>" in seen


def test_messages_are_found_by_whole_ids(office):
    message = say(b"{}")
    say(b"{}")

    for term in (str(message.pk), message.message_id):
        assert office.found(MESSAGES, q=term) == 1, term
    for term in ("%", "'", "x" * 999, str(new_id()), message.message_id[:8]):
        assert office.found(MESSAGES, q=term) == 0, term
    assert office.found(MESSAGES, provider="default") == 2
    assert office.found(MESSAGES, provider="another") == 0


def test_pages_take_as_many_statements_whatever_there_is(office, ada_usd):
    message = announce(ada_usd.pk).message
    # Three are the session, the person and their groups; a list counts, reads its
    # rows, and asks twice for the first and the last day. A page reads its row, the
    # body, and the deposit.
    assert office.count_statements(MESSAGES) == 7
    assert office.count_statements(MESSAGES, message) == 6

    for number in range(8):
        announce(ada_usd.pk, reference=f"wire-1{number}")

    assert office.count_statements(MESSAGES) == 7
    assert office.count_statements(MESSAGES, message) == 6


def test_a_list_reads_no_bodies(office):
    say(b"{}")

    with CaptureQueriesContext(connection) as captured:
        office.see(MESSAGES)

    assert not [query for query in captured if '"body"' in query["sql"]]


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_nothing_can_be_edited(role, request):
    office = enter_office(request.getfixturevalue(role))
    message = say(b"{}")

    answers = office.attempts_to_edit(MESSAGES, message)

    assert [answer.status_code for answer in answers] == [403] * 5
    assert InboxMessage.objects.count() == 1


def test_customers_see_none_of_it(ada):
    client = enter_office(ada).client
    message = say(b"{}")

    assert client.get(address_of(MESSAGES)).status_code == 302
    assert client.get(address_of(MESSAGES, message)).status_code == 302
