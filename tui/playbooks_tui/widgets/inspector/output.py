"""Output: what the program prints, warns and logs, so that none of it tears the screen."""

from __future__ import annotations

from typing import Final

from playbooks_tui.inspected import Inspected
from playbooks_tui.record import Record
from playbooks_tui.spans import Line, Span, width_of, wrapped
from playbooks_tui.widgets.inspector.sheet import Sheet, quiet_line

_INKS: Final = {"print": "plain", "log": "quiet", "warning": "doubt", "error": "bad"}
_MARKS: Final = {"print": " ", "log": "·", "warning": "!", "error": "!"}


class OutputSheet(Sheet):
    """Printed lines, newest last."""

    id = "output"
    name = "Output"
    follows = True

    def __init__(self, record: Record) -> None:
        super().__init__(record)
        self._width = self._seen = 0
        self._lines: list[Line] = []

    @property
    def badge(self) -> str:
        return str(len(self.record.printed) or "")

    def lay_out(self, inspected: Inspected | None, width: int, *, at_moment: bool) -> int:
        if width != self._width:
            self._width, self._seen, self._lines = width, 0, []
        record = self.record
        for printed in record.printed[self._seen :]:
            lead = [Span(_MARKS[printed.kind] + " ", _INKS[printed.kind], bold=True)]
            if printed.agent in record.agents:
                lead.append(Span(record.title(printed.agent) + "  ", record.hue(printed.agent)))
            indent = width_of(lead)
            for place, piece in enumerate(wrapped(printed.text, max(8, width - indent))):
                begin = lead if not place else [Span(" " * indent)]
                self._lines.append(Line((*begin, Span(piece, _INKS[printed.kind]))))
        self._seen = len(record.printed)
        return max(1, len(self._lines))

    def line(self, y: int) -> Line:
        if not self._lines:
            return quiet_line("nothing printed") if y == 0 else Line()
        return self._lines[y] if y < len(self._lines) else Line()
