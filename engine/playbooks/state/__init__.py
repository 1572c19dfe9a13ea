"""State is the fold of events: nothing in this room does I/O, reads a clock or runs a program."""

from playbooks.state.changes import Changes
from playbooks.state.events import Event, from_builtins, to_builtins
from playbooks.state.program_state import ProgramState
from playbooks.state.reducing import reduce

__all__ = ["Changes", "Event", "ProgramState", "from_builtins", "reduce", "to_builtins"]
