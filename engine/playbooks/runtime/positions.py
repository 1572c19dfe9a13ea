"""From a place in compiled code back to the source of the `await` that stands there.

Apart because code is compiled in many places and a checkpoint wants one line of text.
"""

from __future__ import annotations

import ast
import types

from playbooks.runtime.source import mark, parse, unmark

_LIMIT = 4096


class Positions:
    """Texts of responses and blocks by the file name their code was compiled with."""

    def __init__(self) -> None:
        self._texts: dict[str, list[tuple[int, int, str]]] = {}
        """File name → (first line, last line, source) of each statement, in order."""
        self._known: dict[tuple[types.CodeType, int], tuple[str, int]] = {}

    def add(self, filename: str, line: int, source: str) -> None:
        """Makes a statement known: it stands at `line` of `filename`."""
        texts = self._texts.setdefault(filename, [])
        entry = (line, line + source.count("\n"), source)
        if not texts or texts[-1] != entry:
            texts.append(entry)

    def forget(self, filename: str) -> None:
        """Drops a response whose frame is gone."""
        self._texts.pop(filename, None)

    def text(self, filename: str, line: int) -> tuple[str, int] | None:
        """The statement around a line, and its first line; None when it is not known."""
        for first, last, source in reversed(self._texts.get(filename, ())):
            if first <= line <= last:
                return source, first
        return None

    def statement(self, code: types.CodeType | None, instruction: int) -> tuple[str, int]:
        """The `await` around an instruction, on one line, and the line it stands in; ("", 0) when it is not known."""
        if code is None:
            return "", 0
        key = (code, instruction)
        known = self._known.get(key)
        if known is None:
            if len(self._known) > _LIMIT:
                self._known.clear()
            known = self._known[key] = self._find(code, instruction)
        return known

    def _find(self, code: types.CodeType, instruction: int) -> tuple[str, int]:
        if code.co_name == "<module>":  # most often a statement of one line, which needs no search
            last = max((at for *_, at in code.co_lines() if at), default=0)  # a module's first line is always 1
            found = self.text(code.co_filename, last)
            if found is not None and "\n" not in found[0] and found[0].startswith("await "):
                return found
        line = column = None
        for index, position in enumerate(code.co_positions()):
            if index == instruction // 2:
                line, _, column, _ = position
                break
        if line is None or (found := self.text(code.co_filename, line)) is None:
            return "", 0
        source, first = found
        try:
            tree = parse(source)
        except SyntaxError:
            return "", line
        at, best = line - first + 1, None
        for node in ast.walk(tree):
            if isinstance(node, ast.Await) and node.lineno <= at <= (node.end_lineno or at):
                inside = column is None or (node.lineno, node.col_offset) <= (at, column)
                if inside and (best is None or (node.lineno, node.col_offset) > (best.lineno, best.col_offset)):
                    best = node
        if best is None:
            best = next((node for node in ast.walk(tree) if isinstance(node, ast.Await)), None)
        if best is None:
            return fold(source), line
        return fold(unmark(ast.get_source_segment(mark(source), best) or source)), line


def fold(text: str) -> str:
    """On one line."""
    return " ".join(text.split())
