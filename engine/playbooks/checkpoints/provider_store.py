"""A `Store` over another package's provider, which has the five public calls and nothing else.

Apart because it makes up for what those five can't do: the provider keeps the checkpoints; sessions, labels, locks,
numbers and the index lie beside, in the storage path on this machine. A checkpoint is whole and signed as a file is, so
nothing depends on what the provider does with it; what it does not give back as it got it is named damaged.

Two processes on one machine may share such a store. Machines may not: five calls can't keep two of them from taking the
same number.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, TypeVar

from playbooks.checkpoints import facts
from playbooks.checkpoints.catalog import Catalog, Extent
from playbooks.checkpoints.facts import is_nothing
from playbooks.checkpoints.ids import ID, SESSION, agent_of, session_order
from playbooks.checkpoints.provider_thread import ProviderThread
from playbooks.checkpoints.record import BranchInfo, Checkpoint, Header, SessionInfo
from playbooks.checkpoints.record_file import DamagedFile, from_bytes, to_bytes
from playbooks.checkpoints.signing import user_key
from playbooks.checkpoints.sqlite import SQLiteStore
from playbooks.checkpoints.store import Damaged, Note, NumberTaken, StorageError, UnknownCheckpoint
from playbooks.errors import UserError
from playbooks.extensions.provider import CheckpointProvider

_AGENTS: Final = "playbooks_ckpt_1"
"""Kept with the provider too: which agents there are, for the five calls list checkpoints of one agent only."""
_T = TypeVar("_T")


class ProviderStore:
    """The checkpoints that a provider keeps.

    Args:
        provider: Whose coroutines run on a thread of their own.
        path: The storage path, for what lies beside.
        fsync: Whether what lies beside survives power loss; what the provider keeps is its own affair.
        key: Signs; None is the user's own.
    """

    def __init__(
        self, provider: CheckpointProvider, path: Path, *, fsync: bool = False, key: bytes | None = None
    ) -> None:
        self._provider, self._thread = provider, ProviderThread()
        self._where = f"{type(provider).__name__} at {path}"
        self._key = key if key is not None else user_key()
        self._beside = SQLiteStore(path, fsync=fsync, key=self._key)
        self._catalog = Catalog(path / "catalog.db")
        self._unlisted: list[Header] = []
        self._ids: dict[str, set[str]] = {}
        """Agent → ids of its checkpoints, as last listed, and those written since."""
        self._passed: dict[str, int] = {}
        """Agent → the highest number that lies beside, as far as this store knows."""
        self._agents: set[str] = set()
        self._damaged: dict[str, Damaged] = {}

    def _run(self, act: Coroutine[Any, Any, _T]) -> _T:
        try:
            return self._thread.run(act)
        except UserError:
            raise
        except Exception as error:  # another package's code may raise anything
            what = f"checkpoints can't be kept: {type(error).__name__}: {error}".splitlines()[0]
            raise StorageError(what, "every earlier checkpoint is as it was", file=self._where) from error

    # -- writing ------------------------------------------------------------------------------------------------------

    def next_number(self, agent: str) -> int:
        """See `Store.next_number`."""
        highest = max([0, *(_number(id) for id in self._known(agent))])
        if highest > self._passed.get(agent, 0):
            # What lies beside may have been lost, or the checkpoints come from elsewhere.
            self._beside.pass_by(agent, highest)
        number = self._passed[agent] = self._beside.next_number(agent)
        return number

    def write(self, checkpoint: Checkpoint) -> None:
        """See `Store.write`."""
        header = checkpoint.header
        if header.id in self._known(header.agent):
            raise NumberTaken(header.id)
        self.replace(checkpoint)

    def write_group(self, checkpoints: Sequence[Checkpoint]) -> None:
        """See `Store.write_group`. If the second can't be written, the first is taken away again."""
        written: list[str] = []
        try:
            for checkpoint in checkpoints:
                self.write(checkpoint)
                written.append(checkpoint.header.id)
        except BaseException:
            self.delete(written)
            raise

    def replace(self, checkpoint: Checkpoint) -> None:
        """See `Store.replace`."""
        header = checkpoint.header
        if header.agent not in self._agents:
            self._add_agent(header.agent)
        record = {"record": to_bytes(checkpoint, self._key)}
        about = {name: getattr(header, name) for name in Header.__struct_fields__}
        about |= {"counter": header.number, "execution_id": header.session, "timestamp": header.time}
        about |= {"degraded": list(header.degraded), "call_stack": [], "llm_response": None, "executed_code": ""}
        self._run(self._provider.save_checkpoint(header.id, record, {}, about))
        self._known(header.agent).add(header.id)
        self._unlisted.append(header)

    def _add_agent(self, agent: str) -> None:
        self._agents |= {*self._listed_agents(), agent}
        about = {"statement": "", "counter": 1, "timestamp": 0.0}
        self._run(self._provider.save_checkpoint(_AGENTS, {"agents": sorted(self._agents)}, {}, about))

    def delete(self, ids: Iterable[str]) -> None:
        """See `Store.delete`."""
        ids = [id for id in ids if ID.fullmatch(id)]
        self._flush()
        for id in ids:
            # What lies beside must know the number before the checkpoint that showed it is gone.
            self._beside.pass_by(agent_of(id), _number(id))
            self._run(self._provider.delete_checkpoint(id))
            self._known(agent_of(id)).discard(id)
        self._catalog.remove(ids)

    def _flush(self) -> None:
        listed, self._unlisted = self._unlisted, []
        self._catalog.add(listed)

    # -- reading ------------------------------------------------------------------------------------------------------

    def read(self, id: str) -> Checkpoint:
        """See `Store.read`."""
        return self.read_signed(id)[0]

    def is_signed(self, id: str) -> bool:
        """See `Store.is_signed`."""
        return self.read_signed(id)[1]

    def read_signed(self, id: str) -> tuple[Checkpoint, bool]:
        """See `Store.read_signed`."""
        if not ID.fullmatch(id):
            raise UnknownCheckpoint(id, self._where)
        held = self._run(self._provider.load_checkpoint(id))
        if held is None:
            raise UnknownCheckpoint(id, self._where)
        try:
            record = held["execution_state"]["record"]
            return from_bytes(bytes(record), self._key, id)
        except DamagedFile as error:
            raise self._met(id, error.reason) from None
        except (KeyError, TypeError, ValueError):
            raise self._met(id, "no checkpoint of the engine") from None

    def _met(self, id: str, reason: str) -> Damaged:
        damaged = self._damaged[id] = Damaged(id, f"{id} in {self._where}", reason)
        return damaged

    def damaged(self) -> list[Damaged]:
        """See `Store.damaged`."""
        return list(self._damaged.values())

    def headers(self, session: str | None = None) -> list[Header]:
        """See `Store.headers`."""
        return self._catalog.settled(self._catch_up, lambda: self._listed(session))

    def _listed(self, session: str | None) -> list[Header]:
        names = [session] if session is not None else {extent.session for extent in self._catalog.extents()}
        found: list[Header] = []
        for name in sorted(names, key=session_order):
            own = self._catalog.headers(name)
            found += [] if is_nothing(own, self.notes) else own
        return found

    def newer(self, session: str, after: int) -> list[Header]:
        """See `Store.newer`; five calls can't tell what is new but by listing all."""
        return [header for header in self.headers(session) if header.sequence > after]

    def ids(self, agent: str) -> list[str]:
        """Ids of an agent's checkpoints, by number."""
        return sorted(self._list(agent), key=_number)

    def _known(self, agent: str) -> set[str]:
        return self._ids[agent] if agent in self._ids else self._list(agent)

    def _list(self, agent: str) -> set[str]:
        if not ID.fullmatch(f"{agent}_ckpt_1"):
            raise ValueError(f"no agent id: {agent!r}")
        found = self._run(self._provider.list_checkpoints(agent))
        self._ids[agent] = {id for id in found if agent_of(id) == agent}
        return self._ids[agent]

    def _listed_agents(self) -> list[str]:
        held = self._run(self._provider.load_checkpoint(_AGENTS))
        found = ((held or {}).get("execution_state") or {}).get("agents", [])
        return [agent for agent in found if type(agent) is str and ID.fullmatch(f"{agent}_ckpt_1")]

    def _catch_up(self) -> None:
        """Makes the index say what the provider says."""
        self._flush()
        known = {name[:-4] for name in self._catalog.file_names()}
        there = {id for agent in self._listed_agents() for id in self._list(agent)}
        missing = []
        for id in there - known:
            try:
                missing.append(self.read(id).header)
            except (Damaged, UnknownCheckpoint):
                continue
        if gone := known - there:
            self._catalog.remove(gone)
        if missing:
            self._catalog.add(missing)

    # -- sessions -----------------------------------------------------------------------------------------------------

    def sessions(self) -> list[SessionInfo]:
        """See `Store.sessions`."""
        return self._catalog.settled(self._catch_up, self._sessions)

    def _sessions(self) -> list[SessionInfo]:
        extents: dict[str, list[Extent]] = {}
        for extent in self._catalog.extents():
            extents.setdefault(extent.session, []).append(extent)
        found = [self._session(name, extents[name]) for name in sorted(extents, key=session_order)]
        return [info for info in found if info is not None]

    def newest_time(self) -> float:
        """See `Store.newest_time`."""
        self._catch_up()
        return self._catalog.newest_time()

    def _session(self, session: str, extents: list[Extent]) -> SessionInfo | None:
        ends = (min(extent.first for extent in extents), max(extent.last for extent in extents))
        headers = self._catalog.headers(session, ends)
        if not SESSION.fullmatch(session) or is_nothing(headers, self.notes):
            return None
        count = sum(extent.checkpoints for extent in extents)
        about, label = self.notes(session, "session"), self.labels(session).get(session, "")
        return facts.session_info(session, headers[0], headers[-1], count, about, self.statuses(session), label)

    def branches(self, session: str) -> list[BranchInfo]:
        """See `Store.branches`."""
        return facts.branches(session, self.headers(session), self.statuses(session))

    def statuses(self, session: str) -> dict[str, str]:
        """See `Store.statuses`."""
        return facts.statuses(self.notes(session, facts.STATUS), self._beside.is_open(session))

    def new_session_id(self) -> str:
        """See `Store.new_session_id`. Takes away sessions that ended before their first statement did."""
        self._catch_up()
        used = set()
        for extent in self._catalog.extents():
            used.add(extent.session)
            if extent.checkpoints == 1 and not self._beside.is_open(extent.session):
                headers = self._catalog.headers(extent.session)
                if is_nothing(headers, self.notes):
                    self.delete(header.id for header in headers)
        highest = max([0, *(int(name[1:]) for name in used if SESSION.fullmatch(name))])
        return self._beside.new_session_id(highest + 1)

    def note(self, session: str, kind: str, data: dict[str, Any]) -> None:
        """See `Store.note`."""
        self._beside.note(session, kind, data)

    def notes(self, session: str, kind: str) -> list[Note]:
        """See `Store.notes`."""
        return self._beside.notes(session, kind)

    def clear_notes(self, session: str, kind: str | None) -> None:
        """See `Store.clear_notes`."""
        self._beside.clear_notes(session, kind)

    def set_status(self, session: str, branch: str, status: str) -> None:
        """See `Store.set_status`."""
        self._beside.set_status(session, branch, status)

    def set_label(self, id: str, text: str) -> None:
        """See `Store.set_label`."""
        session = id if SESSION.fullmatch(id) else self.read(id).header.session
        self.note(session, "label", {"id": id, "text": text})

    def labels(self, session: str) -> dict[str, str]:
        """See `Store.labels`."""
        return self._beside.labels(session)

    def is_open(self, session: str) -> bool:
        """See `Store.is_open`."""
        return self._beside.is_open(session)

    def lock(self, session: str) -> AbstractContextManager[None]:
        """See `Store.lock`."""
        return self._beside.lock(session)

    def close(self) -> None:
        """See `Store.close`."""
        if self._unlisted:
            self._flush()
        self._catalog.close()
        self._beside.close()
        self._thread.close()


def _number(id: str) -> int:
    return int(id.rpartition("_")[2])
