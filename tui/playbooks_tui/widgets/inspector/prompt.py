"""Prompt: a tab of the inspector."""

from __future__ import annotations

from playbooks_tui.inspected import Inspected
from playbooks_tui.spans import Line
from playbooks_tui.widgets.inspector.sheet import ListSheet, quiet_line


class PromptSheet(ListSheet):
    """Not built yet."""

    id = "prompt"
    name = "Prompt"

    def lines(self, inspected: Inspected | None, width: int, *, at_moment: bool) -> list[Line]:
        return [quiet_line("not there yet")]
