"""Which characters of a text are code, and whether a logical line goes on: what Python's tokenizer knows, line by line.

Apart because four things ask it while text is still arriving (the statement splitter, the fence extractor, the scanner
for literal `Say`s, and `mark`), and `tokenize` can't be asked about a program that is not whole or that holds `$x`.
Every character is looked at once, whatever the program.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

NESTED = sys.version_info >= (3, 12)
"""Since PEP 701 an f-string's fields are ordinary code; before, its closing quote ends it wherever it stands."""

LINE_END = re.compile(r"\r\n|\r|\n")
"""As the tokenizer sees it: `str.splitlines` would split at form feeds and U+2028 too."""
PREFIXES = frozenset({"r", "u", "b", "br", "rb", "f", "fr", "rf", "t", "tr", "rt"})
TEMPLATES = sys.version_info >= (3, 14)
IN_CODE = re.compile(r"[#'\"\\()\[\]{}:$]")
IN_TEXT = re.compile(r"[\\'\"]")
IN_FORMATTED = re.compile(r"[\\'\"{}]")


class _Context:
    """What surrounds the next character: code of the file or of a field, text of a string or of a format."""

    __slots__ = ("delimiter", "depth", "formatted", "raw", "spec")

    def __init__(self, delimiter: str = "", formatted: bool = False, raw: bool = False, spec: bool = False) -> None:
        self.delimiter = delimiter
        """What closes the string; empty in code."""
        self.formatted, self.raw, self.spec = formatted, raw, spec
        self.depth = 0
        """Open brackets; of code only."""


class Lexer:
    """Reads physical lines in order and tells, after each, whether the logical line ends there.

    On an error (a string not closed on its line, a bracket too many) it goes on as if the logical line ended: the
    parser says what is wrong.
    """

    def __init__(self) -> None:
        self._stack = [_Context()]
        self._continued = False
        self.last = ""
        """The last character of the logical line that is neither space nor comment nor a backslash at a line's end."""

    @property
    def goes_on(self) -> bool:
        """Whether the next physical line belongs to this logical line: an open bracket or string, or a backslash."""
        return self._continued or len(self._stack) > 1 or self._stack[0].depth > 0

    @property
    def in_string(self) -> bool:
        """Whether the next line starts within a string."""
        return len(self._stack) > 1

    def read(self, line: str) -> list[int]:
        """Reads one physical line.

        Args:
            line: The line without its end.

        Returns:
            Where in it a `$` starts an agent's variable.
        """
        if not self.goes_on:
            self.last = ""
        self._continued = False
        variables: list[int] = []
        at, end, escaped = 0, len(line), False
        code_end = end
        while at < end:
            top = self._stack[-1]
            if not top.delimiter:
                found = IN_CODE.search(line, at)
                if found is None:
                    break
                at = found.start()
                if line[at] == "#" and (NESTED or len(self._stack) == 1):
                    code_end = at
                    break
                at = self._code(top, line, at, variables)
                continue
            found = (IN_FORMATTED if top.formatted else IN_TEXT).search(line, at)
            if found is None:
                break
            at = found.start()
            escaped = line[at] == "\\" and at + 1 == end
            at = self._text(top, line, at)
        self._end_of_line(escaped)
        if not self.in_string:
            code_end -= self._continued
            self.last = line[:code_end].rstrip(" \t\f")[-1:] or self.last
        return variables

    def _code(self, top: _Context, line: str, at: int, variables: list[int]) -> int:
        character = line[at]
        if character in "'\"":
            return self._close_outer(line, at) or self._open(line, at)
        if character in "([{":
            top.depth += 1
        elif character == "}" and not top.depth and len(self._stack) > 1:
            self._stack.pop()
        elif character in ")]}":
            top.depth = max(0, top.depth - 1)
        elif character == ":":
            if not top.depth and len(self._stack) > 1:
                text = self._stack[-2]
                self._stack.append(_Context(text.delimiter, True, text.raw, spec=True))
        elif character == "\\":
            self._continued = at + 1 == len(line)
        elif character == "$" and line[at + 1 : at + 2].isidentifier() and not _is_word(line[at - 1 : at]):
            variables.append(at)
        return at + 1

    def _text(self, top: _Context, line: str, at: int) -> int:
        character, following = line[at], line[at + 1 : at + 2]
        if character == "\\":
            if top.formatted and following in ("{", "}"):
                return at + 1
            if top.formatted and not top.raw and line.startswith("N{", at + 1):
                return line.find("}", at) + 1 or len(line)
            return at + 2
        if character == "{":
            if following == "{" and not top.spec:
                return at + 2
            self._stack.append(_Context())
        elif character == "}":
            if top.spec:
                del self._stack[-2:]
            elif following == "}":
                return at + 2
        elif closed := self._close_outer(line, at):
            return closed
        elif line.startswith(top.delimiter, at):
            self._stack.pop()
            if top.spec:  # an error: the string ends within a field
                del self._stack[-2:]
            return at + len(top.delimiter)
        return at + 1

    def _open(self, line: str, at: int) -> int:
        """A quote in code opens a string; the letters before it say of what kind."""
        start = at
        while start and at - start < 3 and _is_word(line[start - 1]):
            start -= 1
        prefix = line[start:at].lower()
        prefix = prefix if prefix in PREFIXES else ""
        delimiter = line[at] * 3 if line.startswith(line[at] * 3, at) else line[at]
        self._stack.append(_Context(delimiter, "f" in prefix or (TEMPLATES and "t" in prefix), "r" in prefix))
        return at + len(delimiter)

    def _close_outer(self, line: str, at: int) -> int:
        """Before PEP 701 a string within a field can't hold the quote of the string around it."""
        if NESTED:
            return 0
        for level, context in enumerate(self._stack[:-1]):
            if context.delimiter and line.startswith(context.delimiter, at):
                del self._stack[level:]
                return at + len(context.delimiter)
        return 0

    def _end_of_line(self, escaped: bool) -> None:
        if len(self._stack) == 1 or escaped:
            return
        top = self._stack[-1]
        if NESTED and top.spec and len(top.delimiter) == 1:  # a format ends with its line, the field goes on
            self._stack.pop()
            return
        string = top if NESTED else self._stack[1]
        if len(string.delimiter) == 1:  # not closed on its line
            self._stack = [_Context()]


def lines(text: str) -> Iterator[tuple[int, str]]:
    """The physical lines of a text.

    Yields:
        Where the line starts, and the line without its end.
    """
    start = 0
    for found in LINE_END.finditer(text):
        yield start, text[start : found.start()]
        start = found.end()
    yield start, text[start:]


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_" or character > "\x7f"
