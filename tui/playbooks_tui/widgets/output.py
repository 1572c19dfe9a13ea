"""Output: what the program prints, warns and logs, so that none of it tears the screen."""

from __future__ import annotations

from typing import Final

from playbooks_tui.record import Record
from playbooks_tui.spans import Line, Span, width_of, wrapped
from playbooks_tui.widgets.inked import Pane

_INKS: Final = {"print": "plain", "log": "quiet", "warning": "doubt", "error": "bad"}
_MARKS: Final = {"print": " ", "log": "·", "warning": "!", "error": "!"}


class OutputPane(Pane):
    """Printed lines, newest last."""

    def __init__(self, record: Record) -> None:
        super().__init__(id="output")
        self._record = record
        self._width = self._seen = 0
        self._lines: list[Line] = []

    def show(self) -> None:
        """Takes up what was printed since."""
        at_end = self.scroll_target_y >= self.max_scroll_y - 1
        width = self.scrollable_content_region.width
        if width <= 0:
            return
        if width != self._width:
            self._width, self._seen, self._lines = width, 0, []
        record = self._record
        for printed in record.printed[self._seen :]:
            lead = [Span(_MARKS[printed.kind] + " ", _INKS[printed.kind], bold=True)]
            if printed.agent in record.agents:
                lead.append(Span(record.title(printed.agent) + "  ", record.hue(printed.agent)))
            indent = width_of(lead)
            for place, piece in enumerate(wrapped(printed.text, max(8, width - indent))):
                begin = lead if not place else [Span(" " * indent)]
                self._lines.append(Line((*begin, Span(piece, _INKS[printed.kind]))))
        self._seen = len(record.printed)
        self.tall(max(1, len(self._lines)))
        if at_end:
            self.reveal(len(self._lines) - 1)

    def on_resize(self) -> None:
        super().on_resize()
        self.show()

    def line(self, y: int) -> Line:
        if not self._lines:
            return Line((Span("  nothing printed", "quiet"),)) if y == 0 else Line()
        return self._lines[y] if y < len(self._lines) else Line()
