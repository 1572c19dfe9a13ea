"""The code of a response: all of it, or what stands in its ```` ``` ```` fences when the model wraps it in prose.

Apart from the statement splitter because it decides something else: what of a text is code at all. However a response
is cut into chunks, what comes out is the same, and code that is not wrapped comes out as it went in.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import Literal

from playbooks.runtime.lexer import LINE_END, Lexer
from playbooks.runtime.source import mark

FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})[ \t]*([^`\s]*)[^`]*")
"""A line that opens a fence: its marker and its label."""
INLINE = re.compile(r"[^`]*[^`\s][^`]*(```)(python|py)[ \t]*")
"""A fence that opens at the end of a line of prose."""
OTHER_LABELS = frozenset(
    (
        "bash",
        "console",
        "csv",
        "diff",
        "html",
        "ini",
        "json",
        "json5",
        "jsonl",
        "log",
        "markdown",
        "md",
        "mermaid",
        "output",
        "plain",
        "plaintext",
        "sh",
        "shell",
        "sql",
        "text",
        "toml",
        "txt",
        "xml",
        "yaml",
        "yml",
        "zsh",
    )
)
"""What a fence so labelled holds is no code."""
SURELY_CODE = re.compile(r"await\s+[\w.]+\(|\$[^\W\d]\w*\s*(?:[-+*/|&]?=|\.\w)|\w+\s*=\s*(?:await\s|[\"'\[{$\d])")
"""Starts of lines that no prose has: their text need not wait for the line's end. No lookahead: or it would depend on
where a chunk ends."""
SURE_WITHIN = 120
"""How many characters of a line are looked at for that."""
INCOMPLETE = ast.PyCF_ONLY_AST | 0x200 | 0x4000
"""Parse, and tell a text that is wrong from one that only ends too early: the flags `codeop` gives to `compile`."""
ACTS = (ast.Call, ast.Await, ast.NamedExpr, ast.Yield, ast.YieldFrom)


_Where = Literal["start", "code", "fence", "other fence", "prose"]


class CodeExtractor:
    """Takes a response in chunks and gives back its code.

    Until it is known whether the response is wrapped, text is held back: blank lines, comments, prose, and lines that
    could be either (`Sure`) don't tell. A fence closes at a line that holds nothing but its marker, unless a string is
    open there.
    """

    def __init__(self) -> None:
        self._where: _Where = "start"
        self._begun = False
        self._prose: list[str] = []
        self._held: list[str] = []
        """Whole lines of which it is not known whether they are code."""
        self._no_code = False
        """Whether one of them can't be Python."""
        self._lexer = Lexer()
        """Has read the lines held, or those of this fence."""
        self._line: list[str] = []
        """Pieces of the line that is still arriving."""
        self._length = self._sent = 0
        """How many characters of it there are, and how many were given back or are not to be."""
        self._return = ""
        """A carriage return that a chunk ended with: perhaps half a line end."""
        self._marker, self._indent = "", 0

    @property
    def prose(self) -> str:
        """What stood around the fences so far; empty when all is code."""
        return "".join(self._prose)

    def feed(self, text: str) -> str:
        """Takes the next chunk.

        Args:
            text: Any number of characters, cut anywhere.

        Returns:
            What is known to be code now; often empty.
        """
        if self._where == "code" or not text:
            return text
        if not self._begun:
            self._begun, text = True, text.removeprefix("\ufeff")
        text, self._return = self._return + text, ""
        if text.endswith("\r"):
            text, self._return = text[:-1], "\r"
        code: list[str] = []
        at = 0
        for found in LINE_END.finditer(text):
            self._take(text[at : found.start()])
            at = found.end()
            code.append(self._end_line(found[0]))
            if self._all_is_code():
                return "".join(code) + text[at:] + self._return
        if at < len(text):
            self._take(text[at:])
            code.append(self._part())
        if self._all_is_code():
            code.append(self._return)
        return "".join(code)

    def close(self) -> str:
        """The end of the response.

        Returns:
            The rest of the code. It is the whole text, if neither code nor a fence was found in it.
        """
        end, self._return = self._return, ""
        if self._where == "code":
            return ""
        if self._where == "fence" and self._closing("".join(self._line).strip()):
            self._where = "prose"  # not all of the marker came
            return ""
        code = self._end_line(end) if self._line or end else ""
        if self._where == "start":
            code, self._held = "".join(self._held), []
        self._where = "code"
        return code

    def _take(self, piece: str) -> None:
        self._line.append(piece)
        self._length += len(piece)

    def _part(self) -> str:
        """What can be given back of a line that is still arriving."""
        if self._where == "start" and self._length <= SURE_WITHIN:
            return self._all_code() if not self._no_code and SURELY_CODE.match("".join(self._line)) else ""
        if self._where != "fence":
            return ""
        if not self._sent:
            line = "".join(self._line)
            if not line.strip() or (not self._lexer.in_string and self._closing(line.strip())):
                return ""
            self._sent = self._indented(line)
            self._line = [line]
            piece = line[self._sent :]
        else:
            piece = self._line[-1]
        self._sent = self._length
        return piece

    def _end_line(self, end: str) -> str:
        line, sent = "".join(self._line), self._sent
        self._line, self._length, self._sent = [], 0, 0
        if self._where == "fence":
            if not self._lexer.in_string and self._closing(line.strip(), whole=True):
                self._where = "prose"
                return ""
            indent = self._indented(line)
            self._lexer.read(line[indent:])
            return line[max(sent, indent) :] + end
        if self._where == "other fence":
            if self._closing(line.strip(), whole=True):
                self._where = "prose"
                return ""
        elif not self._lexer.in_string and (fence := FENCE.fullmatch(line)):
            self._open(fence)
            return ""
        elif self._where == "start":
            self._held.append(line + end)
            return self._judge(line)
        self._prose.append(line + end)
        return ""

    def _judge(self, line: str) -> str:
        """Whether a line that stands before any fence settles that all is code."""
        inside = self._lexer.goes_on
        self._lexer.read(line)
        if self._no_code or inside:
            return ""
        if SURELY_CODE.match(line[:SURE_WITHIN]):
            return self._all_code()
        try:
            acts = _acts(line)
        except SyntaxError:
            self._no_code = True
            if fence := INLINE.fullmatch(line):
                self._held[-1] = line[: fence.start(1)] + "\n"
                self._open(fence)
            return ""
        return self._all_code() if acts else ""

    def _all_is_code(self) -> bool:
        return self._where == "code"

    def _all_code(self) -> str:
        code = "".join(self._held) + "".join(self._line)
        self._where, self._held, self._line = "code", [], []
        return code

    def _open(self, fence: re.Match[str]) -> None:
        self._prose += self._held
        self._held = []
        self._marker, self._indent = fence[1], len(fence[0]) - len(fence[0].lstrip())
        self._where = "other fence" if fence[2].lower() in OTHER_LABELS else "fence"
        self._lexer = Lexer()

    def _closing(self, line: str, whole: bool = False) -> bool:
        """Whether a stripped line is the closing marker, or, unless `whole`, the beginning of it."""
        return line != "" and not line.strip(self._marker[0]) and (not whole or len(line) >= len(self._marker))

    def _indented(self, line: str) -> int:
        """How much of a line's indentation is the fence's: of a fence in a list."""
        return min(self._indent, len(line) - len(line.lstrip(" \t")))


def _acts(line: str) -> bool:
    """Whether a line is code that does something, or the beginning of a statement of several lines.

    Raises:
        SyntaxError: It can't be Python.
    """
    marked = mark(line) + "\n"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = compile(marked, "<model>", "exec", INCOMPLETE, dont_inherit=True)
    except SyntaxError as error:
        # The first is how the parser says that it would take more; 3.12.0 gets some f-strings wrong.
        if error.msg.startswith(("incomplete input", "unterminated triple-quoted")):
            return True
        raise
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        raise SyntaxError(str(error)) from None
    return any(not _idle(statement) for statement in tree.body)


def _idle(statement: ast.stmt) -> bool:
    """Whether a statement does nothing, as words of prose that happen to parse: `Sure`, `Plan: greet`, `- names`."""
    if isinstance(statement, ast.AnnAssign):
        return statement.value is None
    return isinstance(statement, ast.Expr) and not any(isinstance(part, ACTS) for part in ast.walk(statement))
