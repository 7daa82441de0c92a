"""Database triggers that several apps' models wear."""

from typing import Any

import pgtrigger


def append_only(table: str) -> pgtrigger.Trigger:
    """Refuse UPDATE, DELETE and TRUNCATE of the table.

    Per statement rather than per row: it costs nothing on INSERT, it also covers
    TRUNCATE, and an UPDATE that matches no row is a mistake all the same. Violations
    arrive as `<table>_is_append_only`.
    """
    return _refusal(
        f"{table}_is_append_only",
        operation=pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
        rule="append-only",
    )


def never_deleted(subject: str) -> pgtrigger.Trigger:
    """Refuse DELETE and TRUNCATE; violations arrive as `<subject>_is_never_deleted`."""
    return _refusal(
        f"{subject}_is_never_deleted",
        operation=pgtrigger.Delete | pgtrigger.Truncate,
        rule="never deleted from",
    )


def _refusal(name: str, *, operation: Any, rule: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=operation,
        func=f"""
            RAISE EXCEPTION '% is refused: % is {rule}.', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation',
                  CONSTRAINT = '{name}';
        """,
    )
