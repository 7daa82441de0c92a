"""request_payout: where the money goes is checked, sealed, and shown masked."""

import logging
from datetime import UTC, datetime
from uuid import UUID

import pytest
from cryptography.fernet import Fernet
from django.db import connection

from paycore.api.idempotency import fingerprint
from paycore.api.models import IdempotencyKey
from paycore.lib.sealing import unseal
from paycore.testing.problems import pointers_of, refusal_of
from payouts.models import Payout, Step
from payouts.serializers import PayoutRequest
from payouts.services import work_on_due
from payouts.tests.orders import IBAN, MASKED, PAYOUTS, order, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]


NO_IBANS = [
    "",
    " ",
    "D",
    "DE",
    "hello",
    # A digit too few, one too many, other check digits, two digits swapped.
    "DE8937040044053201300",
    "DE893704004405320130000",
    "DE88370400440532013000",
    "DE89370400440532010300",
    "DE00370400440532013000",
    # A letter where the country has digits; countries without IBANs.
    "DE89370400440532O13000",
    "XX89370400440532013000",
    "US64SVBKUS6S3300958879",
    "89370400440532013000",
    # Other signs than letters, digits and blanks.
    "DE89-3704-0044-0532-0130-00",
    "DE8937040044053201300\u0660",
    "DE8937040044053201300\uff10",
    "\uff24\uff2589370400440532013000",
    "DE89370400440532013000\u200b",
    "DE89370400440532013000\0",
    "DE89370400440532013000; DROP TABLE payouts_payout",
    f"{IBAN} {IBAN}",
    "D" * 5000,
    None,
    89370400440532013000,
    True,
    [IBAN],
    {"iban": IBAN},
]


def stored_iban(payout_id: UUID | str) -> str:
    return unseal(Payout.objects.get(pk=payout_id).iban_sealed)


@pytest.mark.parametrize(
    ("iban", "stored", "masked"),
    [
        ("DE89 3704 0044 0532 0130 00", IBAN, MASKED),
        ("de89370400440532013000", IBAN, MASKED),
        ("  DE893704 0044 05320130 00 ", IBAN, MASKED),
        ("NO93 8601 1117 947", "NO9386011117947", "NO*********7947"),
        (
            "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
            "MT84MALT011000012345MTLCAST001S",
            "MT*************************001S",
        ),
    ],
)
def test_takes_ibans_as_they_are_printed(ada, ada_usd, iban, stored, masked):
    answer = send(ada, order(ada_usd, iban=iban)).json()

    assert answer["destination"]["iban"] == masked
    assert len(masked) == len(stored)
    assert stored_iban(answer["id"]) == stored


def test_of_ibans_that_are_wrong(ada, ada_usd, nothing_moves, subtests):
    for iban in NO_IBANS:
        with subtests.test(iban=iban), nothing_moves():
            response = send(ada, order(ada_usd, iban=iban))

            assert refusal_of(response) == (400, "invalid_input")
            if not isinstance(iban, str) or "\0" not in iban:
                # A body with NUL is refused before its fields are looked at.
                assert pointers_of(response)[0].startswith("/destination/iban")
            # What somebody mistyped is nearly somebody's account.
            assert "3704" not in response.content.decode()


@pytest.mark.parametrize(
    ("bic", "shown"),
    [("COBADEFF", "COBADEFF"), ("cobadeffxxx", "COBADEFFXXX"), (None, None)],
)
def test_takes_bics_of_eight_and_eleven(ada, ada_usd, bic, shown):
    answer = send(ada, order(ada_usd, bic=bic)).json()

    assert answer["destination"]["bic"] == shown


@pytest.mark.parametrize(
    "bic", ["", "COBADEF", "COBADEFFXX", "COBAZZFF", "CO-ADEFF", "x" * 5000, 7, []]
)
def test_of_bics_that_are_wrong(ada, ada_usd, nothing_moves, bic):
    with nothing_moves():
        response = send(ada, order(ada_usd, bic=bic))

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response) == ["/destination/bic"]


@pytest.mark.parametrize(
    "name", ["", "  ", "x" * 141, "a\nb", "a\u200bb", None, 7, {"first": "Ada"}]
)
def test_of_names_that_cannot_be_printed(ada, ada_usd, nothing_moves, name):
    with nothing_moves():
        response = send(ada, order(ada_usd, name=name))

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response)[0].startswith("/destination/name")


@pytest.mark.parametrize("name", ["A", "Łukasz Żółć", "株式会社", "x" * 140])
def test_takes_names_of_any_script(ada, ada_usd, name):
    assert send(ada, order(ada_usd, name=name)).json()["destination"]["name"] == name


def everything_stored():
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')
            yield "\n".join(row for (row,) in cursor.fetchall())


@pytest.mark.parametrize("iban", [IBAN, "DE89 3704 0044 0532 0130 00"])
def test_the_whole_iban_is_nowhere_to_be_read(
    ada, operator, ada_usd, gateway, caplog, capfd, iban
):
    caplog.set_level(logging.DEBUG)
    wrong = "DE89370400440532013001"
    gateway.will("submit", "unknown")

    answers = [
        ada.post(PAYOUTS, order(ada_usd, "75.00", iban=iban, reference="r"), key="k"),
        ada.post(PAYOUTS, order(ada_usd, "75.00", iban=iban, reference="r"), key="k"),
        send(ada, order(ada_usd, iban=iban, reference="r")),
        send(ada, order(ada_usd, "5000.00", iban=iban)),
        send(ada, order(ada_usd, iban=wrong)),
    ]
    work_on_due(step=Step.SUBMIT, worker="w", seconds=0)
    Payout.objects.update(due_at=datetime(2020, 1, 1, tzinfo=UTC))
    work_on_due(step=Step.ASK, worker="w", seconds=0)
    answers += [ada.get(PAYOUTS), operator.get(PAYOUTS)]

    statuses = [answer.status_code for answer in answers]
    assert statuses == [202, 202, 409, 422, 400, 200, 200]
    assert gateway.heard[0][1].beneficiary.iban == IBAN
    said = [answer.content.decode() for answer in answers]
    written = capfd.readouterr()
    traces = [*said, *everything_stored(), caplog.text, written.out, written.err]
    assert MASKED in "".join(traces)
    for secret in (IBAN, iban, IBAN[4:], "0532013", "0532 013", wrong):
        assert not [trace for trace in traces if secret in trace]


def test_no_traceback_shows_an_iban(ada_usd):
    body = PayoutRequest.model_validate(order(ada_usd))

    assert body.destination.iban == IBAN
    assert IBAN not in repr(body)
    assert IBAN not in repr(body.order())


def test_nobody_can_try_ibans_against_a_stored_fingerprint(ada, ada_usd):
    body = order(ada_usd, "75.00")
    ada.post(PAYOUTS, body, key="k")

    stored = bytes(IdempotencyKey.objects.get(key="k").fingerprint)

    # Who has the database knows all of the body but a few digits.
    assert stored != fingerprint("POST", PAYOUTS, body)
    assert stored == fingerprint("POST", PAYOUTS, body, is_keyed=True)


def test_keys_can_be_replaced(ada, ada_usd, gateway, settings):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [old]
    send(ada, order(ada_usd))
    settings.ENCRYPTION_KEYS = [new, old]
    send(ada, order(ada_usd, iban="NO9386011117947"))

    work_on_due(step=Step.SUBMIT, worker="w", seconds=0)

    assert {heard.beneficiary.iban for _, heard in gateway.heard} == {
        IBAN,
        "NO9386011117947",
    }
    settings.ENCRYPTION_KEYS = [new]
    assert stored_iban(Payout.objects.get(iban_masked__startswith="NO").pk)


def test_one_that_cannot_be_read_is_not_sent_and_keeps_nobody(
    ada, ada_usd, gateway, settings
):
    send(ada, order(ada_usd, reference="lost"))
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    send(ada, order(ada_usd, reference="kept"))

    work_on_due(step=Step.SUBMIT, worker="w", seconds=0)

    lost, kept = (Payout.objects.get(reference=name) for name in ("lost", "kept"))
    assert (lost.status, lost.step, lost.attempts) == ("processing", Step.SUBMIT, 1)
    assert kept.status == "completed"
    assert [heard.reference for _, heard in gateway.heard] == ["kept"]
