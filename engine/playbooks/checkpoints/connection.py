"""A connection to a database that is closed when it is let go of.

Apart because both the catalogue and the SQLite store open them. A provider has no end that anybody would tell it: the
contract knows no `close`.
"""

from __future__ import annotations

import contextlib
import sqlite3


class Connection(sqlite3.Connection):
    """Closed when it is collected; from Python 3.13 on others warn that they were not."""

    def __del__(self) -> None:
        with contextlib.suppress(sqlite3.ProgrammingError):  # it could not be opened, and is none
            self.close()
