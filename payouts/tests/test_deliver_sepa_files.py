"""A stored SEPA file ..."""

import os
from pathlib import Path

import pytest
from django.db import transaction
from structlog.testing import capture_logs

from paycore.lib.sealing import unseal
from paycore.settings.payouts import new_encryption_key
from paycore.testing.races import race
from payouts.gateways import Outcome
from payouts.gateways.sepa import deliver_files
from payouts.gateways.sepa.delivery import STAGING
from payouts.models import SepaFile
from payouts.tests.bank_samples import in_outbox, submit

pytestmark = pytest.mark.django_db


class Death(BaseException):
    """What no code survives."""


@pytest.fixture
def hold_back(outbox, settings):
    """`hold_back(payout, ...)`: a file for each, stored but not delivered."""

    def submit_without_outbox(*payouts):
        settings.SEPA_OUTBOX = ""
        with capture_logs():
            for payout in payouts:
                submit(payout)
        settings.SEPA_OUTBOX = str(outbox)

    return submit_without_outbox


def test_waits_for_the_next_time_when_it_cannot_be_delivered(pay_out, outbox):
    outbox.rmdir()

    with capture_logs() as logs:
        [answer] = submit(pay_out())

    [file] = SepaFile.objects.all()
    assert answer.outcome == Outcome.UNDERWAY
    assert (file.staged_at, file.delivered_at) == (None, None)
    assert [entry["event"] for entry in logs] == ["sepa_file_not_delivered"]
    assert not outbox.exists()

    outbox.mkdir()
    assert deliver_files() == 1
    assert in_outbox(outbox) == [f"{file.message_id}.xml"]


def test_does_not_keep_the_others_waiting(pay_out, outbox, hold_back):
    hold_back(pay_out(), pay_out())
    first, second = SepaFile.objects.order_by("created_at")
    SepaFile.objects.filter(pk=first.pk).update(content_sealed="nothing sealed")

    with capture_logs() as logs:
        delivered = deliver_files()

    assert delivered == 1
    assert [entry["message_id"] for entry in logs] == [first.message_id]
    assert in_outbox(outbox) == [f"{second.message_id}.xml"]


def test_gives_up_for_now_when_the_disk_fails_again_and_again(
    pay_out, outbox, hold_back, monkeypatch
):
    monkeypatch.setattr("payouts.gateways.sepa.delivery.MOST_FAILURES", 2)
    hold_back(*[pay_out("1.00") for _ in range(3)])
    outbox.rmdir()

    with capture_logs() as logs:
        assert deliver_files() == 0

    assert len(logs) == 2
    outbox.mkdir()
    assert deliver_files() == 3


def test_waits_for_no_other_that_cannot_be_read(
    pay_out, outbox, hold_back, settings, monkeypatch
):
    monkeypatch.setattr("payouts.gateways.sepa.delivery.MOST_FAILURES", 1)
    readable, unreadable = settings.ENCRYPTION_KEYS, [new_encryption_key()]
    for keys in (unreadable, readable):
        settings.ENCRYPTION_KEYS = keys
        hold_back(pay_out("1.00"))

    with capture_logs() as logs:
        assert deliver_files() == 1

    assert [entry["event"] for entry in logs] == ["sepa_file_not_delivered"]


def test_does_not_appear_again_once_it_was_taken(pay_out, outbox):
    submit(pay_out())
    [name] = in_outbox(outbox)
    (outbox / name).unlink()

    assert deliver_files() == 0
    assert in_outbox(outbox) == []


@pytest.mark.parametrize("is_taken", [True, False])
@pytest.mark.parametrize("last_step", range(1, 9))
def test_appears_once_wherever_its_delivery_dies(
    pay_out, outbox, hold_back, monkeypatch, last_step, is_taken
):
    hold_back(pay_out())
    [file] = SepaFile.objects.all()

    with monkeypatch.context() as patch:
        steps = die_after(last_step, patch)
        with pytest.raises(Death):
            deliver_files()
    assert steps[0] == last_step
    appeared = in_outbox(outbox)
    if is_taken:
        for name in appeared:
            (outbox / name).unlink()
    deliver_files()

    if not (appeared and is_taken):
        assert in_outbox(outbox) == [f"{file.message_id}.xml"]
        [name] = in_outbox(outbox)
        assert (outbox / name).read_text() == unseal(file.content_sealed)
    else:
        assert in_outbox(outbox) == []
    assert list((outbox / STAGING).iterdir()) == []
    file.refresh_from_db()
    assert file.delivered_at is not None


def die_after(last_step, patch):
    """Die right after the so-many-th thing that reached the disk or the database.

    Dying inside a transaction is dying without it. A delivery has eight steps.
    """
    steps = [0]

    def count():
        steps[0] += 1
        if steps[0] == last_step:
            raise Death

    def leave(self, kind, value, trace, original=transaction.Atomic.__exit__):
        original(self, kind, value, trace)
        if kind is None:
            count()

    for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "mkdir")):
        patch.setattr(owner, name, followed_by(count, getattr(owner, name)))
    patch.setattr(transaction.Atomic, "__exit__", leave)
    return steps


def followed_by(count, original):
    def call(*args, **kwargs):
        result = original(*args, **kwargs)
        count()
        return result

    return call


def test_leaves_nothing_behind_of_a_writer_that_was_killed(pay_out, outbox, hold_back):
    hold_back(pay_out())
    [file] = SepaFile.objects.all()
    (outbox / STAGING).mkdir()
    (outbox / STAGING / f"{file.message_id}.half.tmp").write_text("<Docu")

    deliver_files()

    assert list((outbox / STAGING).iterdir()) == []
    assert in_outbox(outbox) == [f"{file.message_id}.xml"]


def test_is_not_taken_for_delivered_in_another_directory(pay_out, outbox, hold_back):
    hold_back(pay_out())
    SepaFile.objects.update(staged_at="2026-11-20T12:00Z")

    with capture_logs() as logs:
        assert deliver_files() == 0

    assert [entry["event"] for entry in logs] == ["sepa_file_not_delivered"]
    assert not SepaFile.objects.filter(delivered_at__isnull=False).exists()


@pytest.mark.django_db(transaction=True)
def test_appears_once_however_many_deliver_it(pay_out, outbox, hold_back):
    hold_back(*[pay_out("1.00") for _ in range(4)])

    counts = race(*[deliver_files] * 5)
    counts.append(deliver_files())

    assert sum(counts) == len(in_outbox(outbox)) == 4
