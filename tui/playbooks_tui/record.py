"""What the screen knows of a session: everything told so far, in the shape the widgets draw from.

Apart from widgets and engine: it only takes notices and answers questions. Rows are appended, never changed, so that
what was drawn stays true; a hundred thousand of them cost what their headers cost.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from playbooks.checkpoints.record import Header
from playbooks.runtime.decisions import DECIDED
from playbooks.runtime.notices import (
    AgentChanged,
    AgentView,
    Asked,
    BreakpointHit,
    BreakpointsChanged,
    Committed,
    MayHaveRun,
    MessageHeard,
    MessageSent,
    MessageView,
    ModelAnswered,
    ModelCalled,
    ModelRetried,
    Output,
    Question,
    RunStatus,
    StatusChanged,
    Stop,
    Stopped,
    Writing,
    WritingDropped,
)
from playbooks_tui.inks import HUES
from playbooks_tui.long_texts import CUT, long_texts
from playbooks_tui.told import Ended, Labelled, Named, Opened, Tallied, Tally, Told, Turned

HUMAN = "human"
YOU = "you"
FOLDED = frozenset({"step"})
"""Kinds whose rows are shown only when asked for: they say where an agent is, which its pane says too."""


_NOTHING: Final = Tally(0, 0, 0, 0.0)


class Branch(msgspec.Struct):
    """A branch as the timeline draws it: row numbers count all rows, from 0."""

    name: str
    fork: int | None
    """The row it left from; None for the first."""
    rows: list[int] = msgspec.field(default_factory=list)
    shown: list[int] = msgspec.field(default_factory=list)
    """Its rows that are not folded."""
    ended: bool = False
    """Its newest row ended the program."""
    status: str = "running"
    """running, interrupted, finished or failed."""
    tally: Tally | None = _NOTHING
    """What its own model calls came to, without those before it left another; None: not known yet."""
    since: Tally = _NOTHING
    """What came to it before the rest was known."""


class Touched(msgspec.Struct):
    """What a batch changed, so that only that is drawn again."""

    rows: bool = False
    branches: bool = False
    agents: set[str] = msgspec.field(default_factory=set)
    lanes: bool = False
    asked: bool = False
    output: bool = False
    breaks: bool = False
    status: bool = False
    totals: bool = False


class Printed(msgspec.Struct):
    """A line of Output."""

    agent: str
    kind: str
    text: str


class Record:
    """All that was told of a session so far."""

    def __init__(self) -> None:
        self.program, self.session, self.branch = "", "", "main"
        self.status: RunStatus = "ready"
        self.phrase = ""
        self.error = ""
        self.followed = False
        self.ran = 0.0
        """Seconds that the session ran before it was opened."""
        self.stop: Stop | None = None
        """Why it stands, when it does."""
        self.headers: list[Header] = []
        self.shown: list[int] = []
        """Rows that are not folded, as indices of `headers`."""
        self.place: dict[str, int] = {}
        """Checkpoint id → index in `headers`."""
        self.agents: dict[str, AgentView] = {}
        self.own: dict[str, list[int]] = {}
        """Agent → its rows that are shown, all branches."""
        self.born: dict[str, int] = {}
        """Agent → the row that created it; its lifeline is drawn from there on."""
        self.inbox: dict[str, list[MessageView]] = {}
        """Agent → what is on its way to it now."""
        self.branches: dict[str, Branch] = {}
        self.writing: dict[str, Writing] = {}
        self.thinking: set[str] = set()
        """Agents whose model call is open."""
        self.answered = 0
        """Model calls of this process that have ended."""
        self.asked: tuple[str, ...] = ()
        """Who waits for the person; the next answer goes to the first."""
        self.questions: tuple[Question, ...] = ()
        self.undecided: dict[str, MayHaveRun] = {}
        """Calls that may have run and wait for the person's word."""
        self.printed: list[Printed] = []
        self.labels: dict[str, str] = {}
        """Checkpoint id → the name a person gave it."""
        self.most = 0
        """The highest number of a checkpoint: lanes are as wide as it needs."""
        self._early = _NOTHING
        """What model calls came to that were made before the branch they run on had a checkpoint."""
        self._hues: dict[str, str] = {}
        self._titles: dict[str, str] = {}
        self._messages: dict[int, MessageView] = {}
        self._texts: dict[int, str] = {}
        self._hearing: dict[str, tuple[int, ...]] = {}
        self._last_said: dict[str, int] = {}

    # -- taking ----------------------------------------------------------------------------------------------

    def take(self, batch: Iterable[Told]) -> Touched:
        """Takes notices in the order they were told.

        Returns:
            What they changed.
        """
        touched = Touched()
        for told in batch:
            self._take(told, touched)
        return touched

    def _take(self, told: Told, touched: Touched) -> None:
        match told:
            case Committed(header):
                self._add(header, touched)
            case Writing(agent):
                self.writing[agent] = told
                touched.agents.add(agent)
            case WritingDropped(agent):
                self.writing.pop(agent, None)
                touched.agents.add(agent)
            case AgentChanged(agent):
                touched.lanes |= agent.id not in self.agents
                self.agents[agent.id] = agent
                touched.agents.add(agent.id)
                touched.status = True
            case MessageSent(message):
                self._messages[message.id] = message
                self._complete(message)
                self._send(message, touched)
            case MessageHeard(agent, ids):
                self._hearing[agent] = ids
                self.inbox[agent] = [message for message in self.inbox.get(agent, ()) if message.id not in ids]
                touched.agents.add(agent)
            case ModelCalled(agent):
                self._count(Tally(1, 0, 0, 0.0))
                if agent:  # else it is not known whose it was
                    self.thinking.add(agent)
                    touched.agents.add(agent)
                touched.totals = touched.status = True
            case ModelAnswered(agent):
                self._count(Tally(0, told.input_tokens, told.output_tokens, told.cost))
                self.thinking.discard(agent)
                self.answered += 1
                touched.agents |= {agent} & {*self.agents}
                touched.totals = touched.status = True
            case ModelRetried(agent, attempt, delay, reason):
                words = f"{reason}; attempt {attempt} in {round(delay, 1):g} s"
                self.printed.append(Printed(agent, "warning", words))
                touched.output = True
            case Output(agent, text, kind):
                self.printed += [Printed(agent, kind, line) for line in text.rstrip("\n").split("\n")]
                touched.output = True
            case MayHaveRun(id):
                self.undecided.pop(id, None)
                if told.decision == "ask":
                    self.undecided[id] = told
                else:
                    self.printed.append(Printed(told.agent, "warning", f"◐ {told.call} {DECIDED[told.decision]}"))
                    touched.output = True
                touched.asked = touched.status = True
            case Asked(agents, questions):
                self.asked, self.questions = agents, questions
                touched.asked = True
            case StatusChanged(status, phrase):
                self.status, self.phrase = status, phrase
                if status in ("running", "waiting", "paused", "pausing") and self.branch in self.branches:
                    self.branches[self.branch].status = "running"  # also one that had been interrupted
                touched.status = True
            case BreakpointsChanged() | BreakpointHit():
                touched.breaks = True
            case Stopped(stop):
                self.stop = stop
                touched.status = True
            case Named(session, branch):
                self.session, self.branch = session, branch
                touched.totals = True
            case Ended(status, error):
                self._end(status, error)
                touched.status = touched.asked = True
                touched.agents |= set(self.agents)
            case Turned():
                self._turn(told, touched)
            case Tallied(own, ran):
                self.ran = ran
                for name, tally in own.items():
                    if name in self.branches:
                        own_branch = self.branches[name]
                        own_branch.tally = tally + own_branch.since if tally is not None else None
                touched.totals = True
            case Labelled(checkpoint, label):
                self.labels[checkpoint] = label
                touched.rows = True
            case Opened():
                self._open(told, touched)

    def _open(self, opened: Opened, touched: Touched) -> None:
        self.followed = opened.followed
        self.program, self.session, self.branch = opened.program, opened.session, opened.branch
        self.status, self.phrase = opened.status, opened.phrase
        self.agents |= {agent.id: agent for agent in opened.agents}
        self.labels |= opened.labels
        for header in opened.headers:
            self._add(header, touched)
        alone = len(self.branches) <= 1
        for name, branch in self.branches.items():
            self._close(branch, opened.statuses.get(name, "interrupted"))
            branch.tally = opened.tally if alone else None
        for message in opened.messages:
            self._messages[message.id] = message
            self._send(message, touched)
        says = [(row, self.headers[row]) for row in self.path(self.branch) if self.headers[row].kind == "say"]
        self._texts |= long_texts(says, opened.messages)
        self.printed += [Printed("", "log", note) for note in opened.notes]
        touched.rows = touched.lanes = touched.status = touched.totals = touched.asked = True
        touched.agents |= set(self.agents)
        touched.output |= bool(opened.notes)

    def _turn(self, turned: Turned, touched: Touched) -> None:
        self._end("ready", "")
        self.branch = turned.branch
        self.agents |= {agent.id: agent for agent in turned.agents}
        self.inbox.clear()
        for message in turned.messages:
            self._messages[message.id] = message
            self._send(message, touched)
        touched.rows = touched.lanes = touched.status = touched.totals = touched.asked = True
        touched.agents |= set(self.agents)

    def _add(self, header: Header, touched: Touched) -> None:
        index = len(self.headers)
        self.headers.append(header)
        self.place[header.id] = index
        self.most = max(self.most, header.number)
        self.writing.pop(header.agent, None)
        branch = self.branches.get(header.branch)
        if branch is None:
            branch = self.branches[header.branch] = Branch(header.branch, self.place.get(header.parent))
            if header.branch == self.branch:
                branch.tally, self._early = self._early, _NOTHING
            touched.branches = True
        if header.kind not in FOLDED:
            self.shown.append(index)
            self.own.setdefault(header.agent, []).append(index)
            branch.shown.append(index)
        branch.rows.append(index)
        branch.ended = header.ends_program  # or by the last agent's return, which only the run's end tells
        if header.kind == "create" and header.peer:
            self.born[header.peer] = index
        if header.kind == "say":
            self._last_said[header.agent] = index
        ids = self._hearing.pop(header.agent, ())
        if ids and header.kind == "heard" and header.text.endswith(CUT):
            self._texts[index] = "\n".join(self._messages[id].text for id in ids if id in self._messages)
        touched.rows = touched.totals = True
        touched.agents.add(header.agent)

    def _complete(self, message: MessageView) -> None:
        """A header holds the first 200 characters of what was said; the message holds all."""
        index = self.place.get(message.checkpoint, self._last_said.get(message.sender))
        if index is not None and self.headers[index].text.endswith(CUT):
            self._texts[index] = message.text

    def _send(self, message: MessageView, touched: Touched) -> None:
        for agent in message.receivers:
            if agent != HUMAN and agent not in message.delivered:
                self.inbox.setdefault(agent, []).append(message)
                touched.agents.add(agent)

    def _count(self, more: Tally) -> None:
        branch = self.branches.get(self.branch)
        if branch is None:
            self._early += more
        elif branch.tally is not None:
            branch.tally += more
        else:
            branch.since += more

    def go_on(self) -> None:
        """The run was told to go on: shown at once, before the engine says so."""
        if self.status in ("paused", "pausing"):
            self.status, self.phrase = "running", ""
        self.stop = None

    def _end(self, status: RunStatus, error: str) -> None:
        self.status, self.error = status, error
        self.phrase = error
        if self.branch in self.branches and status != "ready":
            self._close(self.branches[self.branch], status)
        self.asked = self.questions = ()
        self.undecided.clear()
        self.writing.clear()
        self.thinking.clear()

    def _close(self, branch: Branch, status: str) -> None:
        branch.status = status
        branch.ended |= status == "finished" and self.headers[branch.rows[-1]].kind == "end"

    # -- asking ----------------------------------------------------------------------------------------------

    def ends_run(self, index: int) -> bool:
        """Whether a row is where its branch ended, by `EndProgram` or the last agent's return."""
        header = self.headers[index]
        branch = self.branches[header.branch]
        return header.ends_program or (branch.ended and index == branch.rows[-1])

    def text(self, index: int) -> str:
        """What was said, heard or called in a row, in full where it is known."""
        return self._texts.get(index) or self.headers[index].text

    @property
    def over(self) -> bool:
        """Whether the run has come to its end: what is not there yet will not come."""
        return self.status in ("finished", "failed")

    @property
    def question(self) -> Question | None:
        """What the next answer goes to, as far as it is known; None: nobody asks."""
        if not self.asked:
            return None
        return self.questions[0] if self.questions else Question("", "")

    @property
    def lanes(self) -> list[str]:
        """Agents in the order they appeared, the person last."""
        return [agent for agent in self.agents if agent != HUMAN] + [HUMAN] * (HUMAN in self.agents)

    def hue(self, agent: str) -> str:
        """The ink of an agent: its own, everywhere."""
        if len(self._hues) != len(self.agents):
            self._name()
        return self._hues.get(agent, "plain")

    def title(self, agent: str) -> str:
        """An agent by name; with its id where the name alone does not tell."""
        if len(self._hues) != len(self.agents):
            self._name()
        return self._titles.get(agent, agent)

    def _name(self) -> None:
        """Names all agents: a new one may be called as an older is."""
        names = Counter(view.class_name for view in self.agents.values())
        self._hues = {HUMAN: "lane-you"} if HUMAN in self.agents else {}
        self._titles = {HUMAN: YOU}
        for place, id in enumerate(id for id in self.agents if id != HUMAN):
            self._hues[id] = f"lane-{place % HUES + 1}"
            name = self.agents[id].class_name
            self._titles[id] = name if names[name] == 1 else f"{name} {id}"

    @property
    def newest(self) -> int | None:
        """The newest row of this branch."""
        branch = self.branches.get(self.branch)
        return branch.rows[-1] if branch and branch.rows else None

    @property
    def tally(self) -> Tally:
        """What all branches together came to, as far as it is known."""
        whole = self._early
        for branch in self.branches.values():
            if branch.tally is not None:
                whole += branch.tally
        return whole

    def limits(self, branch: str, upto: int) -> dict[str, int]:
        """The branches that lead to a row, each with its last row that does.

        Args:
            branch: The row's own.
            upto: The row.
        """
        found: dict[str, int] = {}
        name, limit = branch, upto
        while name in self.branches:
            found[name] = limit
            fork = self.branches[name].fork
            if fork is None:
                break
            name, limit = self.headers[fork].branch, min(limit, fork)
        return found

    def path(self, branch: str) -> list[int]:
        """Rows from the session's start to the end of a branch."""
        found: list[int] = []
        for name, limit in reversed(self.limits(branch, len(self.headers)).items()):
            rows = self.branches[name].rows
            found += rows[: bisect_right(rows, limit)]
        return found

    def on_path(self, rows: Sequence[int], branch: str) -> list[int]:
        """Of some rows, in order, those that lead to the end of a branch."""
        if len(self.branches) <= 1:
            return list(rows)
        limits = self.limits(branch, len(self.headers))
        return [row for row in rows if row <= limits.get(self.headers[row].branch, -1)]

    def behind(self, here: int) -> int:
        """How many checkpoints of its branch are newer than a row."""
        rows = self.branches[self.headers[here].branch].rows
        return len(rows) - bisect_right(rows, here)
