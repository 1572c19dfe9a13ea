"""What of a run is worth a line: notices in, lines out, the same for a terminal and for a pipe.

Apart from what draws them because it decides by what was asked for (`--snoop`, `--quiet`), not by where it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from playbooks.runtime.decisions import DECIDED
from playbooks.runtime.notices import (
    AgentChanged,
    AgentView,
    Committed,
    MayHaveRun,
    MessageSent,
    ModelAnswered,
    ModelCalled,
    ModelRetried,
    Notice,
    Output,
    StatusChanged,
    Writing,
)

PERSON = "human"
ACTS = {"create": "+", "call": "ƒ", "tool": "◆"}
"""Kinds of checkpoints that are an act of an agent and not its talk, with the sign each has on the screen too."""

LONG_WAIT_S = 5.0
"""A model is asked again later than that: told each time, for somebody waits."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What moves the cursor, rings, colours, or turns the direction of what follows around."""


class Line(msgspec.Struct, frozen=True):
    """One thing to show."""

    kind: Literal["said", "act", "print", "warning", "error", "log"]
    text: str
    head: str = ""
    """Who says it to whom, `Seller → Buyer`, or who did it."""
    agent: str = ""
    """Whose it is; decides the colour."""


class Taste(msgspec.Struct, frozen=True):
    """What the person wants to see."""

    snoop: bool = False
    """What agents say to one another, and what they do."""
    quiet: bool = False
    """Nothing but what is said to the person."""
    verbose: bool = False
    """Log lines too."""


class Transcript:
    """Makes lines of notices; knows the agents by what it was told of them.

    Args:
        taste: What is wanted.
        agents: Those there are already.
    """

    def __init__(self, taste: Taste, agents: Mapping[str, AgentView] | None = None) -> None:
        self.taste = taste
        self._classes = {agent: view.class_name for agent, view in (agents or {}).items()}
        self._failed: set[str] = set()
        self._waiting: set[str] = set()
        self._asked: dict[str, None] = {}
        """Agents whose model is writing, in the order they asked it."""
        self._troubles: dict[str, set[str]] = {}
        """Agent → what was told to be wrong with its model since it last answered."""
        self._phrase = ""
        self._wrong = ""
        """The last warning or error."""

    def lines(self, notice: Notice) -> Sequence[Line]:
        """What a notice adds; most add nothing."""
        self._note(notice)
        lines = self._lines(notice)
        self._wrong = next((line.text for line in lines if line.kind in ("warning", "error")), self._wrong)
        return lines

    def told(self, error: str) -> bool:
        """Whether the last warning or error said this already: why a run failed is one line, not two."""
        reason = error.partition(" failed: ")[2] or error
        return self._wrong.endswith(clean(reason))

    def _lines(self, notice: Notice) -> Sequence[Line]:
        match notice:
            case MessageSent(message=message) if self.shows(message.sender, message.receivers):
                to = f"meeting {message.meeting}" if message.meeting else self._names(message.receivers)
                head = f"{self.name(message.sender)} → {to}"
                return [Line("said", clean(message.text), head, message.sender)]
            case Committed(header=header) if self.taste.snoop and not self.taste.quiet and header.kind in ACTS:
                text = f"{ACTS[header.kind]} {header.text or header.statement}"
                return [Line("act", clean(text), self.name(header.agent), header.agent)]
            case AgentChanged(agent=agent):
                return self._changed(agent)
            case Output(agent=agent, text=text, kind=kind) if self._wants(kind):
                return [Line(kind, clean(text.rstrip("\n")), self.name(agent), agent)]
            case MayHaveRun(agent=agent, call=call, decision=decision) if decision == "ask" or not self.taste.quiet:
                return [Line("warning", clean(f"◐ {call} {DECIDED[decision]}"), self.name(agent), agent)]
            case ModelRetried(agent=agent, attempt=attempt, delay_s=delay, reason=reason) if not self.taste.quiet:
                if not self._is_news(agent, reason) and delay < LONG_WAIT_S:
                    return []
                text = f"{reason}; the model is asked again in {round(delay, 1):g} s (attempt {attempt})"
                return [Line("warning", clean(text), self.name(agent), agent)]
            case ModelAnswered(agent=agent, error=error) if error and not self.taste.quiet:
                if not self._is_news(agent, error):
                    return []
                return [Line("warning", clean(f"the model gave no whole answer: {error}"), self.name(agent), agent)]
            case _:
                return []

    def _is_news(self, agent: str, trouble: str) -> bool:
        """Whether what is wrong with an agent's model is worth a line: a network that is down is told once."""
        told = self._troubles.setdefault(agent, set())
        new = trouble not in told
        told.add(trouble)
        return new or self.taste.verbose

    def activity(self) -> str:
        """What goes on, in a few words: `Boss writes · 2 agents wait`; empty when nothing does."""
        if self._phrase:
            return self._phrase
        writers = [self.name(agent) for agent in self._asked]
        parts = [f"{' and '.join(writers)} {'writes' if len(writers) == 1 else 'write'}"] if writers else []
        if waiting := len(self._waiting):
            parts.append("1 agent waits" if waiting == 1 else f"{waiting} agents wait")
        return " · ".join(parts)

    def _note(self, notice: Notice) -> None:
        match notice:
            case ModelCalled(agent=agent):
                self._asked[agent] = None
            case ModelAnswered(agent=agent, error=error):
                self._asked.pop(agent, None)
                if not error:
                    self._troubles.pop(agent, None)
            case StatusChanged(phrase=phrase):
                self._phrase = phrase
            case AgentChanged(agent=agent) if agent.id != PERSON:
                (self._waiting.add if agent.status == "waiting" else self._waiting.discard)(agent.id)

    def shows(self, sender: str, receivers: Sequence[str]) -> bool:
        """Whether a message is wanted."""
        if self.taste.quiet:
            return PERSON in receivers
        return self.taste.snoop or sender == PERSON or PERSON in receivers

    def writing(self, notice: Writing) -> Line | None:
        """What is being written, as the line it will become; None when that will not be shown."""
        target = PERSON if notice.target == "user" else notice.target.removeprefix("agent ")
        if not self.shows(notice.agent, [target]):
            return None
        to = target if target.startswith("meeting") else self.name(target)
        return Line("said", clean(notice.text), f"{self.name(notice.agent)} → {to}", notice.agent)

    def name(self, agent: str) -> str:
        """What people call an agent: its class, with its id while another has the same."""
        if agent == PERSON:
            return "you"
        class_name = self._classes.get(agent)
        if class_name is None:
            return agent or "engine"
        alone = list(self._classes.values()).count(class_name) == 1
        return class_name if alone else f"{class_name} {agent}"

    def _names(self, agents: Sequence[str]) -> str:
        return ", ".join(self.name(agent) for agent in agents)

    def _wants(self, kind: str) -> bool:
        if kind == "log":
            return self.taste.verbose
        return kind == "error" or not self.taste.quiet

    def _changed(self, agent: AgentView) -> Sequence[Line]:
        self._classes[agent.id] = agent.class_name
        if agent.status != "failed" or agent.id in self._failed:
            return []
        self._failed.add(agent.id)
        return [Line("error", clean(f"failed: {agent.error}"), f"{agent.class_name} {agent.id}", agent.id)]


def clean(text: str) -> str:
    """Without control characters: what a model or a tool says must not steer the terminal."""
    return _CONTROL.sub("", text.replace("\r\n", "\n"))
