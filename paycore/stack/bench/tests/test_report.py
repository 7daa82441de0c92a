"""What is printed at the end."""

from io import StringIO

from rich.console import Console

from paycore.stack.bench import report
from paycore.stack.bench.figures import Choice, Claims, Leg, Part, Run

CLAIMS = Claims(1_000_000, seconds_before=0.001, seconds_after=0.0015, plan="Index")


def leg_of(part: Part, per_second: int, **fields) -> Leg:
    run = Run(transfers=per_second, seconds=1.0, latencies=[0.001, 0.002, 0.5])
    return Leg(part, clients=16, runs=[run], **fields)


def printed(legs: list[Leg]) -> list[str]:
    output = StringIO()
    Console(file=output, width=report.LEAST_WIDTH).print(report.table(legs))
    lines = [" ".join(line.split()) for line in output.getvalue().splitlines()]
    return [line for line in lines if line]


def test_each_leg_is_a_row_that_fits_the_narrowest_terminal():
    plain = leg_of(Part.PLAIN, 2000)
    legs = [
        plain,
        leg_of(Part.SINGLES, 1234, choice=Choice.HOT_RECEIVER, rival=plain),
        leg_of(Part.BATCHES, 12_000, size=1000),
        leg_of(Part.EXCHANGES, 300),
        leg_of(Part.PAYOUTS, 700),
    ]

    _, _, *rows = printed(legs)

    assert rows == [
        "HTTP one receiver 16 1,234 2.0 500.0 500.0 0.62 0",
        "HTTP, exchanges 16 300 2.0 500.0 500.0 0.15 0",
        "HTTP batches 1,000 at once 16 12,000 2.0 500.0 500.0 6.00 0",
        "plain SQL 16 2,000 2.0 500.0 500.0 1.00 0",
        "payouts sandbox bank 16 700 2.0 500.0 500.0 - 0",
    ]


def test_an_aim_that_was_missed_is_said_so():
    legs = [
        leg_of(Part.SINGLES, 800),
        leg_of(Part.BATCHES, 3000),
        leg_of(Part.PLAIN, 2000),
        leg_of(Part.PAYOUTS, 299),
    ]

    single, batch, payouts, claims = report.aims(legs, CLAIMS)

    assert single.startswith("Aim reached: single transfers / plain SQL 0.40")
    assert batch == (
        "Aim MISSED: transfers/s in batches 3,000.00, wanted at least 7,000.00."
    )
    assert payouts == "Aim MISSED: payouts/s 299.00, wanted at least 300.00."
    assert claims == (
        "Aim reached: claims without / with 1,000,000 finished payouts 0.67,"
        " wanted at least 0.50."
    )


def test_the_plan_of_a_claim_is_shown_with_its_times():
    assert report.claims(CLAIMS) == (
        "To find what is due takes 1.0 ms, and 1.5 ms beside 1,000,000 finished"
        " payouts:\nIndex"
    )
