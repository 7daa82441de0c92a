"""The order of the chapters, and how the story ends."""

from rich.console import Console

from paycore.stack.demo import (
    chapters,
    conversions,
    corrections,
    deposits,
    payouts,
    reviews,
)
from paycore.stack.demo.stage import Stage
from paycore.stack.supervisor import Supervisor

WIDTH = 124

# Each chapter stands on the ones before it.
CHAPTERS = {
    "People sign up, sign in, and make keys for their servers": chapters.people_arrive,
    "Accounts, and an opening balance, which only staff may give": (
        chapters.accounts_are_opened
    ),
    "Money moves, or is refused by name, and then nothing moves": chapters.money_moves,
    "One order is executed once, however often sent": chapters.orders_are_repeated,
    "Batches: each order on its own, or all or nothing": chapters.batches_are_sent,
    "A frozen account neither sends nor receives": chapters.an_account_is_frozen,
    "Money comes in: staff write it down, providers tell of it": (
        deposits.money_comes_in
    ),
    "Exchange: cut once, on the receiving side; a quote is redeemed once": (
        conversions.money_is_exchanged
    ),
    "Purchases, also in another currency: the debit is rounded up": (
        conversions.purchases_are_made
    ),
    "Refunds: never more than was paid": corrections.money_is_given_back,
    "Reversals: the mirror of what should not have been": (
        corrections.movements_are_reversed
    ),
    "Money leaves: held at once, sent once, taken or given back": payouts.money_leaves,
    "Large payouts wait for somebody else's approval": payouts.payouts_need_four_eyes,
    "A payout of which nobody knows waits for a person, and its funds with it": (
        payouts.a_person_decides
    ),
    "A payment that looks like fraud waits for a person, and its funds with it": (
        reviews.suspicions_are_looked_into
    ),
    "Nothing is forgotten: entries, the statement, the past": chapters.history_is_read,
    "The proof of the books": chapters.books_are_proved,
}


def tell(stack: Supervisor, *, password: str) -> int:
    """Tell the story; 0 when everything was as expected, else 1."""
    console = Console(width=WIDTH, highlight=False)
    stage = Stage(stack, console, password)
    for number, (title, chapter) in enumerate(CHAPTERS.items(), start=1):
        with stage.chapter(f"{number}. {title}"):
            chapter(stage)
    if stage.surprises:
        console.print(
            f"[bold red]{stage.surprises} of {stage.steps} steps went differently than"
            f" expected.[/] The logs are in {stack.home / 'logs'}."
        )
        return 1
    console.print(
        f"[bold green]All {stage.steps} steps went as expected,"
        " and the books are right.[/]"
    )
    return 0
