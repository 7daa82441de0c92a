"""The sweep gives a bank the files that it could not be given before."""

import pytest
from structlog.testing import capture_logs

from paycore.lib.sealing import unseal
from payouts import tasks
from payouts.models import SepaFile
from payouts.tests.bank_samples import in_outbox
from payouts.tests.working import status_of, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def undelivered(pay_out, outbox):
    """A payout in a file that is stored, and that its bank was not given."""
    payout = pay_out("10.00")
    outbox.rmdir()
    with capture_logs():
        assert submit() == 1
    outbox.mkdir()
    assert in_outbox(outbox) == []
    return payout


def test_once(undelivered, outbox):
    for _ in range(2):
        tasks.sweep()

    [file] = SepaFile.objects.all()
    assert in_outbox(outbox) == [f"{file.message_id}.xml"]
    [name] = in_outbox(outbox)
    assert (outbox / name).read_text() == unseal(file.content_sealed)
    assert file.delivered_at is not None
    assert status_of(undelivered) == "processing"
