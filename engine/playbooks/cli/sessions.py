"""`playbooks sessions`: what was run here."""

from __future__ import annotations

import time

import click

from playbooks.cli.reading import library, print_document


@click.command(help="List the sessions of this folder.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(as_json: bool) -> None:
    """Lists the sessions, oldest first."""
    from playbooks.console.drawing import STATUS_STYLES, Word, clock_time, columns, print_rows
    from playbooks.session.documents import sessions_document

    with library() as sessions:
        found = sessions.sessions()
        if as_json:
            print_document(sessions_document(found))
            return
    if not found:
        click.echo("No session is here yet.", err=True)
        return
    now = time.time()
    head = [Word(word, "dim") for word in ("SESSION", "PROGRAM", "STATUS", "CHECKPOINTS", "LAST", "LABEL")]
    rows = [
        [
            Word(info.id, "bold"),
            Word(info.program or "?"),
            Word(info.status, STATUS_STYLES.get(info.status, "")),
            Word(str(info.checkpoints)),
            Word(clock_time(info.updated, now)),
            Word(info.label, "italic"),
        ]
        for info in found
    ]
    print_rows(columns([head, *rows]))
