"""`playbooks label`: a name for a checkpoint or a session; pruning never takes a labelled one away."""

from __future__ import annotations

import click

from playbooks.cli.reading import library


@click.command(help='Name a checkpoint or a session; an empty TEXT ("") takes the name away.')
@click.argument("id", metavar="CHECKPOINT|SESSION")
@click.argument("text")
def command(id: str, text: str) -> None:
    """Sets, changes or takes away a label."""
    with library(writes=True) as sessions:
        label = sessions.set_label(id, text)
    click.echo(f"{id} is now “{label}”" if label else f"{id} has no label now")
