"""What of SQL the rules need to know of DuckDB: that a text is one SELECT, its errors, and tables made of lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from forensics.casefile.view import CaseView

Interrupted = duckdb.InterruptException
SqlError = duckdb.Error


def fault(sql: str) -> str:
    """What is wrong with a text that should be one SELECT; "" where it is one. The connection is locked besides."""
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        return f"its SQL cannot be understood: {first_line(error)}"
    one = len(statements) == 1 and statements[0].type == duckdb.StatementType.SELECT
    return "" if one else "its SQL is not one SELECT"


def first_line(error: duckdb.Error) -> str:
    """What the database says, without its drawing of the place."""
    return str(error).partition("\n")[0]


def make_table(case: CaseView, name: str, columns: Sequence[str], rows: Sequence[Mapping[str, str | None]]) -> None:
    """A temporary table of texts. The rows go through one array for each column, because there may be many."""
    named = ", ".join(f'"{each}" VARCHAR' for each in columns)
    case.connection.execute(f"CREATE TEMP TABLE {name} ({named})")
    if rows:
        values = {f"c{number}": [row.get(each) for row in rows] for number, each in enumerate(columns)}
        unnested = ", ".join(f"unnest(${each}::VARCHAR[])" for each in values)
        case.connection.execute(f"INSERT INTO {name} SELECT {unnested}", values)
