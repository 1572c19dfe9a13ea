"""`playbooks compile`: the program as the engine reads it, every step numbered."""

from __future__ import annotations

from pathlib import Path

import click

from playbooks.errors import UserError

SUFFIX = ".pbasm"


@click.command(help="Print the numbered program, without a model.")
@click.argument("programs", metavar="PROGRAM...", nargs=-1, required=True)
@click.option("--output", metavar="DIR", help="Write it to a file in this folder instead; made if it is missing.")
def command(programs: tuple[str, ...], output: str | None) -> None:
    """Compiles all programs given as the one program they are together."""
    from playbooks.language import compile_program, load_program

    program = load_program(programs)
    text = compile_program(program)
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    target = Path(output) / (Path(program.name).stem + SUFFIX)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"can't be written: {error.strerror}", file=str(target)) from error
    click.echo(str(target))
