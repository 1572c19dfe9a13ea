"""What the reading commands share: the library they read, warnings about what is damaged, one document on stdout.

Apart so that each of those commands is only its arguments and its words.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from playbooks.errors import UserError

if TYPE_CHECKING:
    from playbooks.session.library import SessionLibrary


@contextmanager
def library(*, writes: bool = False) -> Iterator[SessionLibrary]:
    """The sessions of the storage path that the current folder's playbooks.toml names.

    Says on stderr when the user's key can't be had, and at its end which files were left out because they are damaged.

    Args:
        writes: Something is to be changed, which needs the user's key.

    Raises:
        UserError: There is no such folder, or the key is needed and can't be had.
    """
    from playbooks.session.library import SessionLibrary

    with SessionLibrary.open() as opened:
        if writes:
            opened.refuse_without_key()
        tell_no_key(opened)
        yield opened
        for damaged in opened.damaged():
            click.echo(f"Left out {damaged}", err=True)


def tell_no_key(opened: SessionLibrary) -> None:
    """Says on stderr that nothing is known to be the user's own, and why."""
    if (error := opened.no_key) is not None:
        said = UserError(f"{error.what}, so all sessions count as foreign", error.fix, file=error.file)
        click.echo(str(said), err=True)


def print_document(document: Any) -> None:
    """Prints one JSON document."""
    from playbooks.session.documents import to_json

    click.echo(to_json(document))
