"""The YAML that people write at the top of a file or under a heading, read strictly: scalars, lists, one nested level.

Apart because frontmatter and metadata share it. A full YAML reader is no dependency here, and most of YAML (anchors,
tags, block scalars, flow maps) would only be ways to be misunderstood: those are told as mistakes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from playbooks.language.lines import Line
from playbooks.language.problems import Problems

_KEY = re.compile(r"([A-Za-z_][\w-]*)[ \t]*:(?:[ \t]+(.*))?", re.S)
_QUOTED_ITEM = re.compile(r"""(?<=[\[,])[ \t]*(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')""")
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?[0-9]{1,18}(?:\.[0-9]{1,18}(?:[eE][-+]?[0-9]{1,2})?|[eE][-+]?[0-9]{1,2})")
_CONSTANTS = {"true": True, "false": False, "null": None, "~": None}
_DEEPEST = 20
"""Lists within lists."""


class Entry(msgspec.Struct, frozen=True):
    """One `key: value`, its value as written."""

    key: str
    value: str | tuple[str, ...] | tuple[Entry, ...]
    """A scalar; the items of a `-` list; or the entries nested under the key. An empty tuple is an empty value."""
    line: Line


def key_value(text: str) -> tuple[str, str] | None:
    """A `key: value` line without its indentation, the value without its comment; None when it is no such line."""
    found = _KEY.fullmatch(text.strip())
    return (found[1], _without_comment(found[2] or "")) if found else None


def read_entries(lines: Sequence[Line], problems: Problems, *, deepest: int = 1) -> tuple[Entry, ...]:
    """Read a block of `key: value` lines, all at one indentation, what is nested further in.

    Args:
        lines: The block; blank lines and `#` comments are passed over.
        problems: Where mistakes go.
        deepest: How many levels may be nested under a key.

    Returns:
        The entries in order; wrong lines are left out.
    """
    said = [line for line in lines if line.text.strip() and not line.text.lstrip().startswith("#")]
    entries: list[Entry] = []
    keys: dict[str, Line] = {}
    i = 0
    while i < len(said):
        line = said[i]
        own = _indent(line)
        end = i + 1
        while end < len(said) and _indent(said[end]) > own:
            end += 1
        if own > _indent(said[0]) or own < _indent(said[0]):
            problems.add("this line is indented unlike those beside it", "align them", file=line.file, line=line.number)
        elif (pair := key_value(line.text)) is None:
            problems.add(
                f"not a `key: value` line: {shorten(line.text)}", "write `key: value`", file=line.file, line=line.number
            )
        else:
            key, value = pair
            entry = _entry(key, value, line, said[i + 1 : end], problems, deepest)
            if key in keys:
                problems.add(
                    f"{key} is given twice, first on line {keys[key].number}",
                    "keep one of them",
                    file=line.file,
                    line=line.number,
                )
            elif entry is not None:
                entries.append(entry)
            keys.setdefault(key, line)
        i = end
    return tuple(entries)


def _entry(key: str, value: str, line: Line, nested: Sequence[Line], problems: Problems, deepest: int) -> Entry | None:
    if value and nested:
        what, fix, at = f"{key} has a value and lines nested under it", "keep one of them", nested[0]
    elif value[:1] in tuple("|>&*!{%@"):
        what, fix, at = f"{key}: a value that begins with {value[0]} is not read", "put it in quotes", line
    elif not nested:
        return Entry(key, value or (), line)
    elif all(item.text.lstrip().startswith("- ") for item in nested):
        return Entry(key, tuple(_without_comment(item.text.lstrip()[2:]) for item in nested), line)
    elif deepest > 0:
        return Entry(key, read_entries(nested, problems, deepest=deepest - 1), line)
    else:
        what, fix, at = f"{key}: this is nested too deep", "write it on one level less", nested[0]
    problems.add(what, fix, file=at.file, line=at.number)
    return None


def flat(entries: Sequence[Entry], prefix: str = "") -> dict[str, tuple[str, Line]]:
    """Entries as `key → value as written`: a nested one as `remote.type`, a list as `[a, b]`."""
    found: dict[str, tuple[str, Line]] = {}
    for entry in entries:
        key = prefix + entry.key
        if isinstance(entry.value, str):
            found[key] = (entry.value, entry.line)
        elif entry.value and isinstance(entry.value[0], Entry):
            found.update(flat([nested for nested in entry.value if isinstance(nested, Entry)], f"{key}."))
        else:
            items = [item for item in entry.value if isinstance(item, str)]
            found[key] = (write_list(items) if items else "", entry.line)
    return found


def write_list(items: Sequence[str]) -> str:
    """`[a, b]`, each item as written, in quotes where a comma or a bracket would mislead."""
    return "[" + ", ".join(_in_list(item) for item in items) + "]"


def read_list(value: str) -> tuple[str, ...]:
    """The items of `[a, b]`, or of `a, b`, without quotes."""
    inner = value[1:-1] if value.startswith("[") and value.endswith("]") else value
    return tuple(_unquoted(item) for item in _split_items(inner) if item)


def plain(entries: Sequence[Entry]) -> dict[str, Any]:
    """Entries as plain values: numbers, booleans, text, lists as tuples, nested ones as a mapping."""
    found: dict[str, Any] = {}
    for entry in entries:
        if isinstance(entry.value, str):
            found[entry.key] = read_scalar(entry.value)
        elif entry.value and isinstance(entry.value[0], Entry):
            found[entry.key] = plain([nested for nested in entry.value if isinstance(nested, Entry)])
        else:
            found[entry.key] = tuple(read_scalar(item) for item in entry.value if isinstance(item, str)) or None
    return found


def read_scalar(value: str, depth: int = 0) -> Any:
    """A value as YAML's plain scalars mean it; `[a, b]` is a tuple. What is nothing else is text.

    Args:
        value: Without what stands around it.
        depth: In how many lists it stands; one in too many is text.
    """
    if value.startswith("[") and value.endswith("]") and depth < _DEEPEST:
        return tuple(read_scalar(item, depth + 1) for item in _split_items(value[1:-1]) if item)
    if value in _CONSTANTS:
        return _CONSTANTS[value]
    if _INTEGER.fullmatch(value):
        return int(value)
    if _FLOAT.fullmatch(value):
        return float(value)
    return _unquoted(value)


def write_entries(values: Mapping[str, Any], indent: str = "") -> list[str]:
    """What `read_entries` and `plain` read as these values.

    Args:
        values: Scalars, tuples of scalars, and mappings of these.
        indent: Before each line.

    Returns:
        The lines.
    """
    found: list[str] = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            found += [f"{indent}{key}:", *write_entries(value, indent + "  ")]
        else:
            found.append(f"{indent}{key}: {_scalar_text(value)}")
    return found


def nested(values: Mapping[str, str]) -> list[str]:
    """The lines of flat metadata, `remote.type` nested again under `remote`."""
    found: list[str] = []
    open_parts: tuple[str, ...] = ()
    for key, value in values.items():
        *above, last = key.split(".")
        shared = 0
        while shared < min(len(above), len(open_parts)) and above[shared] == open_parts[shared]:
            shared += 1
        found += [f"{'  ' * depth}{above[depth]}:" for depth in range(shared, len(above))]
        open_parts = tuple(above)
        found.append(f"{'  ' * len(above)}{last}: {value}".rstrip())
    return found


def shorten(text: str, width: int = 60) -> str:
    """A line for a message, cut where it gets long."""
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 1] + "…"


def _scalar_text(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_scalar_text(item) for item in value) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return str(value)
    text = str(value)
    written = f"k: {text}"
    read = key_value(written)
    bare = (
        text.isprintable()
        and text
        and "," not in text
        and text[0] not in "|>&*!{%@[]\"'-#"
        and read_scalar(text) == text
    )
    return text if bare and read == ("k", text) else json.dumps(text, ensure_ascii=False)


def _indent(line: Line) -> int:
    text = line.text.expandtabs(4)
    return len(text) - len(text.lstrip())


def _without_comment(value: str) -> str:
    """A value without the ` # comment` behind it; a `#` inside quotes is no comment."""
    value = value.strip()
    if value[:1] in ('"', "'"):
        end = _closing_quote(value)
        if end > 0 and (rest := value[end + 1 :].lstrip()) and rest.startswith("#"):
            return value[: end + 1]
        if end > 0 and end == len(value) - 1:
            return value
    if value.startswith("#"):
        return ""
    # In a list, quoted items are covered up, so that a ` #` in one of them is no comment.
    shown = _QUOTED_ITEM.sub(lambda item: "x" * len(item[0]), value) if value.startswith("[") else value
    found = re.search(r"[ \t]#", shown)
    return value[: found.start()].rstrip() if found else value


def _closing_quote(value: str) -> int:
    """Where the quote that the value begins with ends; -1 when it doesn't."""
    quote = value[0]
    i = 1
    while i < len(value):
        if (quote == '"' and value[i] == "\\") or (quote == "'" and value[i : i + 2] == "''"):
            i += 1
        elif value[i] == quote:
            return i
        i += 1
    return -1


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] in "\"'" and _closing_quote(value) == len(value) - 1:
        if value[0] == '"':
            try:
                text = json.loads(value, strict=False)
                return text if isinstance(text, str) else value
            except ValueError:
                return value[1:-1]
        return value[1:-1].replace("''", "'")
    return value


def _split_items(inner: str) -> list[str]:
    """At the commas that stand in no quotes."""
    items: list[str] = []
    rest = inner.strip()
    while rest:
        quoted = _closing_quote(rest) if rest[0] in "\"'" else 0
        comma = rest.find(",", max(0, quoted))
        if comma < 0:
            return [*items, rest]
        items.append(rest[:comma].strip())
        rest = rest[comma + 1 :].strip()
    return items


def _in_list(item: str) -> str:
    quoted = item[:1] in ('"', "'") and _closing_quote(item) == len(item) - 1
    return item if quoted or not set(item) & set(",[]\"'#") else json.dumps(item, ensure_ascii=False)
