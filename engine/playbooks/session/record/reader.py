"""Access to one session's record for everything that reads it: headers, events, folded states, ways back.

Apart so that history, search and comparison share one cache and one way to say that something can't be read. Nothing
here executes, writes, or touches the running state; it may be used from one other thread than the engine's.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from playbooks.checkpoints.record import Checkpoint, Header
from playbooks.checkpoints.store import Damaged, Store, UnknownCheckpoint
from playbooks.errors import UserError
from playbooks.session.chains import CantBeRead, Chain, nothing_kept, read_chain
from playbooks.session.moment import Moment
from playbooks.session.programs import recorded_program
from playbooks.session.resume import branch_path
from playbooks.state import Event, ProgramState, from_builtins, reduce
from playbooks.state.changes import apply

_KEPT: Final = 16
"""States that are kept: the one looked at, the one before it, those compared. Neighbours share most of their rows."""
_NEAR: Final = 24
"""From a state that is kept, so many checkpoints are read one by one; a whole chain is some forty files."""


class Reader:
    """Reads one session.

    Args:
        store: Gives where its checkpoints are; None while none are kept.
        headers: Gives its headers in sequence order; may grow while being read.
    """

    def __init__(self, store: Callable[[], Store | None], headers: Callable[[], Sequence[Header]]) -> None:
        self._store, self._headers = store, headers
        self._places: dict[str, int] = {}
        self._moments: OrderedDict[str, Moment] = OrderedDict()
        self._playbooks: dict[str, dict[str, str]] = {}

    # -- headers -------------------------------------------------------------------------------------------------------

    @property
    def headers(self) -> Sequence[Header]:
        """In sequence order, of all branches."""
        return self._headers()

    def place(self, id: str) -> int:
        """Where a checkpoint stands among the headers.

        Raises:
            UserError: There is none of that id.
        """
        headers = self._headers()
        place = self._places.get(id, -1)
        if not (0 <= place < len(headers) and headers[place].id == id):
            self._places = {header.id: place for place, header in enumerate(headers)}
            place = self._places.get(id, -1)
        if place < 0:
            raise UserError(f"there is no checkpoint {id} in this session")
        return place

    def header(self, id: str) -> Header:
        """The header of a checkpoint.

        Raises:
            UserError: There is none of that id.
        """
        return self._headers()[self.place(id)]

    def parent(self, header: Header) -> Header | None:
        """The checkpoint before one; None at the start, or where it is gone."""
        try:
            return self.header(header.parent) if header.parent else None
        except UserError:
            return None

    def path(self, id: str) -> list[Header]:
        """From the session's start to a checkpoint, along parents."""
        self.place(id)
        return branch_path(list(self._headers()), id)

    def heads(self) -> dict[str, Header]:
        """Branch → its newest checkpoint."""
        return {header.branch: header for header in list(self._headers())}

    # -- what they hold ------------------------------------------------------------------------------------------------

    @property
    def store(self) -> Store:
        """Where the checkpoints are.

        Raises:
            UserError: None are kept.
        """
        store = self._store()
        if store is None:
            raise nothing_kept()
        return store

    def checkpoint(self, id: str) -> Checkpoint:
        """A checkpoint as it is stored.

        Raises:
            CantBeRead: It is damaged or gone.
        """
        try:
            return self.store.read(id)
        except UnknownCheckpoint:
            raise CantBeRead(id, "it is gone") from None
        except Damaged as error:
            raise CantBeRead(id, str(error)) from None

    def events(self, id: str) -> list[Event]:
        """What happened from the checkpoint before it to a checkpoint, oldest first.

        Raises:
            CantBeRead: It is damaged or gone.
        """
        return events_of(self.checkpoint(id))

    def chain(self, id: str) -> Chain:
        """A checkpoint with the state it adds up to, to be worked on: no cache has it.

        Raises:
            UserError: It can't be read.
        """
        return read_chain(self.store, id)

    def moment(self, id: str) -> Moment:
        """The state at a checkpoint, not to be changed.

        Raises:
            UserError: It can't be read.
        """
        known = self._moments.get(id)
        if known is None:
            known = self._moments[id] = self._onward(id) or self._folded(id)
            while len(self._moments) > _KEPT:
                self._moments.popitem(last=False)
        self._moments.move_to_end(id)
        return known

    def state(self, id: str) -> ProgramState:
        """The state at a checkpoint, to be worked on.

        Raises:
            UserError: It can't be read.
        """
        return self.moment(id).state.copy()

    def _folded(self, id: str) -> Moment:
        chain = self.chain(id)
        return Moment(chain.folded.header, chain.folded.state, trusted=chain.trusted)

    def _onward(self, id: str) -> Moment | None:
        """A moment, from one that is kept a few checkpoints before it; None: there is none, or something is wrong with
        the files between, and the whole chain tells whether that matters.
        """
        way: list[str] = []
        while id not in self._moments:
            if not id or len(way) == _NEAR:
                return None
            way.append(id)
            try:
                id = self.header(id).parent
            except UserError:
                return None
        known = self._moments[id]
        header, state, trusted = known.header, known.state.copy(), known.trusted
        try:
            for name in reversed(way):
                checkpoint, signed = self.store.read_signed(name)
                if checkpoint.header.parent != header.id:
                    return None
                for event in events_of(checkpoint):
                    advance(state, event)
                header, trusted = checkpoint.header, trusted and signed
        except Exception:  # as for a chain, what crafted files may raise is not a closed set
            return None
        return Moment(header, state, trusted=trusted)

    def playbooks(self, state: ProgramState) -> dict[str, str]:
        """The playbooks of the program that runs at a moment: name → mode."""
        hash = str(state.session.get("hash", ""))
        known = self._playbooks.get(hash)
        if known is None:
            agents = recorded_program(state).agents
            known = {playbook.name: playbook.mode for agent in agents for playbook in agent.playbooks}
            self._playbooks[hash] = known
        return known

    # -- ways back -----------------------------------------------------------------------------------------------------

    def back(self, id: str, in_window: Callable[[dict[str, Any]], bool]) -> Iterator[Checkpoint]:
        """Checkpoints from one to the start, newest first, without those windows that hold nothing of interest.

        Args:
            id: Where to begin.
            in_window: Told the merged changes that a checkpoint carries: whether to look at each of them by itself.
        """
        seen: set[str] = set()
        while id and id not in seen:
            seen.add(id)
            checkpoint = self.checkpoint(id)
            if checkpoint.merged is not None and not in_window(checkpoint.merged):
                id = checkpoint.base
                continue
            yield checkpoint
            parent = checkpoint.header.parent
            try:
                self.place(parent)
            except UserError:
                parent = checkpoint.base  # what is between was pruned
            id = parent


def events_of(checkpoint: Checkpoint) -> list[Event]:
    """The events of a checkpoint.

    Raises:
        CantBeRead: They are none that an engine writes.
    """
    try:
        return from_builtins(checkpoint.events)
    except ValueError as error:
        raise CantBeRead(checkpoint.header.id, str(error)) from None


def advance(state: ProgramState, event: Event) -> None:
    """Takes an event up into a state of one's own."""
    apply(state.tables, reduce(state, event))
