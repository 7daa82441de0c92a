"""On the first page: orders that were refused lately, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from paycore.api.models import IdempotencyKey
from paycore.api.selectors import list_refusals
from paycore.backoffice.first_page import Place, on_first_page
from paycore.backoffice.tables import (
    Column,
    Table,
    find_names,
    named_subject_cell,
    newest,
)

REQUESTS_LOOKED_AT: Final = 1000


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request with an Idempotency-Key that a business rule refused."""

    at: datetime
    principal: str
    route: str
    problem: dict[str, Any]


@on_first_page(Place.LATEST)
def latest_refusals() -> Table:
    latest = newest(list_refusals(among_latest=REQUESTS_LOOKED_AT))
    refusals = [_read(row) for row in latest]
    names = find_names(refusal.principal for refusal in refusals)
    return Table(
        title="Refused orders",
        columns=(
            Column("Time", lambda refusal: refusal.at),
            Column("Person", lambda row: named_subject_cell(row.principal, names)),
            Column("Order", lambda refusal: refusal.route),
            Column("Code", lambda refusal: refusal.problem.get("code")),
            Column("Why", lambda refusal: refusal.problem.get("detail"), is_prose=True),
            Column("Request", lambda refusal: refusal.problem.get("request_id")),
        ),
        rows=refusals,
        empty=f"None among the latest {REQUESTS_LOOKED_AT:,} requests that had a key.",
        count=f"among the latest {REQUESTS_LOOKED_AT:,} requests that had a key",
    )


def _read(row: IdempotencyKey) -> Refusal:
    problem = orjson.loads(bytes(row.body or b"{}"))
    return Refusal(row.created_at, row.principal, row.route, problem)
