"""Each key does what the help says: with a real session behind it, and nothing faked."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from tui.desk import Desk, Opens
from tui.programs import ASKS, ENDLESS, MANY, SLEEPS

import playbooks_tui
from playbooks_tui.keys import BINDINGS, FOOTER, KEPT
from playbooks_tui.screens.help import Help
from playbooks_tui.situation import engine_mode, mode
from playbooks_tui.widgets.ask import Ask
from playbooks_tui.widgets.foot import Foot, footer_line
from playbooks_tui.widgets.head import Head
from playbooks_tui.widgets.inspector import Inspector
from playbooks_tui.widgets.timeline import Timeline


def state(desk: Desk) -> str:
    return mode(desk.screen.record, desk.screen.standing)


def header(desk: Desk) -> str:
    return desk.screen.query_one(Head).line(0).text.strip()


async def at(desk: Desk, checkpoint: str) -> None:
    """Waits until every pane shows a checkpoint."""
    screen = desk.screen
    inspector = screen.query_one(Inspector)  # a moment that was overtaken while the program ran is read, not shown
    await desk.until(lambda: (shown := inspector.inspected) and shown.header.id == checkpoint)


async def test_a_run_is_shown_to_its_end_and_says_how_it_ended(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        assert header(d).startswith("■ FINISHED  Sold at 80.")
        assert "■ Sold at 80." in d.rows(width=70)[-1]
        assert set(d.screen.panes) == {"human", "1000", "1001"}


async def test_space_pauses_at_the_next_await_and_goes_on(desk: Opens) -> None:
    async with desk(ENDLESS) as d:
        await d.until(lambda: len(d.screen.record.shown) > 3)
        await d.press("space")
        await d.status("paused")
        assert state(d) == "paused"
        count = len(d.screen.record.headers)
        assert header(d).startswith(f"|| PAUSED  at {d.screen.record.headers[-1].id}")
        await d.press("space")
        await d.until(lambda: len(d.screen.record.headers) > count + 3)
        assert state(d) == "running"


async def test_before_the_first_checkpoint_the_footer_offers_nothing_that_needs_one(desk: Opens) -> None:
    async with desk(held=True) as d:
        await d.status("paused")
        foot = d.screen.query_one(Foot)
        offered = foot.line(0).text
        assert all(words in offered for words in ("Space run", "n next", "z zoom", ": commands", "? help")), offered
        for words in ("look back", "change", "fork", "mark", "compare", "who", "find"):
            assert words not in offered
        await d.press("n")
        await d.until(lambda: "look back" in foot.line(0).text and "change" in foot.line(0).text)


@pytest.mark.parametrize("key", ["c", "f5"])
async def test_run_ends_a_pause(desk: Opens, key: str) -> None:
    async with desk(held=True) as d:
        await d.status("paused")
        assert header(d).startswith("|| PAUSED  before the first statement")
        await d.press(key)
        await d.status("finished")


@pytest.mark.parametrize("key", ["n", "f10"])
async def test_a_step_makes_one_checkpoint(desk: Opens, key: str) -> None:
    async with desk(held=True) as d:
        await d.status("paused")
        await d.press(key)
        await d.status("paused")
        assert [header.kind for header in d.screen.record.headers] == ["start", "step"]
        timeline = d.screen.query_one(Timeline)
        assert (
            timeline.line(1).text.startswith(" ▸ ") and "- Main:01" in timeline.line(1).text
        )  # though steps are folded
        await d.press(key)
        await d.status("paused")
        assert d.screen.record.headers[-1].kind == "create"
        assert state(d) == "paused"
        assert timeline.rows.count == 2 and "+ Guest 1001" in timeline.line(1).text


async def test_up_looks_back_when_nothing_runs_and_escape_goes_back_to_now(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        record = d.screen.record
        await d.press("up")
        assert d.screen.standing.here == record.shown[-2]
        await d.press("k", "k")
        here = record.headers[record.shown[-4]]
        await at(d, here.id)
        assert header(d).startswith(f"◄◄ LOOKING BACK  at {here.id}")
        await d.press("j")
        assert d.screen.standing.here == record.shown[-3]
        await d.press("down", "escape")
        assert d.screen.standing.here is None and state(d) == "finished"


async def test_looking_back_never_runs_anything(desk: Opens) -> None:
    async with desk(held=True) as d:
        await d.status("paused")
        await d.press("n")
        await d.status("paused")
        await d.press("n")
        await d.status("paused")
        count = len(d.screen.record.headers)
        await d.press("up", "n", "N", "g", "G", "left_square_bracket", "right_square_bracket", "pageup", "pagedown")
        await d.press("up", "enter")
        await at(d, d.screen.record.headers[d.screen.standing.here or 0].id)
        await d.press("enter")
        assert d.said[-1] == "every pane shows this moment already"
        assert len(d.screen.record.headers) == count
        assert d.screen.record.status == "paused"


async def test_while_looking_back_n_moves_forward_and_runs_only_when_asked_again_at_the_newest(desk: Opens) -> None:
    async with desk(held=True) as d:
        await d.status("paused")
        for _ in range(3):
            await d.press("n")
            await d.status("paused")
        count = len(d.screen.record.headers)
        await d.press("N")
        assert state(d) == "back"
        await d.press("n")
        assert state(d) == "back" and len(d.screen.record.headers) == count
        await d.press("n")
        assert d.said[-1] == "this is the newest: n again runs"
        await d.press("n")
        await d.until(lambda: len(d.screen.record.headers) > count)
        assert d.screen.standing.here is None


async def test_while_it_runs_up_only_selects_and_enter_looks(desk: Opens) -> None:
    async with desk(SLEEPS) as d:
        await d.until(lambda: len(d.screen.record.shown) == 5)
        await d.press("up")
        chosen = d.screen.standing.chosen
        assert chosen is not None and state(d) == "running"
        await d.press("enter")
        assert d.screen.standing.here == chosen and "the run goes on" in header(d)
        await at(d, d.screen.record.headers[chosen].id)
        await d.press("G")
        assert state(d) == "running" and d.screen.standing.chosen is None


async def test_first_newest_and_same_agent_find_their_rows(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        record = d.screen.record
        await d.press("g")
        assert d.screen.standing.here == 0
        guest = record.own["1001"]
        d.screen.go(guest[0])
        await d.press("right_square_bracket")
        assert d.screen.standing.here == guest[1]
        await d.press("left_square_bracket")
        assert d.screen.standing.here == guest[0]
        await d.press("left_square_bracket")
        assert d.said[-1] == "Guest has no row before this one"


async def test_pages_move_by_what_is_seen_and_the_row_stays_in_sight(desk: Opens) -> None:
    async with desk(MANY, size=(80, 24)) as d:
        await d.status("finished")
        timeline = d.screen.query_one(Timeline)
        newest = timeline.rows.place(d.screen.record.shown[-1])
        await d.press("pageup", "pageup")
        here = timeline.rows.place(d.screen.standing.here or 0)
        assert here == newest - 2 * timeline.page
        assert timeline.scroll_offset.y <= here < timeline.scroll_offset.y + timeline.page
        await d.press("pagedown")
        assert timeline.rows.place(d.screen.standing.here or 0) == here + timeline.page


async def test_rows_around_the_one_that_is_looked_at_are_in_sight(desk: Opens) -> None:
    async with desk(MANY, size=(80, 24)) as d:
        await d.status("finished")
        timeline = d.screen.query_one(Timeline)
        await d.press(*["up"] * 20)
        here, top = timeline.rows.place(d.screen.standing.here or 0), int(timeline.scroll_offset.y)
        assert here - top == 3
        await d.press(*["down"] * timeline.page)
        here, top = timeline.rows.place(d.screen.standing.here or 0), int(timeline.scroll_offset.y)
        assert top + timeline.page - 1 - here == 3


async def test_a_look_back_shows_the_stack_and_the_variables_of_then(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        record = d.screen.record
        said = next(h for h in record.headers if h.text == "80." and h.kind == "heard")
        d.screen.go(record.place[said.id])
        await at(d, said.id)
        inspected = d.screen.query_one(Inspector).inspected
        assert inspected is not None
        values = {variable.name: variable.value for variable in inspected.variables}
        assert values["$price"] == "100" and inspected.stack[-1].name == "Main"
        await d.press("G")
        await at(d, record.headers[-1].id)
        inspected = d.screen.query_one(Inspector).inspected
        assert inspected is not None
        assert {v.name: v.value for v in inspected.variables}["$price"] == "80"


async def test_a_look_back_shows_what_was_on_its_way(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        record = d.screen.record
        said = next(header for header in record.headers if header.peer == "1001" and header.kind == "say")
        d.screen.go(record.place[said.id])
        await at(d, said.id)
        pane = d.screen.panes["1001"]
        shown = [pane.line(y).text for y in range(pane.virtual_size.height)]
        assert any("» Shop   on its way: A pen for 100?" in line for line in shown)
        await d.press("G")
        shown = [pane.line(y).text for y in range(pane.virtual_size.height)]
        assert not any("on its way" in line for line in shown)


async def test_left_and_right_choose_the_agent_that_is_inspected(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        await d.until(lambda: d.screen.seen)
        first = d.screen.inspected_agent()
        await d.press("right")
        second = d.screen.inspected_agent()
        assert second != first
        await d.press("h")
        assert d.screen.inspected_agent() == first


async def test_g_shows_the_newest_row_again_when_a_wheel_has_scrolled_it_away(desk: Opens) -> None:
    async with desk(ENDLESS, size=(80, 24)) as d:
        timeline = d.screen.query_one(Timeline)
        await d.until(lambda: timeline.max_scroll_y > 3)
        await d.press("space")
        await d.status("paused")
        timeline.scroll_to(y=0, animate=False, immediate=True, force=True)
        await d.press("G")
        assert timeline.scroll_target_y == timeline.max_scroll_y > 3
        await d.press("G")
        assert d.said[-1] == "the newest row is followed already"


async def test_one_to_six_turn_to_a_tab_of_the_inspector(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        inspector = d.screen.query_one(Inspector)
        for key, id in enumerate(["state", "code", "prompt", "program", "breaks", "output"], 1):
            await d.press(str(key))
            assert inspector.shown == id
        assert any("the guest thinks" in inspector.line(y).text for y in range(5))


async def test_tab_moves_the_keys_from_pane_to_pane_and_escape_back(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        await d.press("tab")
        assert d.screen.focused is d.screen.panes["1000"]
        await d.press("shift+tab")
        assert isinstance(d.screen.focused, Timeline)
        await d.press("tab", "escape")
        assert isinstance(d.screen.focused, Timeline)


async def test_a_question_lights_the_line_up_and_i_answers_it(desk: Opens) -> None:
    async with desk(ASKS) as d:
        await d.status("waiting")
        ask = d.screen.query_one(Ask)
        assert ask.field.placeholder == "Shop asks you: i answers" and ask.has_class("-asked")
        assert isinstance(d.screen.focused, Timeline)
        await d.press("i", *"80 q?", "enter")
        await d.status("finished")
        assert d.screen.record.path("main")
        assert any(header.text == "So 80 q?" for header in d.screen.record.headers)
        assert isinstance(d.screen.focused, Timeline)


async def test_escape_leaves_the_line_first_and_nothing_is_said(desk: Opens) -> None:
    async with desk(ASKS) as d:
        await d.status("waiting")
        count = len(d.screen.record.headers)
        await d.press("i", "x", "escape")
        assert isinstance(d.screen.focused, Timeline)
        assert len(d.screen.record.headers) == count


async def test_nothing_can_be_said_from_the_past(desk: Opens) -> None:
    async with desk(ASKS) as d:
        await d.status("waiting")
        await d.press("up", "i")
        assert isinstance(d.screen.focused, Timeline)
        assert d.said[-1].startswith("looking back")


async def test_an_interrupted_session_is_shown_and_waits_and_enter_resumes_it(desk: Opens) -> None:
    async with desk(ASKS) as d:
        await d.status("waiting")
        await d.press("q")
        await d.until(d.bridge.over.done)
        newest = d.bridge.session.timeline[-1].id
    async with desk(ASKS, resume=True, now=lambda: 1_190.0) as d:
        await d.until(lambda: d.screen.record.headers)
        assert header(d).startswith(f"= INTERRUPTED  at {newest}, 3 minutes ago · Enter resumes · R starts afresh")
        assert not d.bridge.begun
        assert d.screen.query_one(Ask).field.placeholder == "nothing runs"
        await d.press("enter")
        await d.status("waiting")
        await d.press("i", *"90", "enter")
        await d.status("finished")
        assert d.screen.record.headers[-2].text == "So 90"


async def test_help_lists_every_binding_and_question_mark_closes_it(desk: Opens) -> None:
    async with desk() as d:
        await d.press("question_mark")
        assert isinstance(d.app.screen, Help)
        text = "\n".join(line.text for line in d.app.screen.query_one("#help")._lines)  # type: ignore[attr-defined]
        for binding in BINDINGS:
            assert binding.tooltip.split(";")[0].split(":")[0][:40].split("  ")[0][:20] in text
        await d.press("question_mark")
        assert d.app.screen is d.screen


KEYS = {
    "space": "run_or_pause", "c": "run", "f5": "run", "n": "step_over", "f10": "step_over", "s": "step_into",
    "f11": "step_into", "o": "step_out", "shift+f11": "step_out", "a": "step_any", "t": "run_to",
    "N": "back", "C": "back_to_break", "up": "up", "k": "up", "down": "down", "j": "down",
    "left": "agent_before", "h": "agent_before", "right": "agent_after", "l": "agent_after",
    "g": "first", "G": "newest", "pageup": "page_up", "pagedown": "page_down", "left_square_bracket": "own_before",
    "right_square_bracket": "own_after", "enter": "look", "escape": "now", "backspace": "previous",
    "e": "edit", "f": "fork", "r": "resume_here", "R": "afresh",
    "m": "mark", "d": "compare", "w": "who", "plus": "watch", "b": "break_here", "B": "breakpoint",
    "slash": "find", "full_stop": "find_next", "comma": "find_before", "v": "filter", "L": "label", "y": "copy",
    "i": "type", "z": "zoom", "1": "state", "2": "code", "3": "prompt", "4": "program", "5": "breaks", "6": "output",
    "tab": "next_pane", "shift+tab": "pane_before", "question_mark": "help",
    "q": "leave",
}  # fmt: skip
"""What people are told; Ctrl+C, Ctrl+Q and the palette's have tests of their own."""


async def test_every_key_does_the_act_that_it_is_known_for(desk: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk() as d:
        await d.status("finished")
        done: list[str] = []
        for name in set(KEYS.values()):
            assert callable(getattr(d.screen, f"action_{name}"))
            monkeypatch.setattr(type(d.screen), f"action_{name}", lambda self, name=name: done.append(name))
        for key in KEYS:
            await d.press(key)
            for held in tuple(d.app._holds):  # by a key that opens something: nothing opens here
                d.app.free_keys(held)
        assert done == list(KEYS.values())


@pytest.mark.parametrize("key", ["colon", "ctrl+p"])
async def test_the_palette_offers_every_act(desk: Opens, key: str) -> None:
    async with desk() as d:
        await d.press(key)
        assert d.app.screen is not d.screen
        offered = {command.title for command in d.app.get_system_commands(d.screen)}
        assert {binding.description.capitalize() for binding in BINDINGS} - {"Commands"} <= offered
        await d.press("escape")


async def test_a_keymap_moves_a_key_and_the_footer_says_so(desk: Opens) -> None:
    async with desk(held=True, keymap={"step_over": "x"}) as d:
        await d.status("paused")
        await d.press("n")
        assert d.screen.record.headers == []
        assert " x next " in d.screen.query_one(Foot).line(0).text
        await d.press("x")
        await d.until(lambda: len(d.screen.record.headers) == 2)


async def test_a_keymap_with_an_unknown_name_says_so(desk: Opens) -> None:
    async with desk(held=True, keymap={"step_ovr": "x", "compare.close": "c"}) as d:
        await d.status("paused")
        words = "keymap in playbooks.toml: nothing is called step_ovr; step_over may be meant"
        assert d.said == [words]
        await d.until(lambda: [printed.text for printed in d.screen.record.printed] == [words])


async def test_a_click_on_a_row_looks_at_it_and_a_click_in_the_footer_acts(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        await d.pilot.click(Timeline, offset=(30, 3))
        assert d.screen.standing.here == d.screen.record.shown[1]
        await d.pilot.click(Foot, offset=(2, 0))
        assert d.screen.standing.here is None


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (140, 40), (250, 70)])
async def test_at_every_size_nothing_overlaps_and_the_state_is_in_sight(desk: Opens, size: tuple[int, int]) -> None:
    async with desk(size=size) as d:
        await d.status("finished")
        await d.pilot.resize_terminal(80, 24)
        await d.pilot.resize_terminal(*size)
        await d.pilot.pause()
        shown = [pane for pane in d.screen.query("Pane") if pane.display and pane.region.area]
        shown = [
            pane for pane in shown if all(parent.display for parent in pane.ancestors_with_self if parent.is_attached)
        ]
        assert len(shown) > 1
        for one in shown:
            assert d.screen.region.contains_region(one.region)
            assert all(not one.region.overlaps(other.region) for other in shown if other is not one)
        assert header(d).startswith("■ FINISHED")


def test_the_footer_keeps_its_last_keys_when_it_gets_narrow() -> None:
    items = [(id, "k", word) for id, word in FOOTER["running"]]
    for width in range(24, 100):
        line = footer_line(items, width)
        assert line.cells <= width
    assert footer_line(items, 40).text.endswith("k all  k help ")
    assert KEPT == 2


def test_every_binding_has_an_id_an_action_of_its_own_and_a_tooltip() -> None:
    assert len({binding.action for binding in BINDINGS}) == len(BINDINGS) == len({binding.id for binding in BINDINGS})
    assert all(binding.tooltip for binding in BINDINGS)
    ids = {binding.id for binding in BINDINGS}
    assert {id for words in FOOTER.values() for both, _ in words for id in both.split()} <= ids


async def test_pausing_is_told_until_every_agent_stopped(desk: Opens) -> None:
    async with desk(held=True) as d:
        await d.status("paused")
        d.screen.record.status = "running"
        assert engine_mode(d.screen.record, d.screen.standing) == "pausing"


def test_every_key_of_a_dialog_too_has_an_id_of_its_own_and_a_tooltip() -> None:
    ids: set[str] = set()
    for module in pkgutil.walk_packages(playbooks_tui.__path__, "playbooks_tui."):
        for made in vars(importlib.import_module(module.name)).values():
            if not isinstance(made, type) or made.__module__ != module.name:
                continue
            for binding in vars(made).get("BINDINGS", ()):
                assert binding.id and binding.tooltip, (made, binding.key)
                assert binding.id not in ids, binding.id
                ids.add(binding.id)
    assert len(ids) > 100
