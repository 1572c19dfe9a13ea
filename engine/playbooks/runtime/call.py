"""An engine call as code makes it, and the same call under way.

Apart from `effects`, which awaits it, because builtins only make calls, and what a call is needs no replay.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any, NoReturn

from playbooks.checkpoints.record import Kind
from playbooks.runtime.place import current
from playbooks.runtime.signals import NeverAwaited
from playbooks.runtime.source import MODEL
from playbooks.state import Event

if TYPE_CHECKING:
    from playbooks.runtime.frame import Frame
    from playbooks.runtime.runtime import Runtime


class Running:
    """An effect under way: what `run` is given, and what it leaves for the commit."""

    __slots__ = (
        "again",
        "events",
        "finish",
        "frame",
        "kind",
        "label",
        "n",
        "note",
        "path",
        "peer",
        "text",
        "tick",
        "unit",
    )

    def __init__(self, frame: Frame, unit: int, path: tuple[int, ...], n: int, tick: int, call: Call) -> None:
        self.frame, self.unit, self.path, self.n, self.tick = frame, unit, path, n, tick
        self.label = call.label
        self.events: list[Event] = []
        self.kind: Kind = call.kind
        self.text = self.peer = ""
        self.again = False
        """It may have run once before."""
        self.note: tuple[str, str] | None = None
        """A line for the frame's transcript: kind and text."""
        self.finish: Callable[[], Any] | None = None
        """What must happen in the very step of the commit, such as taking a number; what it gives is the value."""


class Call:
    """An engine call: nothing happens until it is awaited, by `await` or by a task.

    Args:
        runtime: Whose.
        label: The callee: `Say`, `Haggle`; with the digest of the arguments, what a replay compares.
        kind: Of its checkpoint.
        arguments: What is digested.
        run: Does it; what it raises is its outcome.
        publish: Shows the outcome to others; called once the checkpoint is durable.
        waits: It waits for others, and does nothing by itself until they act.
        then: How control leaves the caller afterwards, live as on replay.
        playbook: It enters a playbook.
        tool: It does something outside that a crash may leave half done: it is noted before it begins.
        shown: For people: `Charge(10)`.
        given: Makes an outcome that the person gave look like one of `run`'s.
        asks: What it says to the person, who may be waited for next.
    """

    __slots__ = (
        "arguments", "asks", "code", "frame", "given", "instruction", "kind", "label", "line", "playbook", "publish",
        "run", "runtime", "shown", "then", "tool", "waits",
    )  # fmt: skip

    def __init__(
        self,
        runtime: Runtime,
        label: str,
        kind: Kind,
        arguments: tuple[Any, ...],
        run: Callable[[Running], Awaitable[Any]],
        publish: Callable[[Any], None] | None = None,
        waits: bool = False,
        then: BaseException | None = None,
        playbook: bool = False,
        tool: bool = False,
        shown: str = "",
        given: Callable[[Running, Any], None] | None = None,
        asks: str = "",
    ) -> None:
        self.runtime, self.label, self.kind, self.arguments = runtime, label, kind, arguments
        self.run, self.publish, self.waits, self.then, self.playbook = run, publish, waits, then, playbook
        self.tool, self.shown, self.given, self.asks = tool, shown, given, asks
        self.frame = current().frame
        self.frame.unbegun.add(self)
        frame: types.FrameType | None = sys._getframe(2)
        while frame is not None and not frame.f_code.co_filename.startswith(MODEL):
            frame = frame.f_back
        self.code = frame.f_code if frame else None
        self.instruction, self.line = (frame.f_lasti, frame.f_lineno) if frame else (0, 0)

    def __await__(self) -> Generator[Any, Any, Any]:
        """As `Effects.awaited`: a plain call is awaited as it stands."""
        current().next_segment()
        return self.runtime.effects.effect(self).__await__()

    def __repr__(self) -> str:
        return f"<call of {self.label}, not awaited yet>"

    def _misused(self, *_: object) -> NoReturn:
        """Its result was meant: told where that is, before anything is done with what is none."""
        raise NeverAwaited(f"{self.label}: called, never awaited; write await {self.label}(…)")

    __bool__ = __len__ = __iter__ = __contains__ = __getitem__ = __add__ = __radd__ = _misused
