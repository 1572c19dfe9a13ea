"""Marks, labels, and copies."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

from playbooks.checkpoints.describe import show
from playbooks.checkpoints.record import Header
from playbooks.errors import UserError
from playbooks.session import DebugSession
from playbooks.session.record import SessionRecord
from playbooks_tui.screens.acts.base import Acts
from playbooks_tui.sequence import said, words
from playbooks_tui.spans import cut
from playbooks_tui.widgets.inspector import Inspector

_MOST: Final = 1_000_000
"""Characters that are copied."""
_SHOWN: Final = 40
"""Of which so many are told."""


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

        def done(future: Future[None]) -> None:
            if error := future.exception():
                self.call_later(self.say, str(error))  # from the engine's thread, or from this one

        # Not waited for: a program that never awaits keeps the engine's loop, and the screen must not stand with it.
        self.bridge.label(checkpoint, text).add_done_callback(done)

    def action_copy(self) -> None:
        """Copies the whole of what is selected, also where the screen has room for its beginning only."""
        at, name = self.at, self._selected_name()
        if at is None:
            self.say("there is nothing to copy yet")
            return
        header, inspected = self.record.headers[at], self.query_one(Inspector).inspected
        if name and inspected is not None:
            id, agent, read = inspected.header.id, inspected.agent, self.bridge.session.record
            self._copy_read(lambda: self._value(read, id, agent, name))
        elif header.kind in ("call", "tool") and header.text.endswith("…") and not self.bridge.session.read_only:
            self._copy_read(lambda: self._result(header))
        else:
            self._copy(said(self.record, at) or words(header, ""))

    def _copy(self, text: str) -> None:
        self.app.copy_to_clipboard(text)
        size = f" ({len(text):,} characters)" if len(text) > _SHOWN else ""
        self.say(f"copied: {cut(' '.join(text.split()), _SHOWN)}{size}")

    def _copy_read(self, read: Callable[[], str]) -> None:
        """Copies what has to be read first, on the reading thread."""

        def work() -> None:
            try:
                text = read()
            except Exception as error:  # a damaged file is said where its content was asked for
                self.app.call_from_thread(self.say, f"not copied: {error}")
            else:
                self.app.call_from_thread(self._copy, text)

        self.bridge.read(work)

    @staticmethod
    def _value(record: SessionRecord, checkpoint: str, agent: str, name: str) -> str:
        found = record.watch(checkpoint, agent, [name], _MOST)[0]
        if found.error:
            raise UserError(found.error)
        return found.value

    def _result(self, header: Header) -> str:
        session = self.bridge.session
        assert isinstance(session, DebugSession)
        things = session.leaving(header.id).things
        result = next((thing for thing in things if thing.kind == "result"), None)
        call, is_told, _ = header.text.partition(" = ")
        return f"{call} = {show(result.value, _MOST)}" if result is not None and is_told else header.text

    def _selected_name(self) -> str:
        """The variable or watch that is selected in the inspector, when the keys are there; empty: none."""
        inspector = self.query_one(Inspector)
        target = inspector.selected
        if self.focused is not inspector or target is None or target.kind not in ("variable", "watch"):
            return ""
        return target.name
