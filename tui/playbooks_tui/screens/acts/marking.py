"""Marks, labels, and copies."""

from __future__ import annotations

import shlex

from playbooks.errors import UserError
from playbooks_tui.screens.acts.base import Acts
from playbooks_tui.sequence import said, words
from playbooks_tui.spans import cut
from playbooks_tui.widgets.inspector import Inspector


class MarkingActs(Acts):
    """What notes or takes a row."""

    def action_mark(self) -> None:
        at = self.at
        if at is None:
            self.say("there is no row yet")
        elif at == self.standing.mark:
            self.stand(mark=None)
            self.say("the mark is gone")
        else:
            self.stand(mark=at)
            self.say(f"marked {self.record.headers[at].id}: d compares with it")

    def action_label(self) -> None:
        from playbooks_tui.screens.line import LineScreen

        at = self.at
        if at is None:
            self.say("there is no row yet")
            return
        header = self.record.headers[at]
        had = self.record.labels.get(header.id, "")
        self.app.push_screen(
            LineScreen(
                f"Label {header.id}",
                "A name that stands in the row, and can be found with /. Empty: none.",
                had,
                lambda text: f"playbooks label {header.id} {shlex.quote(' '.join(text.split()))}",
            ),
            lambda text: self._label(header.id, text, had),
        )

    def _label(self, checkpoint: str, text: str | None, had: str) -> None:
        if text is None or text.strip() == had:
            return
        try:
            self.bridge.label(checkpoint, text).result(5)
        except UserError as error:
            self.say(str(error))

    def action_copy(self) -> None:
        at = self.at
        if at is None:
            self.say("there is nothing to copy yet")
            return
        text = self._selected_value() or said(self.record, at) or words(self.record.headers[at], "")
        self.app.copy_to_clipboard(text)
        self.say(f"copied: {cut(' '.join(text.split()), 40)}")

    def _selected_value(self) -> str:
        """The value of the variable or watch that is selected in the inspector, when the keys are there."""
        inspector = self.query_one(Inspector)
        target, inspected = inspector.selected, inspector.inspected
        if self.focused is not inspector or target is None or inspected is None:
            return ""
        if target.kind == "variable":
            return next((one.value for one in inspected.variables if one.name == target.name), "")
        if target.kind == "watch":
            return next((one.value for one in inspected.watches if one.text == target.name), "")
        return ""
