"""Where settings are read from, one layer each, every value checked where it was written.

Apart from `config` because a mistake is told with its place (file, line and key, an environment variable, an option),
and only the one who reads a place knows it.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

import msgspec

from playbooks.config_lines import key_line, toml_error
from playbooks.errors import UserError, UserErrors
from playbooks.language.keyvalues import Entry, plain, read_entries, write_entries
from playbooks.language.lines import frontmatter_lines
from playbooks.language.model import Program
from playbooks.language.problems import Problems
from playbooks.models.choose import parse_model_option

Rank = Literal["debug", "frontmatter", "file", "environment", "override"]
PREFIX = "PLAYBOOKS_"
_PATHS = ("model.path", "durability.storage_path")


class Layer(msgspec.Struct, frozen=True):
    """Checked values of one source."""

    rank: Rank
    values: dict[str, Any]
    """By dotted key, `durability.enabled`; those of `[model.execution]` stand as the model's."""
    file: str = ""


class _Place:
    """Where a layer's values stand: gives each mistake its file and line or its variable's name.

    Args:
        name: How the key is written there, from its path.
        line: The line of a path, from 1; 0 when there is none.
        file: The file, as the user named it.
    """

    def __init__(
        self,
        name: Callable[[tuple[str, ...]], str],
        line: Callable[[tuple[str, ...]], int] = lambda path: 0,
        file: str = "",
    ) -> None:
        self.name, self.line, self.file = name, line, file

    def error(self, path: tuple[str, ...], what: str, fix: str = "") -> UserError:
        said = what.replace("KEY", self.name(path))
        one_line = "".join(char if char.isprintable() else repr(char)[1:-1] for char in said)
        return UserError(one_line, fix, file=self.file, line=self.line(path))


def file_layer(path: Path, schema: type[msgspec.Struct]) -> Layer:
    """The values of a `playbooks.toml`; an empty layer when there is none.

    Raises:
        UserError: The file can't be read, is no TOML, or holds what can't be used.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        return Layer("file", {})
    except UnicodeDecodeError as error:
        raise UserError("is not UTF-8 text", "save it as UTF-8", file=str(path)) from error
    except OSError as error:
        raise UserError(f"can't be read: {error.strerror}", file=str(path)) from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise toml_error(text, str(error), str(path)) from error
    except RecursionError as error:
        raise UserError("is nested too deeply", file=str(path)) from error
    place = _Place(".".join, lambda key: key_line(text, key), str(path))
    values = _checked(data, schema, place)
    for key in _PATHS:
        if values.get(key):
            values[key] = str(path.parent / values[key])
    return Layer("file", values, str(path))


def environment_layer(env: Mapping[str, str], schema: type[msgspec.Struct]) -> Layer:
    """The values of `PLAYBOOKS_SECTION__KEY` variables, read as the type the key has.

    A variable without a section counts only when it names a key (`PLAYBOOKS_TIMEOUT_S`): others belong to someone else.

    Raises:
        UserError: A variable names no key, or its value can't be used.
    """
    tops = {name for name, kind in get_type_hints(schema).items() if not _is_table(kind)}
    data: dict[str, Any] = {}
    for variable in sorted(env):
        path = variable.removeprefix(PREFIX).lower().split("__")
        if not variable.startswith(PREFIX) or (len(path) == 1 and path[0] not in tops):
            continue
        table = data
        for part in path[:-1]:
            below = table.setdefault(part, {})
            table = below if isinstance(below, dict) else {}
        table[path[-1]] = _inline_table(env[variable])
    place = _Place(lambda path: PREFIX + "__".join(path).upper())
    return Layer("environment", _checked(data, schema, place, strict=False))


def override_layer(overrides: Mapping[str, Any], schema: type[msgspec.Struct]) -> Layer:
    """What the command line, or a caller, lays on top.

    Raises:
        UserError: A value that can't be used.
    """
    return Layer("override", _checked(dict(overrides), schema, _Place(".".join)))


def frontmatter_layer(program: Program, schema: type[msgspec.Struct]) -> Layer:
    """The `model:` of a program's frontmatter: text as `--model` takes it, or a table as `[model]` is.

    Raises:
        UserError: It can't be used.
    """
    if "model" not in program.metadata:
        return Layer("frontmatter", {})
    given = program.metadata["model"]
    file = next((root for root in program.roots if _model_entry(program, root)), next(iter(program.roots), ""))
    folder, entry = Path(file).parent, _model_entry(program, file)
    line = entry.line.number if entry is not None else 0
    if isinstance(given, str):
        values = {f"model.{key}": value for key, value in model_choice(given, folder, file=file, line=line).items()}
        return Layer("frontmatter", values, file)
    values = _checked({"model": given}, schema, _Place(".".join, lambda path: line, file))
    if values.get("model.path"):
        values["model.path"] = str(folder / values["model.path"])
    return Layer("frontmatter", values, file)


def model_choice(text: str, folder: str | Path = ".", *, file: str = "", line: int = 0) -> dict[str, str]:
    """What `--model` and the frontmatter's `model:` say, as keys of `[model]`, a script's path put below `folder`.

    Args:
        text: As the user wrote it.
        folder: What a script's path is relative to.
        file: Where it stands, for the error.
        line: Where it stands, for the error.

    Raises:
        UserError: It names no model, or a script that is not there.
    """
    try:
        chosen = parse_model_option(text)
    except UserError as error:
        raise UserError(error.what, error.fix, file=file, line=line) from None
    if "path" in chosen:
        path = Path(folder) / chosen["path"]
        if not path.is_file():
            raise UserError(f"no scripted model at {path}", "name a Python file after script:", file=file, line=line)
        chosen["path"] = str(path)
    return chosen


def _checked(
    data: dict[str, Any], schema: type[msgspec.Struct], place: _Place, *, strict: bool = True
) -> dict[str, Any]:
    """`data` by dotted key, every value converted to the type its key has; all mistakes at once."""
    errors: list[UserError] = []
    values: dict[str, Any] = {}
    found = sorted(_leaves(data, schema, (), place, errors), key=lambda leaf: len(leaf[0]))
    for path, value, kind in found:  # [model.execution], the deepest, comes last
        try:
            unset = value == "none" and type(None) in get_args(kind)
            converted = None if unset else msgspec.convert(value, kind, strict=strict)
        except msgspec.ValidationError:
            errors.append(place.error(path, f"KEY must be {_wanted(kind)}, not {_shown(value)}"))
        else:
            values[".".join(path).replace("model.execution.", "model.")] = converted
    if len(errors) > 1:
        raise UserErrors(sorted(errors, key=lambda error: error.line))
    if errors:
        raise errors[0]
    return values


def _leaves(
    data: dict[str, Any], schema: type[msgspec.Struct], path: tuple[str, ...], place: _Place, errors: list[UserError]
) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Path, value and type of each key below `data`; unknown keys and tables that are none go to `errors`."""
    kinds = get_type_hints(schema, include_extras=True)
    if path == ("model",):
        kinds["execution"] = schema
    for key, value in data.items():
        here = (*path, key)
        kind = kinds.get(key)
        if kind is None:
            errors.append(place.error(here, "unknown key KEY", _nearest(key, path, kinds)))
        elif not _is_table(kind):
            yield here, value, kind
        elif isinstance(value, dict):
            yield from _leaves(value, kind, here, place, errors)
        else:
            errors.append(place.error(here, f"KEY is a table, not {_shown(value)}", f"write [{'.'.join(here)}]"))


def _nearest(key: str, path: tuple[str, ...], kinds: Mapping[str, Any]) -> str:
    """What the user may have meant by an unknown key."""
    close = difflib.get_close_matches(key.lower(), kinds, n=1)
    if close:
        return f"did you mean {close[0]}?"
    for table, kind in kinds.items():
        if not path and _is_table(kind) and key in get_type_hints(kind):
            return f"it belongs under [{table}]"
    return "known here: " + ", ".join(kinds)


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _wanted(kind: Any) -> str:
    """A type in words: `a number above 0`, `"rerun", "ask" or "fail"`."""
    info = msgspec.json.schema(kind)
    options = info.get("enum")
    if options:
        *rest, last = sorted(f'"{option}"' for option in options)
        return f"{', '.join(rest)} or {last}"
    choice = next((part for part in info.get("anyOf", ()) if part.get("type") != "null"), info)
    words = {"integer": "a whole number", "number": "a number", "boolean": "true or false", "string": "text"}
    said = words.get(choice.get("type", ""), "a table of texts")
    low, high = choice.get("minimum"), choice.get("maximum")
    if low is not None and high is not None:
        said += f" from {low:g} to {high:g}"
    elif low is not None:
        said += f" of at least {low:g}"
    elif "exclusiveMinimum" in choice:
        said += f" above {choice['exclusiveMinimum']:g}"
    elif choice.get("minLength"):
        said += " that is not empty"
    return said + (' or "none"' if choice is not info else "")


def _shown(value: Any) -> str:
    """A value as the user would recognise it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 40 else f'"{value[:37]}…"'
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return str(value)


def _inline_table(text: str) -> Any:
    """A variable's text; an inline table (`{ pause = "space" }`) as a dict, since no other type has braces."""
    if text.lstrip().startswith("{"):
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return text
    return text


def frontmatter_model(program: Program, file: str) -> str:
    """What the frontmatter of that file says of the model, a script's path put below the file's folder; empty when it
    says nothing.
    """
    entry = _model_entry(program, file)
    if entry is None:
        return ""
    said = plain((entry,))["model"]
    text = " ".join(map(str.strip, write_entries(said))) if isinstance(said, Mapping) else str(said or "")
    kind, colon, path = text.partition(":")
    return f"script:{os.path.normpath(Path(file).parent / path.strip())}" if colon and kind == "script" else text


def _model_entry(program: Program, file: str) -> Entry | None:
    """`model:` in that file's frontmatter; None when it has none."""
    source = next((source for source in program.files if source.path == file), None)
    entries = read_entries(frontmatter_lines(source), Problems()) if source is not None else ()
    return next((entry for entry in entries if entry.key == "model"), None)
