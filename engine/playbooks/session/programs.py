"""The program of a session, read again from what its checkpoints hold: its files may have changed since, or be gone."""

from __future__ import annotations

import os
from functools import lru_cache

from playbooks.language import parse_program
from playbooks.language.model import Program, SourceFile
from playbooks.state import ProgramState


def recorded_program(state: ProgramState) -> Program:
    """The program as it was when the session began, or when the branch was forked with another.

    Args:
        state: At any checkpoint of it.

    Raises:
        UserError: What is recorded is no program.
    """
    files = tuple((str(path), str(text)) for path, text in state.session["files"])
    return program_of(files, tuple(state.session["roots"]))


@lru_cache(8)
def program_of(files: tuple[tuple[str, str], ...], roots: tuple[str, ...]) -> Program:
    """The program that some texts are.

    Args:
        files: Path and text of each.
        roots: Paths of those that were given on the command line.

    Raises:
        UserError: They are no program.
    """
    texts = dict(files)
    sources = [SourceFile(path, texts[path]) for path in roots]

    def read(path: str) -> str:
        for known in (path, os.path.normpath(path)):
            if known in texts:
                return texts[known]
        raise FileNotFoundError(path)

    return parse_program(sources, read)
