"""What the dialog needs of the session, read on the reading thread: facts to fill it, and plans while it is filled in.

Apart so that the dialog never touches the engine, and no fold holds up a key.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import msgspec

from playbooks.checkpoints.record import BranchInfo
from playbooks.errors import UserError
from playbooks.language import load_program
from playbooks.language.model import Program
from playbooks.session.changeable import Leaving
from playbooks.session.edits import Edits
from playbooks.session.moment import Moment
from playbooks.session.programs import recorded_program
from playbooks.session.settling import ForkOptions
from playbooks_tui.bridge import Bridge
from playbooks_tui.screens.fork.draft import Draft, edits_of, temperature_of
from playbooks_tui.screens.fork.foreseen import Later, Rows, foreseen


class Now(msgspec.Struct, frozen=True):
    """The program's files as they are now."""

    program: Program | None
    """None: they can't be used."""
    path: str
    words: str
    """How they differ from what was recorded: `2 lines differ`."""
    same: bool


class Facts(msgspec.Struct, frozen=True):
    """What can be changed at the place, and what the program is now."""

    leaving: Leaving
    now: Now
    later: Later


class Desk:
    """Asks the session on behalf of the dialog.

    Args:
        bridge: To the session.
        branch: The branch that the checkpoint is on.
        head: Id of that branch's newest checkpoint.
        behind: How many of its checkpoints are later than the fork.
        title: Agent's id → what people call it.
    """

    def __init__(self, bridge: Bridge, branch: str, head: str, behind: int, title: Callable[[str], str]) -> None:
        self._bridge, self._branch, self._head, self._behind, self._title = bridge, branch, head, behind, title
        self._now: Now | None = None

    def read(self, work: Callable[[], None]) -> None:
        """Does some reading on the reading thread."""
        self._bridge.read(work)

    def title(self, agent: str) -> str:
        """An agent by name."""
        return self._title(agent)

    def facts(self, checkpoint: str, before: bool) -> Facts:
        """Reads all that the dialog shows; on the reading thread.

        Raises:
            UserError: The place can't be forked from.
        """
        leaving = self._bridge.session.leaving(checkpoint, before=before)
        if self._now is None:
            self._now = program_now(recorded_program(leaving.moment.state))
        return Facts(leaving, self._now, self._later(leaving.moment, before))

    def _later(self, moment: Moment, before: bool) -> Later:
        head = self._bridge.moment_now(self._head)
        cost = None if head.cost is None or moment.cost is None else head.cost - moment.cost
        return Later(self._branch, self._behind + before, max(0, head.calls - moment.calls), cost)

    def plan(self, draft: Draft, facts: Facts) -> Rows:
        """What would happen; on the reading thread.

        Raises:
            UserError: It can't be done, and why.
        """
        edits = edits_of(draft, facts.leaving.things)
        program = facts.now.program if draft.program else None
        options = ForkOptions(draft.model or None, temperature_of(draft), program)
        plan = self._bridge.session.plan(
            draft.checkpoint, before=draft.before, label=draft.label, edits=edits, options=options
        )
        asks = "all that comes next" if draft.model or draft.temperature else ""
        if not asks and draft.rest == "ask":
            asks = "the rest of the response"
        return foreseen(plan, facts.leaving.moment, facts.later, self._title, asks=asks)

    def fork(self, draft: Draft, facts: Facts) -> Future[BranchInfo]:
        """Begins the branch; a run under way is interrupted first."""
        edits: Edits = edits_of(draft, facts.leaving.things)
        options: dict[str, Any] = {
            "before": draft.before,
            "result": edits.result,
            "set": edits.set,
            "say": edits.say,
            "response": edits.response,
            "regenerate": edits.regenerate,
            "model": draft.model or None,
            "temperature": temperature_of(draft),
            "program": facts.now.program if draft.program else None,
            "label": draft.label,
        }
        return self._bridge.fork(draft.checkpoint, **options)


def program_now(recorded: Program) -> Now:
    """Reads a program's files again, and says how they differ from what was recorded."""
    path = recorded.roots[0] if recorded.roots else ""
    try:
        program = load_program(list(recorded.roots))
    except UserError as error:
        return Now(None, path, f"can't be used: {str(error).splitlines()[0]}", False)
    count = differing_lines(recorded, program)
    if not count:
        return Now(program, path, "its files are the same", True)
    return Now(program, path, f"{count} {'line differs' if count == 1 else 'lines differ'}", False)


def differing_lines(one: Program, other: Program) -> int:
    """How many lines of their files differ, a changed line counted once."""
    old, new = ({file.path: file.text.splitlines() for file in program.files} for program in (one, other))
    count = 0
    for path in dict.fromkeys((*old, *new)):
        matcher = difflib.SequenceMatcher(None, old.get(path, []), new.get(path, []), autojunk=False)
        for tag, a, b, c, d in matcher.get_opcodes():
            if tag != "equal":
                count += max(b - a, d - c)
    return count
