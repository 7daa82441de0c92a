"""manage.py import_bank_file tells what became of each file."""

from io import StringIO

import pytest
from django.core.management import call_command

from paycore.lib.db import StartOver
from payouts.models import (
    BankFile,
)
from payouts.services import bank_files
from payouts.tests.bank_samples import named, sample
from payouts.tests.working import refusing, status_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path):
    """Where the bank's files lie: `folder("a.xml", content)` is the path of one."""

    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return str(path)

    return write


def command(*paths):
    """What it tells, and its exit code."""
    out = StringIO()
    try:
        call_command("import_bank_file", *paths, stdout=out)
    except SystemExit as leaving:
        return out.getvalue(), leaving.code
    return out.getvalue(), 0


def row(*cells):
    name, *rest = cells
    return f"{name:<40}" + "".join(f"{cell:>11}" for cell in rest)


HEAD = row("FILE", "KIND", "APPLIED", "UNCHANGED", "UNMATCHED")


def test_tells_what_was_applied(enlist, folder):
    payouts = enlist("10.00", "20.50", "5.00")
    report = folder("report.xml", named("pain.002-mixed", *payouts))

    assert command(report) == (
        f"{HEAD}\n{row('report.xml', 'pain.002', 3, 0, 0)}\n",
        0,
    )
    assert command(report) == (
        f"{HEAD}\n{row('report.xml', 'pain.002', 0, 3, 0)}\n"
        "  It was imported before, so nothing was applied.\n",
        0,
    )
    assert {file.imported_by for file in BankFile.objects.all()} == {
        "command:import_bank_file"
    }


def test_reads_every_file_when_a_payout_does_not_follow(enlist, folder):
    [first], [second] = enlist("10.00"), enlist("10.00")
    stuck, right = (
        folder(f"{n}.xml", named("camt.054-debited", payout))
        for n, payout in enumerate((first, second))
    )

    with refusing(first):
        output, code = command(stuck, right)

    assert code == 1
    assert output.splitlines() == [
        HEAD,
        f"{stuck}: All of it was applied. Payouts that did not follow: 1;"
        " they do when the gateway is asked, or when it is imported again.",
        row("1.xml", "camt.054", 1, 0, 0),
    ]
    assert (status_of(first), status_of(second)) == ("processing", "completed")
    assert command(stuck)[1] == 0
    assert status_of(first) == "completed"


def test_reads_every_file_when_somebody_else_has_locked_the_payments_of_one(
    enlist, folder, monkeypatch
):
    [payout] = enlist("10.00")
    locked = folder("locked.xml", sample("pain.002-mixed"))
    right = folder("right.xml", named("camt.054-debited", payout))
    store = bank_files._store

    def wait_in_vain(name, *rest):
        if name == "locked.xml":
            raise StartOver
        return store(name, *rest)

    monkeypatch.setattr(bank_files, "_store", wait_in_vain)

    output, code = command(locked, right)

    assert code == 1
    assert output.splitlines() == [
        HEAD,
        f"{locked}: Somebody else had its payments locked for too long, as another"
        " import may. Nothing of it was applied; import it again.",
        row("right.xml", "camt.054", 1, 0, 0),
    ]


def test_reads_every_file_and_fails_for_one(enlist, folder):
    [payout] = enlist("10.00")
    broken = folder("broken.xml", b"<Document>")
    strange = folder("strange.xml", sample("pain.002-file-rejected"))
    right = folder("right.xml", named("camt.054-debited", payout))

    output, code = command(broken, "/nowhere/x.xml", strange, right)

    assert code == 1
    assert output.splitlines() == [
        HEAD,
        f"{broken}: It is not XML: no element found: line 1, column 10."
        " Nothing of it was applied.",
        "/nowhere/x.xml: No such file or directory.",
        row("strange.xml", "pain.002", 0, 0, 1),
        "  file FILE, rejected: No payment of ours has this id.",
        row("right.xml", "camt.054", 1, 0, 0),
    ]
    assert status_of(payout) == "completed"
