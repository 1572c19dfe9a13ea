"""Where events become state, and state becomes checkpoints.

Commit before publish: `commit` encodes, writes, reduces, and only then returns, in one step that nothing interleaves.
What others may see of an effect is published by the caller after that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypedDict, Unpack

from playbooks.checkpoints.chain import Windows
from playbooks.checkpoints.facts import INTENTS
from playbooks.checkpoints.record import Checkpoint, Header, Kind
from playbooks.checkpoints.store import Note
from playbooks.runtime.signals import Sealed
from playbooks.state import Event, ProgramState, reduce, to_builtins
from playbooks.state.changes import apply
from playbooks.state.turns import take_up

TEXT_LIMIT = 200
"""Characters of a header's `text`."""
_MOST_INTENTS = 256
"""Lines it may hold; those before the newest checkpoint are of no use any more."""


class Told(TypedDict, total=False):
    """What a header tells besides what it is of, each as `record.Header` has it."""

    step: str
    playbook: str
    text: str
    peer: str
    took: float
    line: int
    degraded: tuple[str, ...]
    again: bool


class Writer(Protocol):
    """What the journal needs of a store."""

    def next_number(self, agent: str) -> int: ...

    def new_session_id(self) -> str: ...

    def write(self, checkpoint: Checkpoint) -> None: ...

    def write_group(self, checkpoints: Sequence[Checkpoint]) -> None: ...

    def note(self, session: str, kind: str, data: dict[str, Any]) -> None: ...

    def notes(self, session: str, kind: str) -> list[Note]: ...

    def clear_notes(self, session: str, kind: str) -> None: ...


class Retention(Protocol):
    """What prunes the session that a journal writes."""

    def committed(self, header: Header, windows: Windows) -> object: ...


class Journal:
    """The events of one branch of one session.

    Args:
        state: Where to go on from; changed by `emit` and `commit` alone.
        store: Where checkpoints go; None keeps none.
        clock: Seconds since 1970.
    """

    def __init__(self, state: ProgramState, store: Writer | None, clock: Callable[[], float]) -> None:
        self.state, self.store, self._clock = state, store, clock
        self.session, self.branch = "", "main"
        self.head: Header | None = None
        self.sequence = 0
        self._windows: Windows | None = None
        self._pending: list[Event] = []
        self._others: frozenset[str] = frozenset()
        self._start: Checkpoint | None = None
        self._numbers: dict[str, int] = {}
        self.last: dict[str, Header] = {}
        """Agent → its newest checkpoint on this branch, as far as this process knows."""
        self.sealed = False
        self._intents = 0
        """Noted since the side file was last cleared."""
        self._most_intents = _MOST_INTENTS
        self.on_commit: Callable[[Header], None] | None = None
        self.retention: Retention | None = None
        """Prunes after a commit; to be set before anything is emitted or gone on with."""

    @property
    def durable(self) -> bool:
        return self.store is not None

    def go_on(self, head: Header, windows: Windows, sequence: int, branch: str, others: Iterable[str] = ()) -> None:
        """Goes on from a checkpoint that the state was folded to.

        Args:
            head: That checkpoint.
            windows: As folded with it.
            sequence: The highest of the session so far.
            branch: To commit on.
            others: Ids of the newest checkpoints of other branches: the intents after them are kept.
        """
        self.head, self._windows, self.sequence = head, windows, sequence
        self.session, self.branch, self._others = head.session, branch, frozenset(others)
        if self.retention is not None:
            windows.keep_steps()

    def emit(self, event: Event) -> None:
        """Takes up what happened; durable with the next checkpoint, whoever commits it."""
        if self.sealed:
            return
        if self._windows is not None:
            self._windows.fold(self.state, event)
        else:
            apply(self.state.tables, reduce(self.state, event))
        if self.store is not None:
            take_up(self._pending, event)

    def intend(self, what: dict[str, Any], *, outside: bool = False) -> None:
        """Notes beside the checkpoints what is about to begin: a resume from the newest one finds it.

        Before a session's first checkpoint there is nothing to resume, and nothing is noted; but for what happens
        outside the session's start is written by itself. The note comes first: to a reader, a start that nothing was
        noted after is half of a group.

        Args:
            what: The note.
            outside: It does something that the program does not see undone; the start, at least, has been made.

        Raises:
            StorageError: It could not be written; the journal is sealed.
            Sealed: It had been sealed before.
        """
        if self.store is None or self.head is None or (self._start is not None and not outside):
            return
        if self.sealed:
            raise Sealed
        start, self._start = self._start, None
        try:
            self.store.note(self.session, INTENTS, {"after": self.head.id, **what})
            if start is not None:
                self.store.write_group((start,))
        except BaseException:
            self.sealed = True
            raise
        self._intents += 1
        if start is not None:
            self._committed(start.header)

    def _forget_intents(self) -> None:
        """Clears the side file; while something in it stands after the newest checkpoint of another branch it is left,
        and looked at again when as much more was noted: at no moment may that be gone.
        """
        assert self.store is not None
        if any(note.data.get("after") in self._others for note in self.store.notes(self.session, INTENTS)):
            self._most_intents *= 2
            return
        self.store.clear_notes(self.session, INTENTS)
        self._intents = 0

    def commit(
        self,
        agent: str,
        kind: Kind,
        statement: str,
        events: Iterable[Event] = (),
        **told: Unpack[Told],
    ) -> Header:
        """Makes a checkpoint of everything emitted since the last one and of `events`.

        A session's start is held back and written with the checkpoint after it.

        Args:
            agent: Whose it is.
            kind: As `record.Header`.
            statement: As there.
            events: What happened with it.
            told: What else its header tells; a long text is cut.

        Returns:
            Its header, once it is durable.

        Raises:
            StorageError: It could not be written; nothing of it is left, and the journal is sealed.
            Sealed: It had been sealed before.
        """
        if self.sealed:
            raise Sealed
        for event in events:
            self.emit(event)
        depth = self.head.depth + 1 if self.head else 0
        self.sequence += 1
        number = self._next_number(agent)
        parent = self.head.id if self.head else ""
        if len(text := told.get("text", "")) > TEXT_LIMIT:
            told["text"] = text[: TEXT_LIMIT - 1] + "…"
        header = Header(
            id=f"{agent}_ckpt_{number}",
            agent=agent,
            number=number,
            session=self.session,
            sequence=self.sequence,
            parent=parent,
            branch=self.branch,
            depth=depth,
            statement=statement,
            kind=kind,
            time=self._clock(),
            **told,
        )
        pending, self._pending = self._pending, []
        self.head = self.last[agent] = header
        if self.store is None:
            self._published(header)
        else:
            self._write(header, pending)
        return header

    def _published(self, header: Header) -> None:
        if self.on_commit:
            self.on_commit(header)

    def _next_number(self, agent: str) -> int:
        """Of a session that has its id by then."""
        if self.store is not None:
            try:
                if not self.session:
                    self.session = self.store.new_session_id()
                return self.store.next_number(agent)
            except BaseException:
                self.sealed = True
                raise
        self._numbers[agent] = number = self._numbers.get(agent, 0) + 1
        return number

    def _write(self, header: Header, events: list[Event]) -> None:
        assert self.store is not None
        try:
            if self._windows is None:
                self._windows = Windows(header.id)
                if self.retention is not None:
                    self._windows.keep_steps()
                self._start = Checkpoint(header, to_builtins(events))
                return
            merged, base, span = self._windows.close(header.depth, header.id, header.parent)
            checkpoint = Checkpoint(header, to_builtins(events), merged.tables if merged else None, base, span)
            if self._start is not None:
                self.store.write_group((self._start, checkpoint))
                self._committed(self._start.header)
                self._start = None
            else:
                self.store.write(checkpoint)
            if self._intents >= self._most_intents:
                self._forget_intents()
        except BaseException:
            self.sealed = True
            raise
        self._committed(header)

    def _committed(self, header: Header) -> None:
        self._published(header)
        if self.retention is not None and self._windows is not None:
            self.retention.committed(header, self._windows)
