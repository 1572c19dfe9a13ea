"""The sessions of a storage path, to be looked at: lists, timelines, moments, differences, labels.

Apart from `DebugSession` because nothing here takes a session's lock or runs anything, so it works beside a process
that runs the session: the headless commands and the screen's list of sessions read through this.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType

import msgspec

from playbooks.checkpoints import open_store, retention
from playbooks.checkpoints.ids import ID
from playbooks.checkpoints.record import BranchInfo, Header, SessionInfo
from playbooks.checkpoints.signing import KeyUnusable, nobodys_key
from playbooks.checkpoints.store import Damaged, Store, UnknownCheckpoint
from playbooks.config import Config
from playbooks.errors import UserError
from playbooks.runtime.intents import Attempt
from playbooks.session.chains import CantBeRead, Chain, Foreign, read_chain
from playbooks.session.differences import Differences, common_ancestor, differences
from playbooks.session.edits import Edits
from playbooks.session.forking import prepare
from playbooks.session.interrupted import may_have_run
from playbooks.session.moment import Moment
from playbooks.session.planning import ForkPlan
from playbooks.session.resume import branch_path
from playbooks.session.settling import ForkOptions
from playbooks.state import ProgramState, from_builtins
from playbooks.state import events as e


class Timeline(msgspec.Struct, frozen=True):
    """A session's tree of checkpoints."""

    session: SessionInfo
    branches: Sequence[BranchInfo]
    """In the order they began."""
    headers: Sequence[Header]
    """In sequence order."""
    labels: Mapping[str, str]
    """By id of a checkpoint, or of the session itself."""
    agents: Mapping[str, str]
    """Id → class, of all branches; without those of a branch whose newest checkpoint can't be read."""
    may_have_run: Mapping[str, Sequence[Attempt]] = msgspec.field(default_factory=dict)
    """By id of a branch's newest checkpoint: the calls that were under way when it was left."""

    def name(self, agent: str) -> str:
        """What people call an agent: its class, with its id while another has the same."""
        if agent in ("human", "user"):
            return "you"
        name = self.agents.get(agent, "")
        alone = list(self.agents.values()).count(name) == 1
        return name if name and alone else f"{name} {agent}".strip()

    def path(self, checkpoint: str) -> list[Header]:
        """From the session's start to a checkpoint, along parents."""
        return branch_path(list(self.headers), checkpoint)


class Look(msgspec.Struct, frozen=True):
    """One checkpoint with the moment it stands for."""

    header: Header
    moment: Moment
    label: str
    response: str | None
    """The model's response in which its statement stands, as far as it was received; None outside model code."""
    foreign: tuple[str, ...]
    """Ids of checkpoints that it builds on and that this user's engine did not write."""
    may_have_run: tuple[Attempt, ...] = ()
    """Calls that were under way when the process died, if this is the newest checkpoint of its branch."""


class SessionLibrary:
    """Reads the sessions of a storage path; writes labels, and takes away what is pruned.

    Args:
        store: Where they are; closed with the library.
        where: What people call it, `.checkpoints`.
        no_key: Why the user's key can't be had: all is foreign then, and nothing may be written.
    """

    def __init__(self, store: Store, where: str, no_key: KeyUnusable | None = None) -> None:
        self.store, self.where, self.no_key = store, where, no_key

    @classmethod
    def open(cls, config: Config | None = None) -> SessionLibrary:
        """The library of the configured storage path; to be closed, or used as a context manager.

        Args:
            config: Settings; those of the current folder when None.

        Raises:
            UserError: There is no such folder: nothing was ever kept there.
        """
        config = config or Config.load()
        path = config.durability.storage_path
        if not Path(path).exists():
            why = "" if config.durability.enabled else " with [durability] enabled = true in playbooks.toml"
            raise UserError(
                "no checkpoints are here", f"`playbooks run PROGRAM`{why} or `playbooks debug PROGRAM` makes some",
                file=path,
            )  # fmt: skip
        kept, no_key = config.durability, None
        said_in = config.source("durability.provider")
        opened = partial(open_store, kept.provider, path, fsync=kept.fsync, config_file=said_in)
        try:
            store = opened()
        except KeyUnusable as error:
            store, no_key = opened(key=nobodys_key()), error
        return cls(store, path, no_key)

    def __enter__(self) -> SessionLibrary:
        return self

    def refuse_without_key(self) -> None:
        """Raises `KeyUnusable` when nothing may be written."""
        if self.no_key is not None:
            raise self.no_key

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.store.close()

    # -- lists ---------------------------------------------------------------------------------------------------------

    def sessions(self) -> list[SessionInfo]:
        """All sessions, oldest first."""
        return self.store.sessions()

    def session(self, id: str | None = None) -> SessionInfo:
        """A session; without an id the one written last.

        Raises:
            UserError: There is none of this id, or none at all.
        """
        sessions = self.sessions()
        if not sessions:
            raise UserError("no session is here yet", "a run is kept from its first `await` on", file=self.where)
        if id is None:
            return max(sessions, key=lambda session: (session.updated, session.created))
        found = next((session for session in sessions if session.id == id), None)
        if found is None:
            raise UserError(f"there is no session {id}", f"there {_are([session.id for session in sessions])}")
        return found

    def delete(self, session: str) -> int:
        """Takes a session away for good: its checkpoints, labelled or not, and what is noted of it.

        Returns:
            How many checkpoints it had.

        Raises:
            UserError: There is no such session, or another builds on it.
            SessionOpen: A living process has it.
            StorageError: The storage refused; what is still there is whole.
        """
        self.refuse_without_key()
        return len(retention.remove(self.store, self.session(session).id).dropped)

    def timeline(self, session: str | None = None) -> Timeline:
        """The tree of a session; without an id of the one written last.

        Raises:
            UserError: There is no such session.
        """
        info = self.session(session)
        headers = self.store.headers(info.id)
        branches = self.store.branches(info.id)
        agents: dict[str, str] = {}
        under_way: dict[str, list[Attempt]] = {}
        for branch in branches:
            try:
                folded = read_chain(self.store, branch.head).folded
            except (CantBeRead, UnknownCheckpoint):
                continue
            state = folded.state
            if found := self._may_have_run(folded.header, state, branch):
                under_way[branch.head] = found
            agents.update({id: str(row[0]) for id, row in state.agents.items() if id != "human"})
        return Timeline(info, branches, headers, self.store.labels(info.id), agents, under_way)

    def _may_have_run(self, header: Header, state: ProgramState, branch: BranchInfo) -> list[Attempt]:
        if branch.status in ("running", "finished") or branch.head != header.id:
            return []
        return may_have_run(self.store, header, state)

    def damaged(self) -> list[Damaged]:
        """What was found damaged while reading so far."""
        return self.store.damaged()

    # -- moments -------------------------------------------------------------------------------------------------------

    def look(self, checkpoint: str) -> Look:
        """A checkpoint and the state at it; never runs anything.

        Raises:
            UserError: There is none of this id, or its chain is damaged.
        """
        chain = self.chain(checkpoint)
        header = chain.folded.header
        moment = Moment(header, chain.folded.state, trusted=chain.trusted)
        label = self.store.labels(header.session).get(checkpoint, "")
        branches = self.store.branches(header.session)
        at_end = [branch for branch in branches if branch.head == header.id]
        under_way = self._may_have_run(header, chain.folded.state, at_end[0]) if at_end else []
        return Look(header, moment, label, _response(chain), chain.foreign, tuple(under_way))

    def chain(self, checkpoint: str) -> Chain:
        """A checkpoint with the state that it and those before it add up to.

        Raises:
            UserError: There is none of this id (said with those there are), or its chain is damaged.
        """
        try:
            return read_chain(self.store, checkpoint)
        except UnknownCheckpoint as error:
            raise self._unknown(error.id) from None

    def _unknown(self, id: str) -> UserError:
        headers = self.store.headers()
        ids = [header.id for header in headers]
        if not ids:
            return UserError(f"there is no checkpoint {id}", "no session is here yet", file=self.where)
        found = ID.fullmatch(id)
        if found is None:
            close = difflib.get_close_matches(id, ids, n=1)
            meant = (
                f"did you mean {close[0]}?" if close else f"an id looks like {ids[-1]}; `playbooks timeline` lists them"
            )
            return UserError(f"{id} is no id of a checkpoint", meant)
        agent, number = found["agent"], int(found["number"])
        agents = dict.fromkeys(header.agent for header in headers)
        own = [header for header in headers if header.agent == agent]
        if not own:
            return UserError(f"there is no checkpoint {id}", f"checkpoints are of {', '.join(agents)}")
        numbers = sorted(header.number for header in own)
        return UserError(
            f"there is no checkpoint {id}",
            f"agent {agent} has {agent}_ckpt_{numbers[0]}"
            + (f" to {agent}_ckpt_{numbers[-1]}" if len(numbers) > 1 else "")
            + (", not all numbers between" if len(numbers) <= numbers[-1] - numbers[0] else "")
            + ("; older ones were pruned (keep_last_n)" if number < numbers[-1] else ""),
        )

    def differences(self, a: str, b: str) -> Differences:
        """What differs between two checkpoints, of one session or of two.

        Raises:
            UserError: There is none of such an id, or its chain is damaged.
        """
        one, other = self.look(a), self.look(b)
        ancestor = None
        if one.header.session == other.header.session:
            ancestor = common_ancestor(self.store.headers(one.header.session), a, b)
        return differences(one.moment, other.moment, (one.response, other.response), ancestor)

    # -- forks ---------------------------------------------------------------------------------------------------------

    def fork_from(self, checkpoint: str, *, trust: bool = False) -> SessionInfo:
        """The session of a checkpoint that is about to be forked.

        Args:
            checkpoint: Its id.
            trust: Take it although this user's engine did not write all that it builds on.

        Raises:
            UserError: There is none of this id, its chain is damaged, or it is foreign.
        """
        chain = self.chain(checkpoint)
        if chain.foreign and not trust:
            raise Foreign(chain.foreign[0])
        return self.session(chain.folded.header.session)

    def agent_called(self, name: str, checkpoint: str) -> str:
        """The id of the one agent of a class at a checkpoint; any other name as it is."""
        agents = self.chain(checkpoint).folded.state.agents
        found = [id for id, row in agents.items() if row[0] == name]
        return found[0] if name not in agents and len(found) == 1 else name

    def plan(
        self,
        checkpoint: str,
        edits: Edits,
        *,
        before: bool = False,
        label: str = "",
        options: ForkOptions | None = None,
    ) -> ForkPlan:
        """What a fork would do; runs nothing, and needs no lock.

        Args:
            checkpoint: Where it would leave.
            edits: What it would change.
            before: It would leave before the checkpoint.
            label: Name of the branch.
            options: Who would answer and what would run.

        Raises:
            UserError: There is no such checkpoint, its chain is damaged, or an edit can't take.
        """
        chain = self.chain(checkpoint)
        header = chain.folded.header
        if before and header.parent:
            self.chain(header.parent)
        return prepare(
            self.store,
            self.store.headers(header.session),
            checkpoint,
            edits,
            options or ForkOptions(),
            before=before,
            label=label,
            trust=True,
        ).plan()

    # -- labels --------------------------------------------------------------------------------------------------------

    def set_label(self, id: str, text: str) -> str:
        """Names a checkpoint or a session; an empty text takes the name away.

        Returns:
            The label as it is kept: on one line.

        Raises:
            UserError: There is none of this id.
            KeyUnusable: No label could be written.
        """
        self.refuse_without_key()
        if id.startswith("s") and id[1:].isdigit():
            self.session(id)
        else:
            self.chain(id)
        label = " ".join(text.split())
        self.store.set_label(id, label)
        return label

    # -- retention -----------------------------------------------------------------------------------------------------

    def prune(self, session: str, keep: int | None, *, dry_run: bool = False) -> tuple[int, int]:
        """Takes checkpoints of a session away; what stays folds as it always did.

        Args:
            session: Its id.
            keep: How many of each agent on each branch stay; None takes the whole session away.
            dry_run: Only tell.

        Returns:
            How many stay, and how many are gone or would be.

        Raises:
            SessionOpen: A living process has it.
            PruneStopped: It is damaged or foreign; nothing was taken away.
            StorageError: The storage refused; what is there is whole.
        """
        if not dry_run:
            self.refuse_without_key()
        if keep is None:
            made = retention.remove(self.store, session, dry_run=dry_run)
        else:
            made = retention.prune(self.store, session, keep, dry_run=dry_run)
        return len(made.kept), len(made.dropped)


def _response(chain: Chain) -> str | None:
    """The response of the frame whose call made the checkpoint, or of the nearest caller that is model code."""
    state: ProgramState = chain.folded.state
    header = chain.checkpoint.header
    events = from_builtins(chain.checkpoint.events)
    frame = next((event.frame for event in reversed(events) if isinstance(event, e.EffectEnded)), 0)
    if frame not in state.frames:
        own = [id for id, row in state.frames.items() if row[0] == header.agent and id not in state.returned]
        frame = max(own, default=0)
    stack = state.stack(frame) if frame in state.frames else []
    return next((state.response[id] for id in reversed(stack) if id in state.response), None)


def _are(names: Sequence[str], most: int = 12) -> str:
    """`is s1`, `are s1, s2`, `are s1, …, s40`."""
    if len(names) == 1:
        return f"is {names[0]}"
    shown = list(names) if len(names) <= most else [names[0], names[1], "…", names[-1]]
    return f"are {', '.join(shown)}"
