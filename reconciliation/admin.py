"""The state of the books, on the first page of the back office."""

from collections.abc import Sequence

from django.utils.formats import localize
from django.utils.safestring import SafeString

from paycore.backoffice.first_page import Place, on_first_page
from paycore.backoffice.tables import Column, Table, status_cell
from reconciliation.checks import CHECKS
from reconciliation.selectors import (
    CurrencyTotal,
    LastProof,
    find_currency_totals,
    find_last_proof,
)


@on_first_page(Place.BOOKS)
def the_books() -> Table:
    proof = find_last_proof()
    totals = find_currency_totals()
    return Table(
        title="Balances by currency",
        columns=(
            Column("Currency", lambda total: total.customers.currency.code),
            Column("Customers", lambda total: total.customers, is_number=True),
            Column("The house", lambda total: total.house, is_number=True),
            Column("Together", lambda total: total.together, is_number=True),
            Column("", _verdict),
        ),
        rows=totals or [],
        note=f"{_told_of(proof)} {_told_of_totals(totals)}",
        empty="" if totals is None else "Nothing has moved yet.",
        badge=_badge_of(proof),
    )


def _verdict(total: CurrencyTotal) -> SafeString:
    if total.together.is_zero:
        return status_cell("balanced", color="success")
    return status_cell("out of balance", color="danger")


def _badge_of(proof: LastProof | None) -> SafeString:
    if proof is None:
        return status_cell("not proved", color="warning")
    if proof.differences:
        return status_cell(_count(proof), color="danger")
    return status_cell("proved", color="success")


def _count(proof: LastProof) -> str:
    found = proof.differences or "no"
    return f"{found} {'difference' if found == 1 else 'differences'}"


def _told_of(proof: LastProof | None) -> str:
    if proof is None:
        return (
            "No proof of the books is known since the servers started; the worker runs"
            " one every hour, manage.py verify_ledger runs one now."
        )
    return (
        f"The last proof of the books ended at {localize(proof.at)}: {len(CHECKS)}"
        f" checks found {_count(proof)}."
    )


def _told_of_totals(totals: Sequence[CurrencyTotal] | None) -> str:
    if totals is None:
        return "There are too many accounts to add them up while you wait."
    return (
        "The balances below were added up just now, which is one check of those:"
        " together, customers and the house have nothing."
    )
