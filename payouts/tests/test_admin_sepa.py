"""The back office: files for the bank, the payments in them, and the bank's answers."""

import pytest

from paycore.lib.origin import Origin
from paycore.testing.office import address_of, enter_office
from payouts.models import BankFile, SepaFile, SepaInstruction
from payouts.services.bank_files import import_bank_file
from payouts.tests.bank_samples import sample
from payouts.tests.orders import IBAN, request_by
from payouts.tests.working import submit

pytestmark = pytest.mark.django_db
FILES = "payouts_sepafile"
INSTRUCTIONS = "payouts_sepainstruction"
BANK_FILES = "payouts_bankfile"
PAYOUTS = "payouts_payout"


@pytest.fixture
def sent(outbox, ada, euros):
    """10.00 and 20.50 EUR of ada's, in one file."""
    payouts = [request_by(ada, euros, amount) for amount in ("10.00", "20.50")]
    submit()
    return payouts


@pytest.fixture
def file(sent):
    return SepaFile.objects.get()


@pytest.fixture
def answered(operator, file, sent):
    """What the bank said of them: the first was rejected."""
    content = sample(
        "pain.002-mixed",
        FILE=file.message_id,
        FIRST=sent[0].pk.hex,
        SECOND=sent[1].pk.hex,
    )
    import_bank_file(name="monday.xml", content=content, origin=operator.origin)
    return BankFile.objects.get()


def test_a_payout_leads_to_its_payment_and_file(office, sent, file):
    instruction = SepaInstruction.objects.get(payout=sent[0])

    seen = office.see(PAYOUTS, sent[0])

    assert f'href="{address_of(FILES, file)}"' in seen
    assert f'href="{address_of(INSTRUCTIONS, instruction)}"' in seen
    assert instruction.end_to_end_id in seen


def test_one_that_is_in_no_file_yet_says_so(office, outbox, ada, euros):
    assert "None: it is in no file yet." in office.see(PAYOUTS, request_by(ada, euros))


def test_a_file_leads_to_its_payments(office, sent, file):
    seen = office.see(FILES, file)

    for payout in sent:
        assert f'href="{address_of(PAYOUTS, payout)}"' in seen
    assert f'{address_of(INSTRUCTIONS)}?file={file.pk}"' in seen
    for text in (file.message_id, "30.50 EUR", "10.00 EUR", "20.50 EUR", "delivered"):
        assert text in seen
    assert "30.50 EUR" in office.see(FILES)
    assert office.found(INSTRUCTIONS, file=str(file.pk)) == 2
    for term in (str(file.pk), file.message_id):
        assert office.found(FILES, q=term) == 1
    assert office.found(FILES, q=file.message_id[:-1]) == 0


def test_a_file_says_how_far_it_has_come(office, file):
    for changes, state in [
        ({"delivered_at": None}, "staged"),
        ({"delivered_at": None, "staged_at": None}, "written"),
    ]:
        SepaFile.objects.filter(pk=file.pk).update(**changes)
        assert f"{state}" in office.see(FILES, file)
        assert file.message_id in office.see("index")


def test_a_payment_says_what_the_bank_said(office, sent, answered):
    instruction = SepaInstruction.objects.get(payout=sent[0])

    seen = office.see(INSTRUCTIONS, instruction)

    assert instruction.reason_code in seen
    assert instruction.status in seen
    assert f'href="{address_of(PAYOUTS, sent[0])}"' in seen
    assert f'href="{address_of(FILES, instruction.file_id)}"' in seen
    for query, count in [
        ({"q": instruction.end_to_end_id}, 1),
        ({"q": str(sent[0].pk)}, 1),
        ({"payout": str(sent[1].pk)}, 1),
        ({"status__exact": instruction.status}, 1),
        ({"status__exact": "returned"}, 0),
        ({"q": "x"}, 0),
    ]:
        assert office.found(INSTRUCTIONS, **query) == count, query


def test_a_file_of_the_bank_says_what_became_of_it(office, operator, answered):
    seen = office.see(BANK_FILES, answered)

    for text in ("monday.xml", "pain.002", answered.digest, operator.user.email):
        assert text in seen
    assert "monday.xml" in office.see(BANK_FILES)
    assert office.found(BANK_FILES, q=answered.digest) == 1
    assert office.found(BANK_FILES, kind__exact="pain.002") == 1
    assert office.found(BANK_FILES, kind__exact="camt.053") == 0


def test_what_a_command_imported_says_so(office, file, sent):
    content = sample("pain.002-mixed", FILE=file.message_id, FIRST=sent[0].pk.hex)
    origin = Origin(actor="command:import_bank_file")
    import_bank_file(name="<b>x</b>.xml", content=content, origin=origin)

    seen = office.see(BANK_FILES)

    assert "command:import_bank_file" in seen
    assert "&lt;b&gt;x&lt;/b&gt;.xml" in seen


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_no_page_shows_or_reads_what_is_sealed(
    role, request, sent, file, answered, django_assert_max_num_queries
):
    office = enter_office(request.getfixturevalue(role))
    instruction = SepaInstruction.objects.first()

    with django_assert_max_num_queries(200) as captured:
        pages = [
            *(office.see(page) for page in ("index", FILES, INSTRUCTIONS, BANK_FILES)),
            office.see(FILES, file),
            office.see(INSTRUCTIONS, instruction),
            office.see(BANK_FILES, answered),
            office.see(PAYOUTS, sent[0]),
        ]

    for page in pages:
        assert IBAN not in page
        assert file.content_sealed not in page
    for query in captured:
        assert "content_sealed" not in query["sql"]
        assert "iban_sealed" not in query["sql"]


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_nothing_can_be_edited(role, request, file, answered, nothing_moves):
    office = enter_office(request.getfixturevalue(role))
    rows = {
        FILES: file,
        INSTRUCTIONS: SepaInstruction.objects.first(),
        BANK_FILES: answered,
    }

    with nothing_moves():
        for page, row in rows.items():
            answers = office.attempts_to_edit(page, row)
            assert [answer.status_code for answer in answers] == [403] * 5


def test_customers_see_none_of_it(ada, file, answered):
    client = enter_office(ada).client

    for page, row in [
        (FILES, file),
        (INSTRUCTIONS, SepaInstruction.objects.first()),
        (BANK_FILES, answered),
    ]:
        assert client.get(address_of(page)).status_code == 302
        assert client.get(address_of(page, row)).status_code == 302


def test_pages_take_as_many_statements_whatever_there_is(
    office, operator, ada, euros, file, sent, answered
):
    # Three are the session, the person and their groups; a list counts and reads its
    # rows; one by date asks twice for the first and the last day, and the bank's files
    # once for who imported them. A file reads itself and its payments.
    pages = {FILES: 7, INSTRUCTIONS: 5, BANK_FILES: 8}
    for page, count in pages.items():
        assert office.count_statements(page) == count, page
    assert office.count_statements(FILES, file) == 5

    for number in range(8):
        request_by(ada, euros, "1.00")
        submit()
        content = sample("pain.002-mixed", FIRST=str(number))
        import_bank_file(name="x", content=content, origin=operator.origin)

    for page, count in pages.items():
        assert office.count_statements(page) == count, page
    assert office.count_statements(FILES, file) == 5
