"""The one way of a run to a checkpoint.

Apart because commit before publish is kept here: `commit` returns when the checkpoint is durable, everything that
others may see comes after it, and what the storage refuses ends the run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn, Unpack

from playbooks.checkpoints.record import Header, Kind
from playbooks.runtime.frame import Frame
from playbooks.runtime.journal import Told
from playbooks.runtime.notices import Committed
from playbooks.runtime.signals import Sealed
from playbooks.runtime.targets import HUMAN
from playbooks.state import Event

if TYPE_CHECKING:
    from playbooks.runtime.runtime import Runtime


class Committing:
    """Commits the events of one runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.degraded: list[str] = []
        """Paths to what could not be stored since the last checkpoint: the next one's header tells them."""
        runtime.journal.on_commit = self._committed

    def commit(
        self,
        frame: Frame,
        kind: Kind,
        statement: str,
        events: Iterable[Event],
        **told: Unpack[Told],
    ) -> Header:
        """A checkpoint by a frame's agent, at its step. See `commit_agent`."""
        self._runtime.control.at = frame.id
        told["step"], told["playbook"] = frame.step, frame.playbook.name
        return self.commit_agent(frame.agent, kind, statement, events, **told)

    def commit_agent(
        self, agent: str, kind: Kind, statement: str, events: Iterable[Event], **told: Unpack[Told]
    ) -> Header:
        """A checkpoint; everything received of any model so far goes into it. Arguments as `Journal.commit`.

        Raises:
            Sealed: It could not be written. The run is over, and code that goes on all the same comes to no effect.
        """
        runtime = self._runtime
        self._flush()
        if self.degraded:
            told["degraded"] = (*dict.fromkeys((*told.get("degraded", ()), *self.degraded)),)
            self.degraded.clear()
        try:
            if runtime.journal.head is None:
                self._begin()
            return runtime.journal.commit(agent, kind, statement, events, **told)
        except Exception as error:
            self._refused(error)

    def _flush(self) -> None:
        if self._runtime.durable:
            for live in self._runtime.frames.live.values():
                self._runtime.asking.flush(live)

    def _begin(self) -> None:
        self._runtime.journal.commit(HUMAN, "start", "", text=self._runtime.program.name)

    def intend(self, what: dict[str, Any], *, outside: bool = False) -> None:
        """Notes what is about to begin, so that a resume knows of it.

        Args:
            what: The note.
            outside: It does something outside, where it may be done twice: it is noted even before anything completed.

        Raises:
            Sealed: It could not be written, and must not begin.
        """
        try:
            if outside and self._runtime.journal.head is None:
                self._flush()
                self._begin()
            self._runtime.journal.intend(what, outside=outside)
        except Exception as error:
            self._refused(error)

    def _refused(self, error: Exception) -> NoReturn:
        """What the storage refuses ends the run at once: nothing more is kept, so nothing more may be seen.

        Raises:
            Sealed: For the caller this moment does not end.
        """
        runtime = self._runtime
        if isinstance(error, Sealed) or not runtime.journal.sealed:
            raise error
        runtime.crash = error
        runtime.fail(str(error))
        raise Sealed from error

    def _committed(self, header: Header) -> None:
        runtime = self._runtime
        runtime.control.committed(header)
        if runtime.status in ("waiting", "paused") and not runtime.control.held:
            runtime.set_status("running")
        runtime.notify(Committed(header))
