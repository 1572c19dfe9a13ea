"""What a running program tells whoever watches: published facts, and text on its way.

Apart from events: events are state and durable; notices are for eyes only, and losing one loses nothing. `Committed`
comes after its checkpoint is durable; `Writing` is the only one that shows something before that, and says so by its
nature. All are called on the engine's thread, in order, and must return at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from playbooks.checkpoints.record import Header

AgentStatus = Literal["ready", "running", "waiting", "idle", "finished", "failed"]
RunStatus = Literal["ready", "running", "pausing", "paused", "waiting", "interrupted", "finished", "failed"]


class AgentView(msgspec.Struct, frozen=True):
    """An agent as a pane's title shows it."""

    id: str
    class_name: str
    status: AgentStatus
    waits_for: str = ""
    """`agent 1001`, `user`, `meeting 101`; empty when it waits for nobody."""
    step: str = ""
    """The last step its innermost frame reached, `Haggle:02:CND`."""
    playbook: str = ""
    created_by: str = ""
    error: str = ""


class MessageView(msgspec.Struct, frozen=True):
    """One message between agents or to and from the person."""

    id: int
    sender: str
    receivers: tuple[str, ...]
    text: str
    meeting: str = ""
    delivered: tuple[str, ...] = ()
    """Those of the receivers that have taken it."""
    checkpoint: str = ""
    """Of the sender, which made it."""


class Committed(msgspec.Struct, frozen=True):
    """A checkpoint is durable (or, without durability, an effect completed)."""

    header: Header


class Pruned(msgspec.Struct, frozen=True):
    """Older checkpoints were taken away, as `keep_last_n` says; what stood on them stands on the kept ones before."""

    ids: tuple[str, ...]


class AgentChanged(msgspec.Struct, frozen=True):
    """An agent appeared, or does or waits for something else."""

    agent: AgentView


class MessageSent(msgspec.Struct, frozen=True):
    """A message is published: durable, and in its receivers' inboxes."""

    message: MessageView


class MessageHeard(msgspec.Struct, frozen=True):
    """An agent took messages from its inbox."""

    agent: str
    ids: tuple[int, ...]


class Writing(msgspec.Struct, frozen=True):
    """The model is writing a literal `Say`: the text so far of what is not said yet."""

    agent: str
    target: str
    """As the program writes it: `user`, `agent 1001`; a meeting by its id, `meeting 101`."""
    text: str
    """All of it so far, not the difference."""


class WritingDropped(msgspec.Struct, frozen=True):
    """What was being written will not be said as shown: an error, an interrupt, a branch not taken."""

    agent: str


class ModelCalled(msgspec.Struct, frozen=True):
    """A model is asked."""

    agent: str
    call: int
    """Counts the session's calls, from 1."""
    model: str
    prompt_tokens: int | None = None


class ModelAnswered(msgspec.Struct, frozen=True):
    """A response is complete (or broke off: `error`)."""

    agent: str
    call: int
    input_tokens: int | None
    output_tokens: int | None
    cost: float | None
    seconds: float
    error: str = ""


class ModelRetried(msgspec.Struct, frozen=True):
    """A call failed and is made again."""

    agent: str
    attempt: int
    delay_s: float
    reason: str


class Output(msgspec.Struct, frozen=True):
    """A print, warning or log line of the program, or a word of the engine's about it."""

    agent: str
    text: str
    kind: Literal["print", "warning", "error", "log"] = "print"


class MayHaveRun(msgspec.Struct, frozen=True):
    """A call that was under way when the process died has been reached again; told anew once it is decided."""

    id: str
    agent: str
    call: str
    """For people: `Charge(10)`."""
    decision: Literal["rerun", "fail", "ask", "result"]
    """`rerun`: it runs again. `fail`: it raises. `ask`: the person decides. `result`: the person gave its result."""


class Question(msgspec.Struct, frozen=True):
    """What an answer of the person is waited for."""

    playbook: str
    """Which waits; empty: not known."""
    text: str
    """What it said to the person last; empty: not known."""


class Asked(msgspec.Struct, frozen=True):
    """The person's answer is waited for by these agents, in the order they asked; empty: by none any more."""

    agents: tuple[str, ...]
    """The next answer goes to the first; one whose branches ask several things is there as often."""
    questions: tuple[Question, ...] = ()
    """Of each of them; empty: not known."""


class StatusChanged(msgspec.Struct, frozen=True):
    """What the run as a whole does."""

    status: RunStatus
    phrase: str = ""
    """What it means, in a few words: `Boss writes · 2 agents wait`, `Seller and Buyer wait for each other`."""


class Stop(msgspec.Struct, frozen=True):
    """Why a run was stopped, and where."""

    reason: Literal["pause", "step", "breakpoint"]
    agent: str
    """Whose step or breakpoint it was; of a pause, of the newest checkpoint."""
    checkpoint: str
    """Id of the newest checkpoint then; empty before the first."""
    text: str
    """For people: `say /deal/ at 1000_ckpt_5`, `step over`, `paused`."""
    breakpoint: int = 0
    """Its number; 0: none."""


class Stopped(msgspec.Struct, frozen=True):
    """Every agent has stopped or waits: a pause, a step or a breakpoint took effect."""

    stop: Stop


class BreakpointHit(msgspec.Struct, frozen=True):
    """A breakpoint was come to; with `stops` the agents stop now, which `Stopped` tells."""

    breakpoint: int
    """Its number."""
    where: str
    """Its text."""
    agent: str
    checkpoint: str
    """Id of the newest checkpoint."""
    text: str
    """What it notes, or `say /deal/ at 1000_ckpt_5`."""
    count: int
    stops: bool


class BreakpointsChanged(msgspec.Struct, frozen=True):
    """Breakpoints were set, changed or taken away."""


Notice = (
    Committed
    | Pruned
    | AgentChanged
    | MessageSent
    | MessageHeard
    | Writing
    | WritingDropped
    | ModelCalled
    | ModelAnswered
    | ModelRetried
    | Output
    | MayHaveRun
    | Asked
    | StatusChanged
    | Stopped
    | BreakpointHit
    | BreakpointsChanged
)
Listener = Callable[[Notice], None]
