"""Where in a TOML text something stands: `tomllib` gives values without lines, and a mistake is told with its line.

Apart because it knows TOML's surface and nothing of settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from playbooks.errors import UserError

_PART = r"""(?:"[^"]*"|'[^']*'|[\w-]+)"""
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*\[\[?\s*({_DOTTED})\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=(.*)$")
_BARE = re.compile(rf"({_DOTTED})\s*=\s*([A-Za-z_][\w./:-]*)\s*(?:#.*)?")
_FENCE = re.compile(r'"""|\'\'\'')


def key_line(text: str, path: tuple[str, ...]) -> int:
    """The line, from 1, where the key at `path` is given, or the innermost table around it; 0 when none is."""
    best, depth = 0, 0
    for number, found, _ in _places(text):
        common = len(found) if path[: len(found)] == found else 0
        if common > depth:
            best, depth = number, common
    return best


def toml_error(text: str, message: str, file: str) -> UserError:
    """A mistake that `tomllib` met, with what to do where it is a likely one.

    Args:
        text: The whole file.
        message: The decoder's words, which end in `(at line 3, column 7)` or `(at end of document)`.
        file: As the user named it.
    """
    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    line = int(place[1]) if place and place[1] else text.count("\n") + (not text.endswith("\n"))
    seen: dict[tuple[str, ...], int] = {}
    for number, path, is_table in _places(text):
        first = seen.setdefault(path, number)
        if number == line and first != line:
            name = ".".join(path)
            if is_table:
                what = f"[{name}] is declared twice, first in line {first}"
                return UserError(what, f"merge the two [{name}] tables", file=file, line=line)
            return UserError(f"{name} is given twice, first in line {first}", "keep one", file=file, line=line)
    said = message[: place.start()] if place else message
    given = "".join(text.split("\n")[line - 1 : line]).strip()
    what = f"{given} is not valid TOML: {said[:1].lower()}{said[1:]}"
    return UserError(what, _quoted(given), file=file, line=line)


def _quoted(given: str) -> str:
    """What to do about a value that is a bare word, the likeliest of all mistakes."""
    bare = _BARE.fullmatch(given)
    if bare is None:
        return ""
    if bare[2].lower() in ("true", "false", "yes", "no", "on", "off"):
        return "write true or false"
    return f'write {bare[1]} = "{bare[2]}"'


def _places(text: str) -> Iterator[tuple[int, tuple[str, ...], bool]]:
    """Line, path and whether it is a table's head, of each table and key; what stands in long strings is skipped."""
    table: tuple[str, ...] = ()
    fence = ""
    for number, line in enumerate(text.split("\n"), 1):
        if fence:
            _, closed, _ = line.partition(fence)
            fence = "" if closed else fence
            continue
        header = _HEADER.match(line)
        if header:
            table = _parts(header[1])
            yield number, table, True
            continue
        key = _KEY.match(line)
        if key:
            yield number, (*table, *_parts(key[1])), False
            opened = _FENCE.match(key[2].strip())
            if opened and key[2].count(opened[0]) == 1:
                fence = opened[0]


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, dotted))
