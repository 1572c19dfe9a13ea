"""Forking: opened where the person points, planned while they type, and run at once in the same app."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from textual.widgets import Button, Input, Label, TextArea
from tui.desk import Desk, Opens
from tui.programs import HAGGLES, SLEEPS

from playbooks.errors import UserError
from playbooks.session.moment import Moment
from playbooks.state import ProgramState
from playbooks_tui.screens.fork.desk import Desk as ForkDesk
from playbooks_tui.screens.fork.dialog import Fork
from playbooks_tui.screens.fork.editor import Editor
from playbooks_tui.screens.fork.foreseen import Later, foreseen
from playbooks_tui.screens.fork.parts import Choice, Choices
from playbooks_tui.screens.help import Help, HelpPane
from playbooks_tui.widgets.head import Head


def row(d: Desk, kind: str, text: str) -> int:
    """The row of that kind that says something."""
    record = d.screen.record
    return next(row for row in record.shown if record.headers[row].kind == kind and text in record.text(row))


async def opened(d: Desk, kind: str, text: str, key: str = "e") -> Fork:
    """Looks at a row, and opens the dialog there."""
    d.screen.stand(here=row(d, kind, text), chosen=None)
    await d.press(key)
    await d.until(lambda: isinstance(d.app.screen, Fork) and d.app.screen.facts and d.app.screen.rows)
    dialog = d.app.screen
    assert isinstance(dialog, Fork)
    return dialog


def says(dialog: Fork, id: str) -> str:
    return str(dialog.query_one(f"#{id}", Label).render())


async def planned(d: Desk, dialog: Fork) -> None:
    await d.until(lambda: dialog._planned == dialog.draft)


def test_what_the_branch_took_from_here_counts_no_call_that_was_served_as_the_header_does() -> None:
    here, head = ProgramState(), ProgramState()
    here.count.update({"call": 2, "cost": 0.5})
    head.count.update({"call": 7, "served": 3, "cost": 1.5})
    moment, end = (Moment(cast(Any, None), state) for state in (here, head))
    desk = ForkDesk(cast(Any, SimpleNamespace(moment_now=lambda _: end)), "main", "1000_ckpt_9", 4, str)
    later = desk._later(moment, True)
    assert (later.checkpoints, later.calls, later.cost) == (5, 2, 1.0)
    here.count["cost"] = -1
    assert desk._later(moment, False).cost is None


async def test_at_the_programs_end_e_and_f_say_where_a_change_would_be_seen(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        for key in ("e", "f"):
            await d.press(key)
            assert d.said[-1] == (
                "the program ends here, and nothing comes after it: ↑ to an earlier row, then e or f"
            ), key
        await d.press("up", "e")
        await d.until(lambda: isinstance(d.app.screen, Fork))


async def test_e_opens_at_what_was_said_and_another_word_ends_the_program_otherwise(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        dialog = await opened(d, "say", "80")
        assert says(dialog, "what").startswith("Guest says   80 → ")
        assert isinstance(d.app.focused, Input) and d.app.focused.id == "new"
        await d.press("9", "5")
        await planned(d, dialog)
        assert says(dialog, "typed") == "✓ text"
        assert says(dialog, "command") == f"$ playbooks fork {dialog.place.checkpoint} --say '1001: 95'"
        await d.press("ctrl+s")
        await d.until(lambda: "fork-1" in d.screen.record.branches)
        await d.status("finished")
        assert d.app.screen is d.screen and d.screen.record.branch == "fork-1"
        assert "Sold at 95." in d.screen.query_one(Head).line(0).text
        record = d.screen.record
        assert record.branches["main"].ended and record.branches["fork-1"].ended
        assert {"Sold at 80.", "Sold at 95."} <= {record.text(row) for row in record.shown}


@pytest.mark.parametrize(("size", "least"), [((80, 24), 20), ((120, 36), 40)])
async def test_a_long_text_has_room_in_the_field_and_the_name_and_what_it_was_give_way(
    desk: Opens, size: tuple[int, int], least: int
) -> None:
    async with desk(HAGGLES.replace("A pen for 100?", "A pen for 100, and not a penny less for it."), size=size) as d:
        await d.status("finished")
        dialog = await opened(d, "say", "A pen")
        assert dialog.query_one("#new").size.width >= least
        assert says(dialog, "what").startswith("Shop says   A pen") and says(dialog, "what").endswith("… → ")
        box = dialog.query_one("#dialog").content_region
        shown = [one for one in dialog.query("#dialog .field Label, #dialog Choice, #dialog Input") if one.display]
        assert [one for one in shown if one.region.right > box.right] == []


async def test_the_dialog_fits_a_terminal_that_is_narrower_than_it_would_be(desk: Opens) -> None:
    async with desk(HAGGLES, size=(60, 20)) as d:
        await d.status("finished")
        dialog = await opened(d, "say", "80")
        box = dialog.query_one("#dialog").region
        assert (box.x, box.right) == (0, 60)


def test_what_runs_again_is_told_in_few_words() -> None:
    happens = (
        ("record", "Geographer 1000 CollectFacts, starts again with 4 calls served"),
        ("record", 'Geographer 1000 CountryFact, line 2: await Step("a: b, c"), starts again with 1 call served'),
        ("record", "Guest 1001 Main: line 3 as recorded"),
        ("tools", "CollectFacts of Geographer 1000 was under way: what it did may be done again"),
    )
    names = {"1000": "Geographer", "1001": "Guest"}
    views = {id: SimpleNamespace(class_name=name, status="idle") for id, name in names.items()}
    moment = SimpleNamespace(agents=views, header=SimpleNamespace(agent="1000"), messages=())
    plan: Any = SimpleNamespace(happens=happens)
    rows = dict(foreseen(plan, cast(Any, moment), Later("main", 0, 0, 0), names.__getitem__))
    assert rows["record"] == (
        "Guest Main: line 3 as recorded; Geographer CollectFacts again with 4 calls served;"
        " Geographer CountryFact: line 2 again with 1 call served"
    )
    assert rows["tools"] == "CollectFacts was under way: what it did may be done again"


async def test_why_a_thing_cant_be_changed_has_two_lines(desk: Opens) -> None:
    async with desk(HAGGLES, size=(80, 24)) as d:
        await d.status("finished")
        dialog = await opened(d, "end", "")
        why = f"{says(dialog, 'why')} {says(dialog, 'others')}"
        assert "gave can't be changed; fork with --before and change what it returns" in why, why


async def test_what_is_typed_before_the_moment_was_read_is_kept(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        d.screen.stand(here=row(d, "say", "80"), chosen=None)
        await d.pilot.pause()
        read = threading.Event()
        d.bridge.read(lambda: read.wait(120) and None)
        await d.press("e", "9", "5")
        dialog = d.app.screen
        assert isinstance(dialog, Fork) and dialog.facts is None
        read.set()
        await d.until(lambda: dialog.facts is not None)
        await planned(d, dialog)
        assert says(dialog, "command") == f"$ playbooks fork {dialog.place.checkpoint} --say '1001: 95'"


async def test_what_was_heard_is_a_result_that_can_be_changed(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        dialog = await opened(d, "heard", "80")
        assert says(dialog, "what").startswith("Shop hears   80 → ")
        await d.press("7", "ctrl+s")
        await d.until(lambda: "fork-1" in d.screen.record.branches)
        await d.status("finished")
        assert "Sold at 7." in d.screen.query_one(Head).line(0).text


async def test_an_edit_that_cant_take_is_said_there_and_nothing_is_begun(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        count = len(d.screen.record.headers)
        dialog = await opened(d, "end", "")
        assert "can't be changed" in says(dialog, "why")
        assert says(dialog, "typed") == "can't change"
        await d.press("x")
        await planned(d, dialog)
        assert dialog.query_one("#go", Button).disabled
        await d.press("ctrl+s")
        assert d.app.screen is dialog and "can't be changed" in says(dialog, "why")
        await d.press("escape")
        await d.until(lambda: d.app.screen is d.screen)
        assert len(d.screen.record.headers) == count and list(d.screen.record.branches) == ["main"]


async def test_arrows_go_to_other_things_and_all_edits_are_made_together(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        dialog = await opened(d, "heard", "80")
        await d.press("7", "0", "down")
        thing = dialog.shown
        assert thing is not None and thing.name == "$price" and "Shop hears = 70" in says(dialog, "why")
        await d.press("1")
        await planned(d, dialog)
        assert "--result 70" not in says(dialog, "command")  # what was a text stays one
        assert "--result" in says(dialog, "command") and "--set" in says(dialog, "command")
        assert says(dialog, "typed") == "✓ number"
        await d.press("up")
        assert dialog.query_one("#new", Input).value == "70"


async def test_before_it_the_statement_runs_again_and_there_is_no_result_to_change(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        dialog = await opened(d, "heard", "80")
        dialog.query_one("#from").focus()
        await d.press("right", "enter")
        await d.until(lambda: dialog.draft.before and dialog.things and dialog.things[0].kind != "result")
        await planned(d, dialog)
        assert "--before" in says(dialog, "command") and not dialog.problem


async def test_the_rest_of_a_response_is_changed_in_an_editor_that_refuses_what_is_no_python(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        dialog = await opened(d, "heard", "80")
        dialog.query_one("#rest").focus()
        await d.press("right", "right", "enter")
        await d.until(lambda: isinstance(d.app.screen, Editor))
        editor = d.app.screen
        area = editor.query_one(TextArea)
        assert "await EndProgram()" in area.text and "CreateAgent" not in area.text
        for wrong in ("x = " + "-" * 20_000 + "1", 'await Say("user", '):
            area.text = wrong
            await d.pilot.pause()
            assert "✗ line" in str(editor.query_one("#mistake", Label).render())
        await d.press("ctrl+s")
        assert d.app.screen is editor
        area.text = 'await Say("user", "Not today.")\nawait EndProgram()\n'
        await d.pilot.pause()
        await d.press("ctrl+s")
        await d.until(lambda: d.app.screen is dialog)
        await planned(d, dialog)
        assert "--response - <<" in says(dialog, "command")
        await d.press("ctrl+s")
        await d.until(lambda: "fork-1" in d.screen.record.branches)
        await d.status("finished")
        assert "Not today." in d.screen.query_one(Head).line(0).text


async def test_escape_leaves_the_editor_without_its_code_and_keeps_it_for_the_next_time(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        dialog = await opened(d, "heard", "80")
        dialog.query_one("#rest").focus()
        for keys in (("right", "right", "enter"), ("left", "enter")):
            await d.press(*keys)
            await d.until(lambda: isinstance(d.app.screen, Editor))
            d.app.screen.query_one(TextArea).text = "half = (\n"
            await d.press("escape")
            await d.until(lambda: d.app.screen is dialog)
            assert dialog.draft.rest == "recorded" and dialog.draft.response == "half = (\n"
            await d.pilot.pause()


async def test_a_fork_of_a_run_that_goes_on_interrupts_it_first_and_says_so(desk: Opens) -> None:
    async with desk(SLEEPS) as d:
        await d.until(lambda: len(d.screen.record.shown) == 5)
        dialog = await opened(d, "say", "two", key="f")
        assert says(dialog, "esc") == "the run is interrupted first"
        await d.press("ctrl+s")
        await d.until(lambda: "fork-1" in d.screen.record.branches)
        record = d.screen.record
        await d.until(lambda: [record.text(row) for row in record.branches["fork-1"].rows].count("four") == 1)
        assert record.headers[record.branches["main"].rows[-1]].kind == "interrupt"
        assert record.status == "running"


async def test_a_fork_that_is_asked_for_twice_in_a_row_makes_one_branch(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        dialog = await opened(d, "heard", "80")
        await planned(d, dialog)
        for _ in range(2):  # as a double click on the button does
            dialog.action_submit()
        await d.until(lambda: "fork-1" in d.screen.record.branches)
        await d.status("finished")
        assert list(d.screen.record.branches) == ["main", "fork-1"]
        assert [branch.name for branch in d.bridge.session.branches] == ["main", "fork-1"]


async def test_without_run_at_once_the_branch_stands_paused(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        dialog = await opened(d, "heard", "80")
        dialog.query_one("#run").focus()
        await d.press("space")
        assert not dialog.draft.run
        await d.press("ctrl+s")
        await d.status("paused")
        assert d.screen.record.headers[-1].kind == "fork"
        await d.press("c")
        await d.status("finished")


async def test_the_program_as_it_is_now_can_run_on_the_new_branch(desk: Opens, alone: Path) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        path = alone / "shop.pb"
        path.write_text(path.read_text().replace("price = 100", "price = 200"))
        dialog = await opened(d, "heard", "80")
        choices = list(dialog.query_one("#program").query("Choice"))
        assert "1 line differs" in str(choices[1].label)  # type: ignore[attr-defined]
        dialog.query_one("#program").focus()
        await d.press("right", "enter")
        await planned(d, dialog)
        assert "--program shop.pb" in says(dialog, "command")
        await d.press("ctrl+s")
        await d.until(lambda: "fork-1" in d.screen.record.branches)
        await d.status("finished")


async def test_what_was_submitted_where_nothing_can_be_read_begins_no_branch_elsewhere(
    desk: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = ForkDesk.facts

    def damaged(asked: ForkDesk, checkpoint: str, before: bool) -> object:
        if not before:
            raise UserError("it is damaged")
        return facts(asked, checkpoint, before)

    monkeypatch.setattr(ForkDesk, "facts", damaged)
    async with desk(HAGGLES) as d:
        await d.status("finished")
        reading = threading.Event()
        d.bridge.read(lambda: reading.wait(120) and None)
        d.screen.stand(here=row(d, "say", "80"), chosen=None)
        await d.press("f")
        await d.until(lambda: isinstance(d.app.screen, Fork))
        dialog = d.app.screen
        assert isinstance(dialog, Fork)
        await d.press("ctrl+s")
        reading.set()
        await d.until(lambda: dialog.problem == "it is damaged")
        dialog.query_one("#from", Choices).query(Choice)[1].value = True
        await planned(d, dialog)
        assert d.app.screen is dialog and not dialog._beginning
        assert list(d.screen.record.branches) == ["main"]


async def test_outside_a_field_the_command_is_copied_and_the_help_opened(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        dialog = await opened(d, "heard", "80")
        await d.press("y")
        assert dialog.query_one("#new", Input).value == "y"
        dialog.query_one("#from").focus()
        await d.press("y")
        assert d.app.clipboard == f"playbooks fork {dialog.place.checkpoint} --result y"
        await d.press("?")
        await d.until(lambda: isinstance(d.app.screen, Help) and d.app.screen.query(HelpPane))
        told = " ".join(line.text.strip() for line in d.app.screen.query_one(HelpPane)._lines)
        assert told.startswith("Fork. What came after a checkpoint") and "Begin the branch" in told
        await d.press("escape")
        assert d.app.screen is dialog


async def test_what_a_plan_says_has_two_rows_and_a_wide_screen_shows_more_of_it(desk: Opens) -> None:
    widths = {}
    for columns, rows in ((80, 24), (180, 50)):
        async with desk(HAGGLES, size=(columns, rows)) as d:
            await d.status("finished")
            dialog = await opened(d, "say", "80")
            dialog.rows = tuple((name, f"[b]{says}[/x] {'ww ' * 50}.") for name, says in dialog.rows)
            dialog._draw()
            plan = says(dialog, "says-tools").split("\n")
            widths[columns] = max(len(row) for row in plan)
            assert len(plan) == 2 and plan[0].startswith("[b]"), "a list in it is no markup"
            assert says(dialog, "says-tools")[-1] == ("…" if columns == 80 else ".")
    assert widths[80] <= 66 < widths[180]
