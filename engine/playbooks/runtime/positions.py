"""From a place in compiled code back to the source of the `await` that stands there.

Apart because code is compiled in many places and a checkpoint wants one line of text.
"""

from __future__ import annotations

import itertools
import types

from playbooks.runtime.excerpt import await_source

_LIMIT = 4096


class Positions:
    """Texts of responses and blocks by the file name their code was compiled with."""

    def __init__(self) -> None:
        self._texts: dict[str, list[tuple[int, int, str]]] = {}
        """File name → (first line, last line, source) of each statement, in order."""
        self._known: dict[tuple[str, int, int, int], str] = {}

    def add(self, filename: str, line: int, source: str) -> None:
        """Makes a statement known: it stands at `line` of `filename`."""
        texts = self._texts.setdefault(filename, [])
        entry = (line, line + source.count("\n"), source)
        if not texts or texts[-1] != entry:
            texts.append(entry)

    def text(self, filename: str, line: int) -> tuple[str, int] | None:
        """The statement around a line, and its first line; None when it is not known."""
        for first, last, source in reversed(self._texts.get(filename, ())):
            if first <= line <= last:
                return source, first
        return None

    def statement(self, code: types.CodeType | None, instruction: int, line: int) -> tuple[str, int]:
        """The `await` around an instruction, on one line, and the line it stands in.

        Args:
            code: What runs; None outside model code.
            instruction: Offset of the instruction in it.
            line: Its line, in the response or block.

        Returns:
            The source and the line; ("", 0) when they are not known.
        """
        if code is None or (found := self.text(code.co_filename, line)) is None:
            return "", 0
        source, first = found
        if "\n" not in source and source.startswith("await ") and source.count("await ") == 1:
            return source, line
        key = (code.co_filename, line, instruction, len(code.co_code))
        known = self._known.get(key)
        if known is None:
            if len(self._known) > _LIMIT:
                self._known.clear()
            known = self._known[key] = await_source(source, line - first + 1, _column(code, instruction))
        return known, line


def _column(code: types.CodeType, instruction: int) -> int:
    position = next(itertools.islice(code.co_positions(), instruction // 2, None), None)
    return (position and position[2]) or 0
