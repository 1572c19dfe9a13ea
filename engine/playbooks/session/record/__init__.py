"""Reading a session's record: what it was, why, and what would have been; never executing.

One object below the screen and the commands, over functions that have a file each. To be used from one thread at a
time, any thread; what it gives is plain data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from playbooks.checkpoints.describe import show
from playbooks.checkpoints.record import Header
from playbooks.checkpoints.store import Store
from playbooks.runtime.breakpoint import Breakpoint
from playbooks.runtime.expression import ExpressionError, parse_expression
from playbooks.runtime.seen import SeenNames
from playbooks.session.moment import Moment
from playbooks.session.record.finding import Found, find
from playbooks.session.record.history import Place, VariableEntry, changed_last, history, past, place_of
from playbooks.session.record.past_hits import PastHit, hits_before
from playbooks.session.record.reader import Reader
from playbooks.session.record.responses import Code, CodeLine, Prompt, Received, code_at, prompt_at
from playbooks.session.record.spending import Spent, spent_at, spent_between, spent_on

if TYPE_CHECKING:
    from playbooks.session.record.comparing import Comparison, Pair, PromptChange, VariableAcross

__all__ = [
    "Code", "CodeLine", "Comparison", "Found", "Pair", "PastHit", "Place", "Prompt", "PromptChange", "Received",
    "SessionRecord", "Spent", "VariableAcross", "VariableEntry", "Watched",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in ("Comparison", "Pair", "PromptChange", "VariableAcross"):  # late: only comparing needs what they need
        from playbooks.session.record import comparing

        return getattr(comparing, name)
    raise AttributeError(f"module 'playbooks.session.record' has no attribute {name!r}")


class Watched(msgspec.Struct, frozen=True):
    """A watch at a moment."""

    text: str
    value: str
    """As people read it; empty with an error."""
    error: str = ""


class SessionRecord:
    """Everything that can be read of a session.

    Every method raises `UserError` for a checkpoint that is not there or can't be read; generators do so while running.

    Args:
        store: Gives where its checkpoints are.
        headers: Gives its headers in sequence order; may grow.
    """

    def __init__(self, store: Callable[[], Store | None], headers: Callable[[], Sequence[Header]]) -> None:
        self.reader = Reader(store, headers)

    def moment(self, checkpoint: str) -> Moment:
        """The state at a checkpoint; the newest few asked for are kept."""
        return self.reader.moment(checkpoint)

    def history(self, checkpoint: str, agent: str, name: str) -> Iterator[VariableEntry]:
        """The values of a variable, newest first: later on the branch, up to the checkpoint, then other branches.

        Args:
            checkpoint: Looked from.
            agent: Whose.
            name: `$price`; or a bare name, as the agent's code would read it there.
        """
        return history(self.reader, checkpoint, agent, name)

    def changed_last(self, checkpoint: str, agent: str, name: str) -> VariableEntry | None:
        """What gave a variable its value at a checkpoint; None: it never got one. For the one before, ask at the
        parent of its header.
        """
        return changed_last(self.reader, checkpoint, agent, name)

    def past(self, checkpoint: str, agent: str, name: str) -> Iterator[VariableEntry]:
        """The values of a variable up to a checkpoint, newest first, one a checkpoint; arguments as for `history`."""
        return past(self.reader, checkpoint, agent, name)

    def place(self, entry: VariableEntry) -> Place:
        """The code that gave the variable its value."""
        return place_of(self.reader, entry)

    def find(self, text: str, start: str = "") -> Iterator[Found | None]:
        """Where a text stands, after a checkpoint and round to it; quick places first. None: still looking."""
        return find(self.reader, text, start)

    def hits_before(self, checkpoint: str, breakpoints: Mapping[int, Breakpoint]) -> Iterator[PastHit | None]:
        """Where breakpoints would have stopped before a checkpoint, newest first. None: still looking."""
        return hits_before(self.reader, checkpoint, breakpoints)

    def spent(self, checkpoint: str) -> Spent:
        """Calls, tokens and cost between the checkpoint before one and it."""
        return spent_at(self.reader, checkpoint)

    def spent_between(self, since: str, to: str) -> Spent:
        """The same from one checkpoint to a later one on the way from it; an empty `since` is the start."""
        return spent_between(self.reader, since, to)

    def spent_on(self, branch: str) -> Spent:
        """The same of a branch since it left another."""
        return spent_on(self.reader, branch)

    def compare(self, left: str, right: str) -> Comparison:
        """Two checkpoints or branches side by side, from where they part."""
        from playbooks.session.record.comparing import compare

        return compare(self.reader, left, right)

    def prompt(self, checkpoint: str, agent: str = "") -> Prompt | None:
        """What the model was sent for the response that a checkpoint's statement stands in; None: there is none."""
        return prompt_at(self.reader, checkpoint, agent)

    def code(self, checkpoint: str, agent: str = "", *, received: Received | None = None) -> Code | None:
        """That response, line by line: has run, runs, is left; None: there is none.

        Args:
            checkpoint: Its id.
            agent: Whose innermost response there; empty: the one of the checkpoint.
            received: Knows what came of a response after the checkpoint, by frame and turn.
        """
        return code_at(self.reader, checkpoint, agent, received)

    def received_by(self, checkpoint: str) -> Received:
        """What had come of responses by a checkpoint: of one that is still being written earlier, what follows."""

        def received(frame: int, turn: int) -> tuple[str, bool] | None:
            state = self.reader.moment(checkpoint).state
            text, progress = state.response.get(frame), state.progress_of(frame)
            return (text, progress.ended) if text is not None and progress.turn == turn else None

        return received

    def watch(self, checkpoint: str, agent: str, texts: Sequence[str], longest: int = 2_000) -> list[Watched]:
        """Watches at a checkpoint, in an agent; one that has no value says why.

        Args:
            checkpoint: Its id.
            agent: Whose variables.
            texts: Expressions; a variable's name is one.
            longest: Characters of a value.
        """
        return watched(self.reader.moment(checkpoint), agent, texts, longest)


def watched(moment: Moment, agent: str, texts: Sequence[str], longest: int = 2_000) -> list[Watched]:
    """Watches at a moment, in an agent; values are cut after so many characters."""
    names: Any = SeenNames(moment.state, agent, trusted=moment.trusted)
    found = []
    for text in texts:
        try:
            found.append(Watched(text, show(parse_expression(text).value(names), longest)))
        except ExpressionError as error:
            found.append(Watched(text, "", str(error)))
    return found
