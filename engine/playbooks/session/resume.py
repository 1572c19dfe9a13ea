"""Which checkpoint a resume goes on from, and what it tells the person about it.

Apart because it only reads: nothing here runs, and what can't be restored is said before anything is touched.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

import msgspec

from playbooks.checkpoints.chain import Folded
from playbooks.checkpoints.ids import session_order
from playbooks.checkpoints.record import Header, SessionInfo
from playbooks.checkpoints.store import Damaged, Store, UnknownCheckpoint
from playbooks.errors import ExitStatus, UserError
from playbooks.language.model import Program
from playbooks.runtime.notices import MessageView
from playbooks.session.chains import own_fold
from playbooks.state import ProgramState

_SESSION = re.compile(r"s\d+")
_CHECKPOINT = re.compile(r"(\d+|human)_ckpt_\d+")


def is_id(text: str) -> bool:
    """Whether a word is the id of a session or of a checkpoint; anything else is a program."""
    return bool(_SESSION.fullmatch(text) or _CHECKPOINT.fullmatch(text))


class ResumedAgent(msgspec.Struct, frozen=True):
    """An agent that goes on."""

    agent: str
    checkpoint: str
    """Id of its newest checkpoint on the branch."""
    statement: str
    """The last it completed."""


class FailedAgent(msgspec.Struct, frozen=True):
    """An agent that was given up: a resume is exact, so it stays so; a fork from before can go otherwise."""

    agent: str
    class_name: str
    error: str
    checkpoint: str
    """Id of its newest checkpoint before its errors; empty when it has none."""


class Resumed(msgspec.Struct, frozen=True):
    """What a resume found."""

    session: str
    branch: str
    checkpoint: str
    """Id of the checkpoint it goes on from: a consistent cut of all agents."""
    agents: tuple[ResumedAgent, ...]
    skipped: tuple[str, ...] = ()
    """What was damaged, a line each."""
    said_after: tuple[str, ...] = ()
    """What had already been said after the checkpoint it goes on from."""
    program: str = ""
    """Path of the program's first file."""
    changed_files: tuple[str, ...] = ()
    """Files of the program that are not what was recorded; the recorded text runs."""
    failed: tuple[FailedAgent, ...] = ()
    """Agents that have failed, and stay so."""
    may_have_run: tuple[str, ...] = ()
    """Calls that were under way when the process died, and what becomes of them, a line each."""
    status: str = "interrupted"
    """How its branch ended; one that is finished has nothing left to run."""
    asked: tuple[MessageView, ...] = ()
    """What those who wait for the person said to them last."""
    models: tuple[str, str] | None = None
    """Which model answered so far, and which other one answers from here on; None: the same."""

    @property
    def finished(self) -> bool:
        """Whether nothing is left to run."""
        return self.status == "finished"


class NothingToResume(UserError):
    """All sessions of the program are finished."""


def find(store: Store, program: str, resume: str | bool, *, trust: bool = False) -> SessionInfo | Folded | None:
    """What to resume: a session, or the state at a checkpoint of one. None: the program has no session.

    Args:
        store: Where.
        program: Path of the program, as given; may be empty with an id.
        resume: An id, or True for the newest unfinished session of the program.
        trust: Take a checkpoint also when this user's engine did not write all that it builds on.

    Raises:
        UserError: There is no session or checkpoint of that id, or all sessions are finished.
    """
    if isinstance(resume, str):
        if _CHECKPOINT.fullmatch(resume):
            return just(store, resume, trust=trust)
        found = next((session for session in store.sessions() if session.id == resume), None)
        if found is None:
            raise UserError(f"there is no session {resume}", "`playbooks sessions` lists those there are")
        return found
    own = [session for session in store.sessions() if same_path(session.program, program)]
    unfinished = [session for session in own if session.status != "finished"]
    if unfinished:
        return max(unfinished, key=lambda session: (session.updated, session.created))
    if own:
        raise nothing_left(own[-1].id, program)
    return None


def nothing_left(session: str, program: str) -> NothingToResume:
    """That a session is finished, and what can be done with it."""
    return NothingToResume(
        f"session {session} of {program} is finished: nothing to resume",
        f"`playbooks timeline {session}` shows it, `playbooks fork CHECKPOINT` goes on otherwise",
        status=ExitStatus.FINISHED,
    )


def goes_on(checkpoint: str) -> UserError:
    """That what only a program that begins can take was given for one that goes on from a checkpoint."""
    return UserError(
        "--set and --message are for a program that begins, and this one goes on",
        f"playbooks fork {checkpoint} takes --set, and --say 'human: TEXT'",
    )


def refuse_other(given: Program | None, recorded: Sequence[str], session: str) -> None:
    """Raises `UserError` for a session of other files than the program that was named beside its id; a file that was
    moved or copied is the same.

    Args:
        given: What was named; None, or without paths: nothing was.
        recorded: The paths that the session began with.
        session: Its id.
    """
    if given is None or not given.roots or not recorded:
        return
    if not {os.path.basename(root) for root in recorded} & {os.path.basename(root) for root in given.roots}:
        was, is_ = " ".join(recorded), " ".join(given.roots)
        there = any(os.path.exists(root) for root in recorded)
        raise UserError(
            f"{session} is a session of {was}, not of {is_}",
            f"name {was}, or another session" if there else
            f"{was} is not there any more: give {is_} its name again, or `playbooks fork CHECKPOINT --program {is_}`",
        )  # fmt: skip


def same_path(one: str, other: str) -> bool:
    """Whether two paths name the same file."""
    return os.path.abspath(one) == os.path.abspath(other)


def just(store: Store, id: str, *, trust: bool = False) -> Folded:
    """A checkpoint that was named, and no other in its place.

    Raises:
        UserError: There is none of this id, or it can't be restored.
    """
    try:
        return own_fold(store, id, trust=trust)
    except UnknownCheckpoint as error:
        if error.id == id:
            raise
        reason = f"{error.id}, which it builds on, is gone"
    except (Damaged, ValueError) as error:
        reason = str(error)
    session = next((header.session for header in store.headers() if header.id == id), "")
    fix = (
        f"--resume {session} goes on from the newest whole one" if session else "`playbooks timeline` lists the others"
    )
    raise UserError(f"{id} can't be resumed: {reason}", fix, status=ExitStatus.FAILED)


def newest_whole(
    store: Store, headers: list[Header], known: Folded | None = None, *, trust: bool = False
) -> tuple[Folded, tuple[str, ...], list[Header]]:
    """The newest checkpoint of a branch that can be folded.

    Args:
        store: Where.
        headers: Of the branch, oldest first.
        known: The state at its end, when that is folded already.
        trust: Take it also when this user's engine did not write all that it builds on.

    Returns:
        It, what was skipped (a line each), and the headers after it.

    Raises:
        Foreign: It is not all of this user's engine.
        UserError: None of them is whole.
    """
    skipped: list[str] = []
    for place in range(len(headers) - 1, -1, -1):
        try:
            folded = known or own_fold(store, headers[place].id, trust=trust)
        except (Damaged, UnknownCheckpoint, ValueError) as error:
            broken, reason = getattr(error, "id", ""), getattr(error, "reason", error)
            reason = reason if broken in ("", headers[place].id) else f"{broken}, which it builds on: {reason}"
            skipped.append(f"{headers[place].id}: {reason}")
            continue
        lost = _lost_after(store, headers[: place + 1], {header.id for header in headers})
        return folded, tuple(dict.fromkeys([*skipped, *lost])), headers[place + 1 :]
    raise UserError(
        "no checkpoint of this session is whole: " + "; ".join([*skipped, *_lost_after(store, [], set())]),
        "start the program again",
        status=ExitStatus.FAILED,
    )


def _lost_after(store: Store, path: list[Header], told: set[str]) -> Iterator[str]:
    """Damaged checkpoints that can only be of this session and after its path, by their numbers: nothing is known of
    them but their names.
    """
    damaged = [found for found in store.damaged() if found.id not in told]
    if not damaged:
        return
    newest = {header.agent: header.number for header in path}
    session = path[-1].session if path else ""
    is_begun = len(path) == 1  # then what followed its start is lost, and stands after another session's
    all_headers = store.headers()
    for found in damaged:
        agent, _, number = found.id.rpartition("_ckpt_")
        before = [header for header in all_headers if header.agent == agent and header.number < int(number)]
        owner = max(before, key=lambda header: header.number).session if before else session
        is_older = is_begun and session_order(owner) < session_order(session)
        if int(number) > newest.get(agent, 0) and (owner in (session, "") or is_older):
            yield f"{found.id}: {found.reason}; what it said can't be told"


def branch_path(headers: list[Header], head: str) -> list[Header]:
    """The headers from the root to `head` along parents, oldest first.

    Where one is missing, its file damaged or gone, the path goes on with what the branch had before it.
    """
    known = {header.id: header for header in headers}
    path: list[Header] = []
    while head in known:
        found = known[head]
        path.append(found)
        head = found.parent
        if head and head not in known:
            before = [h for h in headers if h.branch == found.branch and h.sequence < found.sequence]
            head = max(before, key=lambda header: header.sequence).id if before else ""
    return path[::-1]


def agents_of(path: list[Header], agents: list[str]) -> tuple[ResumedAgent, ...]:
    """Each agent's newest checkpoint on a path."""
    newest: dict[str, Header] = {}
    statement: dict[str, str] = {}
    for header in path:
        newest[header.agent] = header
        if header.statement and header.kind != "error":
            statement[header.agent] = header.statement
    found = []
    for agent in agents:
        last = newest.get(agent)
        if last is not None and last.kind != "start":
            found.append(ResumedAgent(agent, last.id, statement.get(agent, "")))
    return tuple(found)


def failed_agents(state: ProgramState, path: list[Header]) -> tuple[FailedAgent, ...]:
    """The agents that have failed, each with where a fork would leave.

    Args:
        state: At the end of the path.
        path: A branch, oldest first.
    """
    found = []
    for id in state.agents:
        row = state.agent(id)
        if row.status == "failed":
            own = [header for header in path if header.agent == id and header.kind not in ("error", "interrupt")]
            found.append(FailedAgent(id, row.class_name, row.error, own[-1].id if own else ""))
    return tuple(found)


def last_model(state: ProgramState) -> str:
    """The model that was asked last, as people know it; empty when none that is still under way was asked."""
    newest = max(state.asked, key=lambda frame: int(state.asked[frame][0]), default=None)
    row = state.asked_of(newest) if newest is not None else None
    return row.model if row is not None else ""


def changed_files(recorded: Program, now: Program | None) -> tuple[str, ...]:
    """Files whose text is another than was recorded, came or went; none when `now` is not known."""
    if now is None or now.hash == recorded.hash:
        return ()
    was, is_ = ({file.path: file.text for file in program.files} for program in (recorded, now))
    return tuple(path for path in {**was, **is_} if was.get(path) != is_.get(path))
