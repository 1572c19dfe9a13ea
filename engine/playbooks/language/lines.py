"""Program text as classified lines: imports spliced in, comments out, fences and `<tag>` regions told from prose.

Apart from the parser so that every later part can trust a line: it knows where it came from, and whether its `#` and
`-` mean anything. The one function that reads other files is an argument.

What a line is:

- Lines of a ``` or ~~~ fence are code, whatever they hold.
- Lines from `<output_format>` to `</output_format>`, each alone on its line, are literal: a `#` there is no heading.
- `<!-- … -->` outside both is taken out; a line that held nothing else disappears.
- `!import path` alone on a line becomes the file's lines, each indented as the directive was. In a Python fence or a
  literal region they take that kind; in other fences the directive is text.
- A first line `#!…` is skipped. What stands between `---` lines at a file's top is frontmatter.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec

from playbooks.errors import UserError
from playbooks.language.model import SourceFile
from playbooks.language.problems import Problems

DEEPEST_IMPORT = 10
MOST_LINES = 200_000
"""Of one program, imports included: files that import one another twice grow as powers of two."""

Kind = Literal["text", "literal", "open", "code", "close"]

_FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<fence>`{3,}(?=[^`]*\Z)|~{3,})(?P<info>.*)", re.S)
_IMPORT = re.compile(r"([ \t]*)!import(?:[ \t]+(.*))?")
_TAG = re.compile(r"[ \t]*<([a-z][a-z0-9_-]*)>[ \t]*")
_CLOSING_TAG = re.compile(r"[ \t]*</([a-z][a-z0-9_-]*)>[ \t]*")
_VOID_TAGS = frozenset(["br", "hr", "img", "input", "wbr"])


class Line(NamedTuple):
    """One line of a program."""

    text: str
    file: str
    number: int
    kind: Kind = "text"


class Text(msgspec.Struct, frozen=True):
    """One file given on the command line, imports spliced in."""

    path: str
    frontmatter: tuple[Line, ...]
    lines: tuple[Line, ...]


class _Fence(msgspec.Struct, frozen=True):
    """The fence a line stands in."""

    mark: str
    python: bool
    opened: Line


def read_texts(
    sources: Sequence[SourceFile], read: Callable[[str], str], problems: Problems
) -> tuple[list[Text], list[SourceFile]]:
    """Classify the lines of a program's files.

    Args:
        sources: The files given, in order.
        read: The text of an imported path; may raise `UserError` or `OSError`.
        problems: Where mistakes go.

    Returns:
        The files given, and all files read: those given, then imported ones in the order they were met.
    """
    reader = _Reader(read, problems)
    texts = [reader.root(source) for source in sources]
    return texts, [*sources, *reader.imported.values()]


def split_lines(text: str) -> list[str]:
    """Lines as an editor counts them: `\\n`, `\\r\\n` and `\\r` end one, nothing else does."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def frontmatter_lines(source: SourceFile) -> tuple[Line, ...]:
    """What stands between the `---` lines at a file's top; nothing where there are none."""
    lines = split_lines(source.text)
    return tuple(Line(lines[i], source.path, i + 1) for i in _frontmatter(lines)[0] or ())


class _Reader:
    """Keeps what was imported, and how many lines there are."""

    def __init__(self, read: Callable[[str], str], problems: Problems) -> None:
        self.imported: dict[str, SourceFile] = {}
        self._read, self._problems = read, problems
        self._count = 0
        self._region = ""

    def root(self, source: SourceFile) -> Text:
        lines = split_lines(source.text)
        frontmatter, body = _frontmatter(lines)
        if frontmatter is None and _opens_frontmatter(lines):
            self._problems.add(
                "the frontmatter opened by --- is never closed",
                "end it with a line ---",
                file=source.path,
                line=_top(lines) + 1,
            )
            body = next((i for i in range(body, len(lines)) if lines[i].startswith("# ")), len(lines))
        found: list[Line] = []
        self._expand(lines, body, source.path, "", (posixpath.normpath(source.path),), None, found)
        return Text(source.path, frontmatter_lines(source), tuple(found))

    def _expand(
        self,
        lines: list[str],
        start: int,
        file: str,
        indent: str,
        chain: tuple[str, ...],
        verbatim: Kind | None,
        found: list[Line],
    ) -> None:
        """Add one file's lines; `verbatim` is the kind of all of them when the file stands in a fence or a region."""
        fence: _Fence | None = None
        comment = 0
        region = -1
        tags: dict[str, list[int]] | None = None
        self._count += len(lines) - start
        for i in range(start, len(lines)):
            text, number = lines[i], i + 1
            if indent and text and not text.isspace():
                text = indent + text
            if verbatim:
                if not ("!import" in text and self._import(Line(text, file, number, verbatim), chain, verbatim, found)):
                    found.append(Line(text, file, number, verbatim))
                continue
            if fence is not None:
                if _closes(text, fence.mark):
                    found.append(Line(text, file, number, "close"))
                    fence = None
                    continue
                line = Line(text, file, number, "code")
                if not (fence.python and "!import" in text and self._import(line, chain, "code", found)):
                    found.append(line)
                continue
            if i <= region:
                line = Line(text, file, number, "literal")
                if not ("!import" in text and self._import(line, chain, "literal", found)):
                    found.append(line)
                continue
            if comment or "<!--" in text:
                opened = comment
                text, inside = _without_comments(text, inside=bool(comment))
                comment = (opened or number) if inside else 0
                if not text.strip():
                    continue
            line = Line(text, file, number)
            if ("```" in text or "~~~" in text) and (begun := _FENCE.fullmatch(text)):
                line = Line(text, file, number, "open")
                fence = _Fence(begun["fence"], fence_info(text) == "python", line)
            elif "!import" in text and self._import(line, chain, None, found):
                continue
            elif "<" in text and (tag := _TAG.fullmatch(text)) and tag[1] not in _VOID_TAGS:
                tags = _closing_tags(lines) if tags is None else tags
                region = next((place for place in tags.get(tag[1], ()) if place > i), -1)
                if region < 0:
                    self._problems.add(f"<{tag[1]}> is never closed", f"add a line </{tag[1]}>", file=file, line=number)
                else:
                    line, self._region = Line(text, file, number, "literal"), tag[1]
            found.append(line)
        if fence is not None:
            opened_at = fence.opened
            self._problems.add(
                "the code fence opened here is never closed",
                f"add a line {fence.mark} where the code ends",
                file=file,
                line=opened_at.number,
            )
            found.append(Line(fence.mark, file, len(lines), "close"))
        if comment:
            self._problems.add("the comment opened by <!-- is never closed", "end it with -->", file=file, line=comment)

    def _import(self, line: Line, chain: tuple[str, ...], verbatim: Kind | None, found: list[Line]) -> bool:
        """Splice the file that an `!import` line names; False when the line is no such directive."""
        directive = _IMPORT.fullmatch(line.text)
        if not directive:
            return False
        target = (directive[2] or "").strip().strip("\"'")
        file, number = line.file, line.number
        path, refusal, fix = _resolve(target, chain)
        if not refusal and self._count > MOST_LINES:
            refusal, fix = f"with its imports the program has over {MOST_LINES:,} lines", "import each file once"
        if refusal:
            self._problems.add(refusal, fix, file=file, line=number)
            return True
        if path not in self.imported:
            try:
                self.imported[path] = SourceFile(path, self._read(path))
            except UserError as error:
                self._problems.add(
                    f"cannot import {target}: {error.what}", error.fix or "correct the path", file=file, line=number
                )
                return True
            except (OSError, ValueError) as error:
                reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or "it cannot be read"
                self._problems.add(f"cannot import {target}: {reason}", "correct the path", file=file, line=number)
                return True
        lines = split_lines(self.imported[path].text)
        if len(lines) > 1 and lines[-1] == "":
            lines.pop()
        start = _frontmatter(lines)[1] if verbatim is None else 0
        if verbatim == "literal" and self._region in _closing_tags(lines):
            self._problems.add(
                f"cannot import {target} here: it holds </{self._region}>", "take that line out", file=file, line=number
            )
        self._expand(lines, start, path, directive[1], (*chain, path), verbatim, found)
        return True


def fence_info(opening: str) -> str:
    """What follows the fence's backticks, `python`, in lower case and without what follows a space."""
    words = opening.strip().lstrip("`~").split()
    return words[0].lower() if words else ""


def without_indent(lines: Iterable[Line], opening: Line) -> list[str]:
    """The code of a fence, without the indentation of the fence itself."""
    width = len(opening.text) - len(opening.text.lstrip(" \t"))
    if not width:
        return [line.text for line in lines]
    return [line.text[min(width, len(line.text) - len(line.text.lstrip(" \t"))) :] for line in lines]


def _resolve(target: str, chain: tuple[str, ...]) -> tuple[str, str, str]:
    """The path that an import names, seen from the file at the end of the chain; else what is wrong and what to do."""
    if not target:
        return "", "!import names no file", "write !import path/to/file.pb"
    if "://" in target:
        return "", f"cannot import {target}: addresses are not read", "save the file beside the program and import that"
    if target.startswith(("/", "\\", "~")) or target[1:2] == ":":
        return "", f"cannot import {target}: the path is absolute", "write it relative to this file"
    path = posixpath.normpath(posixpath.join(posixpath.dirname(chain[-1]), target.replace("\\", "/")))
    if path in chain:
        return "", f"import cycle: {' → '.join((*chain[chain.index(path) :], path))}", "remove one of these imports"
    if len(chain) > DEEPEST_IMPORT:
        return "", f"imports are nested deeper than {DEEPEST_IMPORT}", "import the innermost file directly"
    return path, "", ""


def _top(lines: list[str]) -> int:
    """The first line that says something, the shebang skipped."""
    start = 1 if lines[0].startswith("#!") else 0
    return next((i for i in range(start, len(lines)) if lines[i].strip()), len(lines))


def _opens_frontmatter(lines: list[str]) -> bool:
    top = _top(lines)
    return top < len(lines) and lines[top].rstrip() == "---"


def _frontmatter(lines: list[str]) -> tuple[range | None, int]:
    """Where the frontmatter stands, None when there is none, and where the rest begins."""
    top = _top(lines)
    if _opens_frontmatter(lines):
        end = next((i for i in range(top + 1, len(lines)) if lines[i].rstrip() == "---"), -1)
        if end >= 0:
            return range(top + 1, end), end + 1
        return None, top + 1
    return None, 1 if lines[0].startswith("#!") else 0


def _closes(text: str, mark: str) -> bool:
    stripped = text.strip(" \t")
    return len(stripped) >= len(mark) and stripped == mark[0] * len(stripped)


def _closing_tags(lines: list[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for i, text in enumerate(lines):
        if "</" in text and (tag := _CLOSING_TAG.fullmatch(text)):
            places.setdefault(tag[1], []).append(i)
    return places


def _without_comments(text: str, *, inside: bool) -> tuple[str, bool]:
    """The line without comments, one space in the place of each, and whether a comment goes on after it."""
    indent = text[: len(text) - len(text.lstrip(" \t"))]
    words: list[str] = []
    place = 0
    while True:
        if inside:
            end = text.find("-->", place)
            if end < 0:
                break
            place = end + 3
        start = text.find("<!--", place)
        inside = start >= 0
        words.append(text[place : start if inside else len(text)].strip(" \t"))
        if not inside:
            break
        place = start + 4
    return indent + " ".join(word for word in words if word), inside
