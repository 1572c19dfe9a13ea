"""Cuts code into top-level statements while it is arriving, so that the first runs while the last is being written.

Apart from the player so that its one promise can be tested alone: for any program and any chunking the statements are
those of `ast.parse` of the whole, none is lost, and each is delivered as soon as nothing that follows can belong to it.
The text is read once, line by line, and a statement is parsed once: when it is complete.
"""

from __future__ import annotations

import ast
import re
import types
from bisect import bisect_right
from collections.abc import Iterator

import msgspec

from playbooks.runtime.lexer import LINE_END, Lexer
from playbooks.runtime.plain_calls import plain_call
from playbooks.runtime.source import mark_at, parse_marked

BLANK = " \t\f"
WORD = re.compile(r"\w*")
ASYNC = re.compile(r"async[ \t\f]+(\w*)")
CONTINUED_BY: dict[str, tuple[str, ...]] = {
    "if": ("elif", "else"),
    "for": ("else",),
    "while": ("else",),
    "try": ("except", "else", "finally"),
    "with": (),
    "def": (),
    "class": (),
    "match": (),
}
"""The word a compound statement starts with → the words that go on with it in the first column."""


class Statement(msgspec.Struct, frozen=True, eq=False):
    """One top-level statement, or the text in which a syntax error stands. Equal by all but `tree` and `code`."""

    source: str
    """Its exact text, decorators included, without the comments and line ends after it."""
    line: int
    """Its first line in the code, from 1."""
    end_line: int
    start: int
    """Offset of its first character in the code."""
    end: int
    """Offset after its last character."""
    error: str | None = None
    """`SyntaxError: '(' was never closed (line 3)`: it can't run, and nothing after it is delivered."""
    call: str = ""
    """Of a plain call the name that it calls; see `plain_calls`."""
    tree: ast.stmt | None = None
    """As it was parsed to be found, marked, its lines counted from 1; None when it does not stand alone on them. To be
    used up at once: thousands of trees that wait cost the garbage collector more than parsing again."""
    code: types.CodeType | None = None
    """Made of the tree, when that could be done."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Statement) and self._compared() == other._compared()

    def __hash__(self) -> int:
        return hash(self._compared())

    def _compared(self) -> tuple[object, ...]:
        return self.source, self.line, self.end_line, self.start, self.end, self.error, self.call


class SourceError(msgspec.Struct, frozen=True):
    """Where code stopped being Python."""

    message: str
    """`SyntaxError: '(' was never closed`."""
    line: int
    """In the code, from 1."""
    source: str
    """That line."""

    def __str__(self) -> str:
        return f"{self.message} (line {self.line})"


class StatementStream:
    """Takes code in chunks and gives back the statements that are complete.

    A simple statement is complete at the end of its line; one that ends in a block, when the next line stands in the
    first column and does not start with a word that goes on with it. After a syntax error nothing is delivered.

    Args:
        lines: How many lines of code came before; statements and errors are numbered after them.
    """

    def __init__(self, lines: int = 0) -> None:
        self.error: SourceError | None = None
        """Why nothing is delivered any more."""
        self.complete = 0
        """Offset up to which all statements are complete and delivered: the start of a line, or the end of the code."""
        self.length = 0
        """Of all code so far."""
        self._chunks: list[str] = []
        self._lexer = Lexer()
        self._partial: list[str] = []
        """Pieces of the line that is still arriving."""
        self._held = ""
        """A carriage return that a chunk ended with: perhaps half a line end."""
        self._lines, self._offset = lines, 0
        """Lines read whole, those before included, and the offset of the one that is still arriving."""
        self._pending: list[str] = []
        """Lines of the statement that is not complete, with their ends."""
        self._marked: list[str] = []
        """The same, marked."""
        self._start = self._line = 0
        """Offset and number of the first of them."""
        self._words: tuple[str, ...] | None = None
        """What may go on with it in the first column: of a compound statement."""
        self._header = False
        """Whether its last logical line starts in the first column."""
        self._decorated = False
        """Whether it is nothing but decorators yet."""
        self._undecided = False
        """Whether the line that is still arriving may complete it before its end."""
        self._closed = False

    @property
    def text(self) -> str:
        """All code so far."""
        if len(self._chunks) > 1:
            self._chunks = ["".join(self._chunks)]
        return self._chunks[0] if self._chunks else ""

    @property
    def begun(self) -> int:
        """Offset of the code after the last complete statement: where the next one begins."""
        return self._start if self._pending else self._offset

    def since(self, offset: int) -> str:
        """The code from an offset on, without looking at what is before it."""
        length, pieces = self.length - offset, list[str]()
        for chunk in reversed(self._chunks):
            if length <= 0:
                break
            pieces.append(chunk[-length:])
            length -= len(chunk)
        return "".join(reversed(pieces))

    def feed(self, text: str) -> list[Statement]:
        """Takes the next chunk.

        Args:
            text: Any number of characters, cut anywhere.

        Returns:
            The statements it completes, in order. One with an error is the last.
        """
        done: list[Statement] = []
        if self._closed or not text:
            return done
        self._chunks.append(text)
        self.length += len(text)
        if self.error:
            return done
        text, self._held = self._held + text, ""
        if text.endswith("\r"):
            text, self._held = text[:-1], "\r"
        if not ("\n" in text or "\r" in text or self._undecided):
            if text:
                self._partial.append(text)
            return done
        at = 0
        for found in LINE_END.finditer(text):
            line = text[at : found.start()]
            if self._partial:
                line = "".join((*self._partial, line))
                self._partial.clear()
            at = found.end()
            done += self._take(line, found[0])
            if self.error:
                return done
            self._undecided = self._words is not None and not self._lexer.goes_on
        if at < len(text):
            self._partial.append(text[at:])
            if self._undecided:
                done += self._peek()
        return done

    def close(self) -> list[Statement]:
        """The end of the code completes what is pending.

        Returns:
            The last statements. One with an error is the last.
        """
        done: list[Statement] = []
        if self._closed or self.error:
            return done
        self._closed = True
        if last := "".join(self._partial):
            done += self._take(last, self._held)
        if not self.error:
            done += self._deliver()
        if not self.error:
            self.complete = len(self.text)
        return done

    def _take(self, line: str, end: str) -> list[Statement]:
        """One physical line."""
        if not self._pending and line.startswith("await ") and (plain := self._plain(line, end)) is not None:
            return [plain]
        done: list[Statement] = []
        inside = self._lexer.goes_on
        head = "" if inside else line.strip(BLANK)
        if head == "\\":  # goes on with nothing: as good as blank
            head = ""
        blank = not inside and (not head or head.startswith("#"))
        if not inside and not blank:
            done += self._begin(line, head)
            if self.error:
                return done
        marked = line if blank else mark_at(line, self._lexer.read(line))
        if self._pending or not blank:
            self._pending.append(line + end)
            self._marked.append(marked + end)
        self._lines += 1
        self._offset += len(line) + len(end)
        if not blank and not self._lexer.goes_on and self._ends():
            done += self._deliver()
        elif not self._pending:
            self.complete = self._offset
        return done

    def _plain(self, line: str, end: str) -> Statement | None:
        """A statement by itself that need not be parsed to be found."""
        source = line.rstrip(BLANK)
        if (name := plain_call(source)) is None:
            return None
        start = self._offset
        self._lines += 1
        self._offset = self.complete = start + len(line) + len(end)
        return Statement(source, self._lines, self._lines, start, start + len(source), call=name)

    def _begin(self, line: str, head: str) -> list[Statement]:
        """A logical line starts: it goes on with what is pending, or completes it."""
        done: list[Statement] = []
        word = _first_word(head)
        self._header = not _indented(line)
        if self._words is not None:
            if not self._header or word in self._words:
                return done
            done = self._deliver()
        if not self._pending:
            self._start, self._line = self._offset, self._lines + 1
        self._decorated = head.startswith("@")
        if word == "async" and (found := ASYNC.match(head)):
            word = found[1]
        self._words = CONTINUED_BY.get(word)
        return done

    def _ends(self) -> bool:
        """Whether the logical line that has just ended completes the statement."""
        if self._words is None:
            return not self._decorated
        if not self._header or self._lexer.last == ":":  # a line of its block, or one that opens it
            return False
        return not self._words

    def _peek(self) -> list[Statement]:
        """The first word of the line that is still arriving may complete what is pending."""
        line = "".join(self._partial)
        head = line.lstrip(BLANK)
        if not head:
            return []
        word = _first_word(head)
        words = self._words or ()
        if word == head and not _indented(line) and any(other.startswith(word) for other in words):
            return []
        self._undecided = False
        if _indented(line) or head[0] in "#\\" or word in words:
            return []
        return self._deliver()

    def _deliver(self) -> list[Statement]:
        """Parses what is pending, once."""
        text, marked = "".join(self._pending), "".join(self._marked)
        self._pending.clear()
        self._marked.clear()
        self._words, self._decorated, self._undecided = None, False, False
        if not text:
            return []
        try:
            done = list(_cut(text, marked, self._start, self._line))
        except SyntaxError as error:
            self.error = _told(error, text, self._line)
            text = text.rstrip()
            end_line = self._line + len(LINE_END.findall(text))
            return [Statement(text, self._line, end_line, self._start, self._start + len(text), str(self.error))]
        self.complete = self._offset
        return done


def _cut(text: str, marked: str, offset: int, line: int) -> Iterator[Statement]:
    """The statements of a logical line, or the one compound statement.

    Columns of `ast` count bytes of the text as it was parsed.
    """
    starts = [0, *(found.end() for found in LINE_END.finditer(marked))]

    def place(row: int, column: int) -> int:
        start = starts[row - 1]
        if marked.isascii():
            return start + column
        return start + len(marked[start : start + column].encode()[:column].decode())

    for node in parse_marked(marked, line=line).body:
        row, start = node.lineno, place(node.lineno, node.col_offset)
        if decorators := getattr(node, "decorator_list", None):
            start = marked.rindex("@", 0, place(decorators[0].lineno, decorators[0].col_offset))
            row = bisect_right(starts, start)
        end = place(node.end_lineno or row, node.end_col_offset or 0)
        last = line + (node.end_lineno or row) - 1
        tree = None if start else node
        yield Statement(text[start:end], line + row - 1, last, offset + start, offset + end, tree=tree)


def _told(error: SyntaxError, text: str, line: int) -> SourceError:
    row = error.lineno or line
    rows = LINE_END.split(text)
    source = rows[min(row - line, len(rows) - 1)] if row >= line else ""
    return SourceError(f"{type(error).__name__}: {error.msg}", row, source)


def _first_word(text: str) -> str:
    found = WORD.match(text)
    return found[0] if found else ""


def _indented(line: str) -> bool:
    """Whether a line starts beyond the first column; a form feed goes back to it."""
    return line[: len(line) - len(line.lstrip(BLANK))].rpartition("\f")[2] != ""
