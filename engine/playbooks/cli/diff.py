"""`playbooks diff`: what differs between two checkpoints."""

from __future__ import annotations

import click

from playbooks.cli.reading import library, print_document


@click.command(help="Show what differs between two checkpoints: variables, messages, code; and where they parted.")
@click.argument("a")
@click.argument("b")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(a: str, b: str, as_json: bool) -> None:
    """Compares two checkpoints, of one session or of two."""
    from playbooks.console.differences import difference_rows
    from playbooks.console.drawing import print_rows
    from playbooks.session.documents import differences_document

    with library() as sessions:
        found = sessions.differences(a, b)
        if as_json:
            print_document(differences_document(found))
        else:
            print_rows(difference_rows(found), whole=True)
