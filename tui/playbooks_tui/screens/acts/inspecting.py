"""Following a variable, watching, and the tabs of the inspector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbooks.errors import UserError
from playbooks.runtime.expression import parse_expression
from playbooks.session.record import VariableEntry
from playbooks_tui.ending import ending_of
from playbooks_tui.inspected import place_words
from playbooks_tui.screens.acts.base import Acts
from playbooks_tui.widgets.inspector import Inspector
from playbooks_tui.widgets.inspector.sheet import Target

if TYPE_CHECKING:
    from playbooks_tui.screens.fork.draft import Key


class InspectingActs(Acts):
    """What is asked about values."""

    first_tab = ""
    """The tab that is shown, and to begin with; empty: the first."""

    # -- what is selected ------------------------------------------------------------------------------------

    @property
    def selected(self) -> Target | None:
        """The line of the inspector that acts mean: only while the keys are there."""
        inspector = self.query_one(Inspector)
        return inspector.selected if self.focused is inspector else None

    def selected_thing(self) -> Key | None:
        """What `e` changes: the inspector's selected variable or code; None: what the checkpoint itself did."""
        target = self.selected
        if target is None:
            return None
        if target.kind == "variable":
            at, inspected = self.at, self.query_one(Inspector).inspected
            own = at is not None and inspected is not None and inspected.agent == self.record.headers[at].agent
            return ("variable", target.name if own or inspected is None else f"{inspected.agent}.{target.name}")
        return ("code", "") if target.kind == "code" else None

    def on_inspector_selected(self, event: Inspector.Selected) -> None:
        if event.target.kind == "variable":
            self.variable = event.target.name
            self.inspect()

    def on_inspector_chosen(self, event: Inspector.Chosen) -> None:
        """Enter on a line: goes to a checkpoint, changes a watch, switches a breakpoint."""
        target = event.target
        match target.kind:
            case "entry":
                self.go(self.record.place[target.name], look=True)
            case "watch":
                self._change_watch(target.name)
            case "variable" | "code":
                self.run_action_soon("edit")
            case "breakpoint" | "step":
                self.run_action_soon("break_here")

    def run_action_soon(self, action: str) -> None:
        """Does what a key does."""
        self.call_later(self.run_action, action)

    # -- comparing -------------------------------------------------------------------------------------------

    def action_compare(self) -> None:
        """Compares with the mark, or with now; at the newest of a branch with the one it left from."""
        from playbooks_tui.screens.compare.screen import Compare

        record, at = self.record, self.at
        if at is None or record.newest is None:
            self.say("there is nothing to compare yet")
            return
        mark, here = self.standing.mark, record.headers[at]
        if mark is not None and mark != at:
            names = (record.headers[mark].id, here.id)
        elif at != record.newest:
            names = (here.id, record.branch if here.branch != record.branch else record.headers[record.newest].id)
        else:
            fork = record.branches[record.branch].fork
            others = [name for name in record.branches if name != record.branch]
            if not others:
                marked = mark is not None  # this very moment: there is nothing between it and itself
                self.say(
                    ("look back" if marked else "look back or mark a row with m") + ": then d compares it with now"
                )
                return
            names = (record.headers[fork].branch if fork is not None else others[-1], record.branch)
        if mark is not None and {record.headers[mark].id, here.id} == {self._head_of(b) for b in record.branches}:
            names = (record.headers[mark].branch, here.branch)
        session = self.bridge.session
        self.app.push_screen(
            Compare(record, names, self.bridge.read, session.record.compare, self._ending_of, self.seconds),
            self._look_at,
        )

    def _head_of(self, branch: str) -> str:
        return self.record.headers[self.record.branches[branch].rows[-1]].id

    def _ending_of(self, name: str) -> str:
        """How a branch ended; empty: it has not, or it is a checkpoint."""
        branch = self.record.branches.get(name)
        return ending_of(self.record, name) if branch is not None and branch.ended else ""

    def _look_at(self, id: str | None) -> None:
        if id is not None:
            self.go(self.record.place[id], look=True)

    # -- who changed this ------------------------------------------------------------------------------------

    def action_who(self) -> None:
        """Looks at the checkpoint that changed the variable last; there already: at the one before."""
        inspected, at = self.query_one(Inspector).inspected, self.at
        if inspected is None or at is None or not inspected.variables:
            self.say("there is no variable here")
            return
        names, target = [variable.name for variable in inspected.variables], self.selected
        # The history that is shown may still be read: what is selected counts.
        meant = target.name if target is not None and target.kind == "variable" else self.variable
        name = meant if meant in names else names[0]
        agent, id, session = inspected.agent, self.record.headers[at].id, self.bridge.session
        there = not self.follows  # else the newest may be the answer

        def work() -> None:
            try:
                entry = session.record.changed_last(id, agent, name)
                if there and entry is not None and entry.header.id == id:
                    entry = (
                        session.record.changed_last(entry.header.parent, agent, name) if entry.header.parent else None
                    )
                if entry is None:
                    words = f"nothing before this changed {name}"
                elif entry.header.agent == agent or entry.header.kind == "start":
                    words = ""
                else:  # another agent came to its await before the one whose code it was
                    code = place_words(session.record, entry)
                    did = "was called with" if entry.first else "set"
                    words = f"{self.record.title(agent)} {did} {name}{f' in {code}' if code else ''}: first kept here"
            except Exception as error:  # a damaged file is said where its content was asked for
                entry, words = None, str(error)
            self.app.call_from_thread(self._changed_by, agent, name, entry, words)

        self.bridge.read(work)

    def _changed_by(self, agent: str, name: str, entry: VariableEntry | None, words: str) -> None:
        if entry is None:
            self.say(words)
            return
        self.agent, self.variable = agent, name
        self.go(self.record.place[entry.header.id], look=True)
        if words:
            self.say(words)

    # -- watches ---------------------------------------------------------------------------------------------

    def action_watch(self) -> None:
        target = self.selected
        value = target.name if target is not None and target.kind == "variable" else ""
        self._ask_watch("Watch", value, "")

    def _change_watch(self, old: str) -> None:
        self._ask_watch("Change a watch", old, old)

    def _ask_watch(self, title: str, value: str, old: str) -> None:
        from playbooks_tui.break_forms import watch
        from playbooks_tui.screens.line import LineScreen

        about = f"Over the agent's variables: {watch(self.bridge.session.program)}. Empty: none."
        self.app.push_screen(
            LineScreen(title, about, value, check=mistake_in_expression), lambda text: self._watched(text, old)
        )

    def _watched(self, text: str | None, old: str) -> None:
        if text is None:
            return
        new = text.strip()
        others = [watch for watch in self.watches if watch not in (old, new)]
        place = self.watches.index(old) if old in self.watches else len(others)
        self.bridge.session.set_watches((*others[:place], *([new] if new else []), *others[place:]))
        self.turn_to("state")
        self.inspect()

    # -- tabs ------------------------------------------------------------------------------------------------

    def turn_to(self, tab: str) -> None:
        """Shows a tab of the inspector."""
        self.prompting, self.first_tab = tab == "prompt", tab
        inspector = self.query_one(Inspector)
        inspector.turn_to(tab)
        self.show_tab("inspector")

    def _turn(self, tab: str) -> None:
        """A key's: the inspector comes to be seen, too."""
        inspector = self.query_one(Inspector)
        if self.zoomed and self.zoomed != inspector.id:
            self.zoom(inspector.id or "")
        elif inspector.shown == tab and (self.shown_tab == "inspector" or not self.has_class("-narrow")):
            self.say(f"the inspector shows {tab} already")
        self.turn_to(tab)

    def action_state(self) -> None:
        self._turn("state")

    def action_code(self) -> None:
        self._turn("code")

    def action_prompt(self) -> None:
        self._turn("prompt")

    def action_program(self) -> None:
        self._turn("program")

    def action_breaks(self) -> None:
        self._turn("breaks")

    def action_output(self) -> None:
        self._turn("output")


def mistake_in_expression(text: str) -> str:
    """What is wrong with an expression; empty: nothing."""
    if not text.strip():
        return ""
    try:
        parse_expression(text)
    except UserError as error:
        return str(error)
    return ""
