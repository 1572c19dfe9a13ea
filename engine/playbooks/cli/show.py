"""`playbooks show`: the state at one checkpoint."""

from __future__ import annotations

import time

import click

from playbooks.cli.reading import library, print_document


@click.command(help="Show the state at a checkpoint: statement, calls, variables, messages on their way, response.")
@click.argument("checkpoint")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(checkpoint: str, as_json: bool) -> None:
    """Shows one checkpoint; nothing is run for it."""
    from playbooks.console.drawing import print_rows
    from playbooks.console.moment import moment_rows
    from playbooks.session.documents import look_document

    with library() as sessions:
        look = sessions.look(checkpoint)
        if as_json:
            print_document(look_document(look))
        else:
            print_rows(moment_rows(look, time.time()), whole=True)
