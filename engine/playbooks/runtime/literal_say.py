"""Finds the `Say` that is being written, so that its text can be shown while it arrives.

Apart from the statement splitter because it guesses: it looks into a statement that is not complete. Only the screen
depends on it; what is said is what the statement says once it runs.
"""

from __future__ import annotations

import ast
import re
import unicodedata

SPACE = r"(?:[\s\\]|\#[^\n]*\n)*"
OPENING = r"""(?P<prefix>[rRuUfF]{0,2})(?P<quote>\"\"\"|'''|"(?=[^"])|'(?=[^'])|""(?=[^"])|''(?=[^']))"""
"""Of a literal, up to its first character: one quote is told from three by what follows."""
HEADER = re.compile(
    rf"""await\s+(?:self\.)?Say\s*\({SPACE}
    (?P<target>[rRuU]?(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')){SPACE},{SPACE}{OPENING}""",
    re.VERBOSE,
)
BEGINNING = re.compile(r"a?|aw|awa|awai|await(\s+(s|se|sel|self|(self\.)?(S|Sa|Say(\W.*)?)?)?)?", re.DOTALL)
"""What may still become such a header, by its first characters."""
_TOLD = 24
HEADER_WITHIN = 400
"""A statement whose first so many characters are no such header is not looked at again."""
AFTER = re.compile(rf"{SPACE}(?:{OPENING}|(?P<other>[^\s\"'\\#a-zA-Z]|[a-zA-Z]+[^a-zA-Z\"']))")
"""What follows a literal: another one, joined to it, or something else."""
RUN = re.compile(r"[^\\'\"{}\r\n]+")
SIMPLE = dict(zip("\n\\'\"abfnrtv", ("", "\\", "'", '"', "\a", "\b", "\f", "\n", "\r", "\t", "\v"), strict=True))
CODED = re.compile(r"x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|N\{([^}]*)\}")
CODED_LENGTH = {"x": 2, "u": 4, "U": 8}


class SayScanner:
    """Reads the text of `await Say("target", "text")` while it is being written, each character once.

    Only a literal target and text at the top of the code are looked at. Of an f-string the text up to its first field
    is known, of a sum that of its first literals.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Another statement begins: what was read is forgotten."""
        self._hoping = True
        """Whether it may be, or is, a literal `Say`."""
        self._known = False
        """Whether no more of its text can be told."""
        self._target: str | None = None
        self._rest = ""
        """What was received and not yet read."""
        self._at = 0
        """Offset in it of what is looked at next."""
        self._pieces: list[str] = []
        self._length = 0
        self._shown: tuple[str, str] | None = None
        self._quote = ""
        """What closes the literal; empty between two."""
        self._raw = self._formatted = False

    @property
    def done(self) -> bool:
        """Whether nothing that is still to come of the statement would change what was told last."""
        return self._known or not self._hoping

    def feed(self, piece: str) -> tuple[str, str] | None:
        """Looks at what has come of the statement since the last time.

        Args:
            piece: Any number of characters, cut anywhere.

        Returns:
            The target as the code names it, and the text so far; None when no literal `Say` is being written. A long
            text is given anew when it has grown by a hundredth, so that all of it costs no more than its length.
        """
        if not self._hoping or self._known:
            return self._shown
        self._rest += piece
        if self._target is None:
            self._find(self._rest)
        if self._target is None:
            return None
        while self._hoping and not self._known and self._step(self._rest):
            pass
        self._rest, self._at = self._rest[self._at :], 0
        if not self._hoping:
            self._shown = None
        elif (
            self._shown is None
            or self._known
            or not self._quote
            or self._length - len(self._shown[1]) > (self._length // 100)
        ):
            self._pieces = ["".join(self._pieces)]
            self._shown = self._target, self._pieces[0]
        return self._shown

    def _find(self, text: str) -> None:
        found = HEADER.match(text)
        if found is None:
            self._hoping = len(text) < HEADER_WITHIN and BEGINNING.fullmatch(text[:_TOLD]) is not None
            return
        try:
            self._target = str(ast.literal_eval(found["target"]))
        except (SyntaxError, ValueError):
            self._hoping = False
        self._open(found)

    def _open(self, found: re.Match[str]) -> None:
        prefix = found["prefix"].lower()
        self._raw, self._formatted = "r" in prefix, "f" in prefix
        self._quote, self._at = found["quote"], found.end()
        if len(self._quote) == 2:  # an empty literal
            self._quote = ""

    def _step(self, tail: str) -> bool:
        """Takes the next piece; False when more must arrive before it can be told."""
        at = self._at
        if at >= len(tail):
            return False
        if not self._quote:
            return self._between(tail)
        if run := RUN.match(tail, at):
            return self._put(run[0], len(run[0]))
        character, following = tail[at], tail[at + 1 : at + 2]
        if character == "\\":
            return self._escape(tail)
        if character == "\r":
            return following != "" and self._put("\n", 2 if following == "\n" else 1)
        if character == "\n" and len(self._quote) == 1:  # an error
            self._hoping = False
        elif character in "{}" and self._formatted:
            if not following:
                return False
            if following != character:  # a field
                self._known = True
                return False
            return self._put(character, 2)
        elif tail.startswith(self._quote, at):
            self._at, self._quote = at + len(self._quote), ""
            return True
        elif self._quote.startswith(tail[at:]):
            return False
        return self._put(character, 1)

    def _between(self, tail: str) -> bool:
        found = AFTER.match(tail, self._at)
        if found is None:
            return False
        if found["other"] is None:
            self._open(found)
        else:
            self._known = True
            self._hoping = found["other"] in "),+"
        return True

    def _escape(self, tail: str) -> bool:
        at = self._at + 1
        if at >= len(tail):
            return False
        character = tail[at]
        if self._formatted and character in "{}":
            return self._put("\\", 1)
        if self._raw:
            return self._put("\\" + character, 2)
        if character in SIMPLE:
            return self._put(SIMPLE[character], 2)
        if character == "\r":
            return at + 1 < len(tail) and self._put("", 3 if tail[at + 1] == "\n" else 2)
        found = CODED.match(tail, at)
        if found is None:
            if character in CODED_LENGTH:
                self._known = len(tail) > at + CODED_LENGTH[character]  # an error
                return False
            if character == "N":
                self._known = len(tail) > at + 100
                return False
            return self._put("\\" + character, 2)
        if found[4] and len(found[4]) < 3 and found.end() == len(tail):
            return False
        return self._put(_coded(found), 1 + len(found[0]))

    def _put(self, piece: str, length: int) -> bool:
        self._pieces.append(piece)
        self._length += len(piece)
        self._at += length
        return True


def _coded(found: re.Match[str]) -> str:
    """The character that an escape stands for; U+FFFD for half a pair and for what is none."""
    if found[5] is not None:
        try:
            return unicodedata.lookup(found[5])
        except KeyError:
            return "\ufffd"
    digits = found[1] or found[2] or found[3]
    point = int(digits, 16) if digits else int(found[4], 8)
    return "\ufffd" if 0xD800 <= point < 0xE000 or point > 0x10FFFF else chr(point)
