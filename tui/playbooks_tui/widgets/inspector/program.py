"""Program: the `.pb` as it runs there, with the step of each agent and the breakpoints."""

from __future__ import annotations

from functools import lru_cache

from playbooks.errors import UserError
from playbooks.session.programs import program_of
from playbooks.session.run_control import BreakpointView
from playbooks_tui.inspected import Inspected
from playbooks_tui.record import Record
from playbooks_tui.situation import step_name
from playbooks_tui.spans import Line, Span, plain, wrapped
from playbooks_tui.widgets.inspector.sheet import ListSheet, Target, quiet_line

Files = tuple[tuple[str, str], ...]


class ProgramSheet(ListSheet):
    """The text, its steps a thing to break on."""

    id = "program"
    name = "Program"

    def __init__(self, record: Record) -> None:
        super().__init__(record)
        self.broken: tuple[BreakpointView, ...] = ()
        """The breakpoints on steps."""

    def lines(self, inspected: Inspected | None, width: int, *, at_moment: bool) -> list[Line]:
        self.focus_line = None
        if inspected is None or not inspected.files:
            return [quiet_line("no program yet")]
        steps = step_lines(inspected.files, inspected.roots)
        standing: dict[tuple[str, str], list[str]] = {}
        for agent, label in inspected.steps.items():
            standing.setdefault((self.class_of(agent), label), []).append(agent)
        found: list[Line] = []
        for path, text in inspected.files:
            if len(inspected.files) > 1:
                found += [Line((Span(f" {path}", bold=True),))]
            for number, row in enumerate(text.split("\n"), 1):
                step = steps.get((path, number))
                agents = standing.get(step, []) if step else []
                own = inspected.agent in agents
                if own and self.focus_line is None:
                    self.focus_line = len(found)
                if step:
                    self.targets[len(found)] = Target("step", step[1], number, step[0])
                broken = self._stop(*step) if step else None
                found += self._row(number, row, broken, agents, width, here=own and at_moment, own=own)
        return found

    def _stop(self, owner: str, label: str) -> bool | None:
        """Whether the breakpoint on a step is on; None: it has none."""
        on = None
        for view in self.broken:
            wanted = view.breakpoint
            if step_name(wanted.what) == step_name(label) and self.class_of(wanted.agent) in ("", owner):
                on = on or wanted.enabled
        return on

    def _row(
        self, number: int, row: str, broken: bool | None, agents: list[str], width: int, *, here: bool, own: bool
    ) -> list[Line]:
        stop = Span(" " if broken is None else "■" if broken else "□", "bad", bold=True)
        if own:
            mark = Span("▸" if here else "●", "here" if here else "good", bold=True)
        elif agents:
            mark = Span("●", self.record.hue(agents[0]), bold=True)
        else:
            mark = Span(" ")
        title = row.startswith("#")
        ink = "here" if here else "plain"
        lead = [stop, Span(f"{number:>3} ", ink if own else "quiet", bold=own), mark, Span(" ")]
        spaces = len(row) - len(row.lstrip())
        room = max(8, width - 9 - spaces)
        lines = []
        for place, piece in enumerate(wrapped(plain(row.strip()), room)):
            begin = lead if not place else [Span(" " * 8)]
            lines.append(Line((*begin, Span(" " * spaces + piece, ink, bold=title or own))))
        return lines


@lru_cache(4)
def step_lines(files: Files, roots: tuple[str, ...]) -> dict[tuple[str, int], tuple[str, str]]:
    """(path, line) → the step that stands there, its agent's name and its label; empty when the texts are no program.

    Args:
        files: Path and text of each.
        roots: Paths of those that were given on the command line.
    """
    try:
        program = program_of(files, roots)
    except UserError:
        return {}
    having = ((agent.name, playbook) for agent in program.agents for playbook in agent.playbooks)
    return {(step.file, step.line): (name, step.label) for name, playbook in having for step in playbook.walk()}
