"""Database triggers that several apps' models wear."""

import pgtrigger


def append_only(table: str) -> pgtrigger.Trigger:
    """Refuse UPDATE, DELETE and TRUNCATE of the table.

    Per statement rather than per row: it costs nothing on INSERT, it also covers
    TRUNCATE, and an UPDATE that matches no row is a mistake all the same. Violations
    arrive as `<table>_is_append_only`.
    """
    name = f"{table}_is_append_only"
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
        func=f"""
            RAISE EXCEPTION '% is refused: % is append-only.', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation',
                  CONSTRAINT = '{name}';
        """,
    )
