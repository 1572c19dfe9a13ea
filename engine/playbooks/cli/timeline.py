"""`playbooks timeline`: a session's tree of checkpoints."""

from __future__ import annotations

import sys
import time

import click

from playbooks.cli.reading import library, print_document


@click.command(help="Show a session's tree of checkpoints; without SESSION the newest session's.")
@click.argument("session", metavar="[SESSION]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(session: str | None, as_json: bool) -> None:
    """Shows all branches, in sequence order."""
    from playbooks.console.drawing import print_rows
    from playbooks.console.timeline import timeline_rows
    from playbooks.session.documents import timeline_document

    with library() as sessions:
        found = sessions.timeline(session)
        if as_json:
            print_document(timeline_document(found))
        else:
            print_rows(timeline_rows(found, time.time(), drawn=sys.stdout.isatty()))
