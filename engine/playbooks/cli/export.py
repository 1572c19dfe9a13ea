"""`playbooks export`: a session as a text for people who have no debugger."""

from __future__ import annotations

import click

from playbooks.cli.reading import library


@click.command(help="Print a session to be read, as Markdown or HTML; without SESSION the newest.")
@click.argument("session", metavar="[SESSION]", required=False)
@click.option("--format", "kind", type=click.Choice(["md", "html"]), default="md", show_default=True)
def command(session: str | None, kind: str) -> None:
    """Prints all branches, one after the other."""
    from playbooks.console.transcript_formats import to_html, to_markdown
    from playbooks.session.transcript_export import transcript

    with library() as sessions:
        found = transcript(sessions, session)
    click.echo(to_markdown(found) if kind == "md" else to_html(found), nl=False)
