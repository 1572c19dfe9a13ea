"""What those who wait for the person said to them last, found in the record.

Apart because the state keeps messages, and not which call of a playbook sent them: two that wait may be of one name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from playbooks.checkpoints.record import Header
from playbooks.checkpoints.store import Damaged, Store, UnknownCheckpoint
from playbooks.runtime.notices import MessageView
from playbooks.runtime.targets import HUMAN
from playbooks.state import ProgramState, from_builtins
from playbooks.state import events as e

_MOST_READ = 100
"""Checkpoints that are looked at: what was said longer ago is not told."""

Known = Mapping[int, tuple[tuple[int, ...], int]]
"""Frame → the task of it that said something to the person last, and the id of that message."""


def waiting(state: ProgramState) -> dict[int, str]:
    """The frames that wait for the person, and have no answer yet, each with its agent."""
    found: dict[int, str] = {}
    for frame, row in state.frames.items():
        agent = row[0]
        if frame in state.returned or any(state.messages[id][0] == HUMAN for id in state.inbox.get(agent, ())):
            continue
        record = state.record.get((frame, state.progress_of(frame).unit), {})
        if any(
            key[0] == "begun" and value[1] == "Yld" and value[3:4] == ("user",) and ("ended", *key[1:]) not in record
            for key, value in record.items()
        ):
            found[frame] = agent
    return found


def known_questions(store: Store, path: Sequence[Header], state: ProgramState) -> Known:
    """What each frame that waits for the person said to them last itself; of one that said nothing, nothing.

    Args:
        store: Where.
        path: The branch up to the state, oldest first.
        state: At its end.
    """
    wanted, found = waiting(state), dict[int, tuple[tuple[int, ...], int]]()
    to_person = (header for header in reversed(path) if header.kind == "say" and header.peer == HUMAN)
    for _ in range(_MOST_READ):
        header = next((header for header in to_person if header.agent in wanted.values()), None) if wanted else None
        if header is None:
            break
        try:
            events = from_builtins(store.read(header.id).events)
        except (Damaged, UnknownCheckpoint, ValueError):
            break  # what was said before it need not be the last
        said = next((event for event in events if isinstance(event, e.MessageSent)), None)
        ended = next((event for event in reversed(events) if isinstance(event, e.EffectEnded)), None)
        if said and ended and wanted.pop(ended.frame, None):
            found[ended.frame] = ended.path, said.id
    return found


def spoken(state: ProgramState, known: Known) -> dict[int, dict[tuple[int, ...], str]]:
    """The same with the texts, as the frames hold it: frame → task → text."""
    return {frame: {task: state.message(id).text} for frame, (task, id) in known.items()}


def asked_last(state: ProgramState, known: Known) -> tuple[MessageView, ...]:
    """What the person was asked last: what each that waits for them said itself, else the last that its agent said."""
    found = set()
    for frame, agent in waiting(state).items():
        if frame in known:
            found.add(known[frame][1])
        else:
            found.add(max((id for id, row in state.messages.items() if row[0] == agent and HUMAN in row[1]), default=0))
    return tuple(MessageView(id, *state.message(id), (HUMAN,)) for id in sorted(found - {0}))
