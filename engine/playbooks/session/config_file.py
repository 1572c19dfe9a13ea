"""Writing `playbooks.toml`: one value, and nothing else of the file.

Apart because this is the only place that writes a file of the user's, and does it so that a crash leaves the old one.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from playbooks.errors import UserError

_BOM = "\ufeff"


def set_value(path: Path, table: str, key: str, value: Any) -> bool:
    """Sets `key` of `[table]` in a TOML file, made if it is not there; comments, order and line ends stay.

    Args:
        path: The file; a symbolic link is followed.
        table: Its name, without dots.
        key: In it.
        value: What TOML can hold.

    Returns:
        Whether anything was written: not when the value is there already.

    Raises:
        UserError: It can't be read, is no TOML, or can't be written; the file is as it was.
    """
    before = _read(path)
    after = changed(before, table, key, value, file=str(path))
    if after == before:
        return False
    try:
        _replace(Path(os.path.realpath(path)), after.encode())
    except OSError as error:
        raise UserError(f"can't be written: {error.strerror}", file=str(path)) from error
    return True


def changed(text: str, table: str, key: str, value: Any, *, file: str) -> str:
    """A TOML text with one value set. Pure.

    Raises:
        UserError: It is no TOML, or holds something else than a table there.
    """
    mark = _BOM if text.startswith(_BOM) else ""
    body = text.removeprefix(_BOM)
    try:
        wanted = tomllib.loads(body.replace("\r\n", "\n"))
        if wanted.get(table, {}).get(key) == value:
            return text
        wanted[table] = {**wanted.get(table, {}), key: value}
        document = tomlkit.parse(body)
        if table in document:
            document[table][key] = value
        else:
            new = tomlkit.table()
            new[key] = value
            document[table] = new
        made = tomlkit.dumps(document)
        if "\r\n" in body:
            made = made.replace("\r\n", "\n").replace("\n", "\r\n")
        if tomllib.loads(made.replace("\r\n", "\n")) != wanted:
            raise ValueError("another text came out")
    except (tomllib.TOMLDecodeError, TOMLKitError, AttributeError, TypeError, ValueError) as error:
        fix = f"set {key} = {tomlkit.item(value).as_string()} under [{table}] yourself"
        raise UserError("can't be changed without harm", fix, file=file) from error
    return mark + made


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise UserError("is not UTF-8 text", "save it as UTF-8", file=str(path)) from None
    except OSError as error:
        raise UserError(f"can't be read: {error.strerror}", file=str(path)) from error


def _replace(path: Path, data: bytes) -> None:
    """Puts a whole file in the place of another, with its rights."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    file = open(draft, "xb")  # noqa: SIM115  # not ours to take away, when another made it
    try:
        with file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            os.chmod(draft, path.stat().st_mode & 0o777)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise
