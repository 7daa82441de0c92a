"""`make chaos` says how to see the same again, and what went wrong."""

from io import StringIO

import pytest
from rich.console import Console

from paycore.stack.chaos import report
from paycore.stack.chaos.deaths import Boundary, Death, Way
from paycore.stack.chaos.rehearsal import rehearse
from paycore.stack.chaos.scene import Scene
from paycore.stack.chaos.schedule import Kind
from paycore.stack.chaos.verdict import Verdict
from payouts.models import PayoutStatus


@pytest.mark.django_db(transaction=True)
def test_a_drill_begins_with_its_seed_and_ends_with_a_verdict(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []

    is_right = rehearse(scene, seconds=0, seed=7, say=said.append)

    assert is_right
    assert said[0].startswith("CHAOS_SEED=7 does the same again")
    assert "0 complaints. The books are RIGHT." in capsys.readouterr().out
    assert not any(actor.is_alive for actor in scene.actors)


@pytest.mark.parametrize(
    ("complaints", "differences", "summary"),
    [
        ([], [], "0 complaints. The books are RIGHT."),
        (["payout 7 is lost."], [], "1 complaints. The books are RIGHT."),
        ([], ["currency_sums_to_zero: USD"], "0 complaints. The books are WRONG."),
    ],
)
def test_the_report_counts_deaths_and_names_what_is_wrong(
    complaints: list[str], differences: list[str], summary: str
) -> None:
    page = StringIO()
    verdict = Verdict(
        endings={("plain", PayoutStatus.COMPLETED): 1234},
        most_executions=1,
        differences=differences,
        complaints=complaints,
    )

    report.show(
        Console(file=page, width=120),
        [Death(Boundary.SENT, Way.MACHINE)] * 3,
        {Kind.BANK_DIES: 2},
        verdict,
    )

    shown = page.getvalue()
    for text in (*complaints, *differences, summary, "1,234", "bank killed: 2 times"):
        assert text in shown
    [row] = [line.split() for line in shown.splitlines() if Boundary.SENT in line]
    assert row[-3:] == ["3", "0", "0"]
    assert verdict.is_right == (not complaints and not differences)
