"""A connection to a database that is closed when it is let go of.

Apart because both the catalogue and the SQLite store open them. A provider has no end that anybody would tell it: the
contract knows no `close`.
"""

from __future__ import annotations

import contextlib
import sqlite3
from functools import lru_cache


class Connection(sqlite3.Connection):
    """Closed when it is collected; from Python 3.13 on others warn that they were not."""

    def __del__(self) -> None:
        with contextlib.suppress(sqlite3.ProgrammingError):  # it could not be opened, and is none
            self.close()


def is_of(connection: sqlite3.Connection, schema: str) -> bool:
    """Whether a database has the tables, indexes and views of a schema, and nothing else but what `ANALYZE` makes.

    What a stranger's has besides would run with our queries: a trigger, a view in place of a table that never ends.
    """
    found = connection.execute(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND NOT (type = 'table' AND name GLOB 'sqlite_stat[1-4]')"
    )
    return {" ".join(sql.split()) for (sql,) in found} == _made_by(schema)


@lru_cache(4)
def _made_by(schema: str) -> frozenset[str]:
    statements = (" ".join(statement.split()) for statement in schema.split(";"))
    return frozenset(statement for statement in statements if statement.startswith("CREATE "))
