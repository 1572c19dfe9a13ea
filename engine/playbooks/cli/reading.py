"""What the reading commands share: the library they read, warnings about what is damaged, one document on stdout.

Apart so that each of those commands is only its arguments and its words.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from playbooks.session.library import SessionLibrary


@contextmanager
def library() -> Iterator[SessionLibrary]:
    """The sessions of the storage path that the current folder's playbooks.toml names.

    Says at its end, on stderr, which files were left out because they are damaged.

    Raises:
        UserError: There is no such folder.
    """
    from playbooks.session.library import SessionLibrary

    with SessionLibrary.open() as opened:
        yield opened
        for damaged in opened.damaged():
            click.echo(f"Left out {damaged}", err=True)


def print_document(document: Any) -> None:
    """Prints one JSON document."""
    from playbooks.session.documents import to_json

    click.echo(to_json(document))
