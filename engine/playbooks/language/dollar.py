"""`$x` in Python: what people write in a program, made into a name that Python reads.

Apart because it is needed wherever a program holds Python: blocks, defaults, annotations, `{expression}` parts. It
scans text and never fails: what is no Python stays as it is, for `ast` to refuse. Lines are kept, columns are not.
"""

from __future__ import annotations

import re

MARK = "__agent_variable_"
"""A marked name begins with this; no program uses it."""

_TOKEN = re.compile(
    r"""(?P<prefix>\b[rbufRBUF]{1,2})?(?P<quote>\"{3}|'{3}|"|')|(?P<comment>\#[^\n]*)|\$(?P<name>[^\W\d]\w*)""", re.X
)
_IN_FIELD = re.compile(
    r"""(?P<prefix>\b[rbufRBUF]{1,2})?(?P<quote>\"{3}|'{3}|"|')|\$(?P<name>[^\W\d]\w*)|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<colon>:)""",
    re.X,
)
_REST = {
    '"""': re.compile(r'(?:[^\\"]|\\.|"(?!""))*(?:""")?', re.S),
    "'''": re.compile(r"(?:[^\\']|\\.|'(?!''))*(?:''')?", re.S),
    '"': re.compile(r'(?:[^\\"\n]|\\.)*"?', re.S),
    "'": re.compile(r"(?:[^\\'\n]|\\.)*'?", re.S),
}
_IN_F_STRING = re.compile(r"""\"{3}|'{3}|["'\n\\]|\{\{|\{""")
_IN_SPEC = re.compile(r"[{}\n]")


def mark(source: str) -> str:
    """Turn every `$x` that is code into a plain name.

    Strings and comments stay as they are; the fields of an f-string are code.

    Args:
        source: Python text, right or wrong.

    Returns:
        The text with the same lines, `$x` written as `MARK + "x"`.
    """
    if "$" not in source:
        return source
    try:
        return _mark(source)
    except RecursionError:  # f-strings nested beyond reason: Python refuses the text anyway
        return source


def unmark(text: str) -> str:
    """Write marked names as `$x` again, in Python text or in a message about it."""
    return text.replace(MARK, "$")


def field_end(text: str, start: int) -> int:
    """Find where an `{expression}` ends.

    Args:
        text: Any text.
        start: The place after the opening brace.

    Returns:
        The place of the closing brace; -1 when there is none.
    """
    try:
        _, end = _field(text, start)
    except RecursionError:
        return -1
    return end - 1 if end <= len(text) else -1


def _mark(source: str) -> str:
    parts: list[str] = []
    place = 0
    while found := _TOKEN.search(source, place):
        parts.append(source[place : found.start()])
        if found["quote"]:
            text, place = _string(source, found)
            parts.append(text)
        else:
            parts.append(MARK + found["name"] if found["name"] else found[0])
            place = found.end()
    parts.append(source[place:])
    return "".join(parts)


def _string(source: str, found: re.Match[str]) -> tuple[str, int]:
    """One string from its prefix to its end: the text with its code marked, and where it ends."""
    prefix, quote = (found["prefix"] or "").lower(), found["quote"]
    if "f" in prefix:
        body, end = _f_string(source, found.end(), quote)
        return found[0] + body, end
    rest = _REST[quote].match(source, found.end())
    end = rest.end() if rest else found.end()
    return source[found.start() : end], end


def _f_string(source: str, start: int, quote: str) -> tuple[str, int]:
    parts: list[str] = []
    place = start
    while found := _IN_F_STRING.search(source, place):
        token, end = found[0], found.end()
        if token == "\\":
            end += 1
            if source[end - 1 : end] == "{":  # an escaped brace is still a field
                end -= 1
        elif token == "{":
            parts.append(source[place:end])
            field, place = _field(source, end)
            parts.append(field)
            continue
        elif token.startswith(quote) or (token == "\n" and len(quote) == 1):
            end = found.start() + (len(quote) if token != "\n" else 0)
            return "".join(parts) + source[place:end], end
        elif len(token) == 3:  # '''in "…": one quote at a time
            end = found.start() + 1
        parts.append(source[place:end])
        place = end
    return "".join(parts) + source[place:], len(source)


def _field(source: str, start: int) -> tuple[str, int]:
    """Code up to the brace that closes it, with the brace; an end beyond the text says that it is never closed."""
    parts: list[str] = []
    place, depth = start, 0
    while found := _IN_FIELD.search(source, place):
        parts.append(source[place : found.start()])
        place = found.end()
        if found["quote"]:
            text, place = _string(source, found)
            parts.append(text)
            continue
        parts.append(MARK + found["name"] if found["name"] else found[0])
        if found["open"]:
            depth += 1
        elif found["close"] and depth:
            depth -= 1
        elif found["close"] == "}":
            return "".join(parts), place
        elif found["colon"] and not depth:
            spec, place = _spec(source, place)
            return "".join(parts) + spec, place
    return "".join(parts) + source[place:], len(source) + 1


def _spec(source: str, start: int) -> tuple[str, int]:
    """A format spec, `:{width}.2f`, up to the brace that closes the field."""
    parts: list[str] = []
    place = start
    while found := _IN_SPEC.search(source, place):
        parts.append(source[place : found.end()])
        place = found.end()
        if found[0] == "}":
            return "".join(parts), place
        if found[0] == "{":
            field, place = _field(source, place)
            parts.append(field)
    return "".join(parts) + source[place:], len(source) + 1
