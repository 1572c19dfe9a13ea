"""Files → `Program`: the only place of this room that touches the disk.

Apart so that parsing stays pure, and so that what can be wrong with a file (missing, a folder, not text) is told in
one place.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from playbooks.errors import UserError, UserErrors
from playbooks.language.model import Program, SourceFile
from playbooks.language.parser import parse_program


def load_program(paths: Sequence[str]) -> Program:
    """Read a program from its files.

    Args:
        paths: `.pb` or `.pbasm` files, several as one program; imported files are found by themselves.

    Returns:
        The program.

    Raises:
        UserError: When a file cannot be read or something in it is wrong.
        UserErrors: When several things are, all of them.
    """
    if not paths:
        raise UserError("no program given", "name a .pb file")
    errors: list[UserError] = []
    sources: list[SourceFile] = []
    seen: dict[str, str] = {}
    for path in paths:
        same = seen.setdefault(os.path.abspath(path), path)
        if same is not path:
            errors.append(UserError(f"the same file as {same}, given twice", "name it once", file=path))
            continue
        try:
            sources.append(SourceFile(path, read_text(path)))
        except UserError as error:
            errors.append(error)
    if errors:
        raise errors[0] if len(errors) == 1 else UserErrors(errors)
    return parse_program(sources, read_text)


def read_text(path: str) -> str:
    """The text of one file.

    Args:
        path: As the user named it, or as an import did.

    Returns:
        The text, its line ends as they are.

    Raises:
        UserError: When there is no such file, it is a folder, it may not be read, or it is not UTF-8.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        raise UserError("no such file", "check the path", file=path) from None
    except IsADirectoryError:
        raise UserError("this is a folder", "name a .pb file in it", file=path) from None
    except PermissionError:
        raise UserError("not allowed to read this file", "change its permissions", file=path) from None
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise UserError(f"cannot read this file: {reason}", "check the path", file=path) from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UserError("this file is not UTF-8 text", "save it as UTF-8", file=path, line=line) from None
