"""What a call asks of the database, and how PostgreSQL finds the answer."""

import json
import re
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

# The kind of a scan, and the index that it uses, if any.
Scan = tuple[str, str | None]


def statements_of(call: Callable[[], Any]) -> list[str]:
    """Each statement of a call that goes well, as its verb and first table."""
    with CaptureQueriesContext(connection) as queries:
        answer = call()
    assert getattr(answer, "status_code", 200) < 300, answer.content
    return [_summary(query["sql"]) for query in queries]


def scans_of(call: Callable[[], Any], table: str) -> list[Scan]:
    """How the rows of a table are found each time that a call reads it."""
    plans: list[Any] = []

    def explain(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if table in sql and sql.lstrip("( \n").startswith(("SELECT", "WITH")):
            with connection.connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
                [(plan,)] = cursor.fetchall()
                plans.append(plan if isinstance(plan, list) else json.loads(plan))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        call()
    assert plans, "The call did not read the table."
    return [scan for [plan] in plans for scan in _scans(plan["Plan"], table)]


def _summary(sql: str) -> str:
    text = " ".join(sql.replace('"', "").lstrip("(").split())
    if "SAVEPOINT" in text:
        return text.partition(" s")[0]
    verb = "SELECT" if text.startswith("WITH") else text.partition(" ")[0]
    # Groups are read inside the question for the caller.
    table = re.search(r"\b(?:FROM|INTO|UPDATE) (?!auth_group)(\w+_\w+)", text)
    # A function's answer comes from no table.
    return f"{verb} {table.group(1)}" if table else text.partition("(")[0]


def _scans(node: dict[str, Any], table: str, *, of: str | None = None) -> list[Scan]:
    kind = node["Node Type"]
    # A scan of a bitmap's index does not say of which table; one above it does.
    of = node.get("Relation Name", of)
    inner = [
        scan for child in node.get("Plans", []) for scan in _scans(child, table, of=of)
    ]
    is_scan = "Relation Name" in node or kind == "Bitmap Index Scan"
    return (
        [(kind, node.get("Index Name")), *inner] if is_scan and of == table else inner
    )
