"""Rows are found, filtered, marked, named and copied, and every place that was left is come back to."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

import pytest
from tui.desk import Desk, Opens
from tui.headers import HAGGLE, header, record
from tui.programs import SHOP

from playbooks.errors import UserError
from playbooks.runtime.notices import MessageSent, MessageView
from playbooks_tui.rows import Filter, Rows
from playbooks_tui.screens.filter import FilterList
from playbooks_tui.search import Search
from playbooks_tui.told import Labelled
from playbooks_tui.widgets.find_line import FindLine
from playbooks_tui.widgets.inspector import Inspector
from playbooks_tui.widgets.inspector.sheet import Target
from playbooks_tui.widgets.timeline import Timeline


def shown(d: Desk) -> list[str]:
    rows = d.screen.query_one(Timeline).rows
    return [d.screen.record.headers[rows.at(place)].id for place in range(rows.count)]


def found(d: Desk) -> str:
    return str(d.screen.query_one("#found").render())


async def test_find_goes_to_the_first_hit_as_it_is_typed_and_the_dots_to_the_others(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        record = d.screen.record
        hits = [row for row, one in enumerate(record.headers) if "80" in one.text or "80" in one.statement]
        assert len(hits) > 2
        await d.press("g", "slash", "8", "0")
        assert d.screen.standing.here == hits[0] and d.screen.standing.find == "80"
        await d.until(lambda: found(d).startswith(f"1 of {len(hits)} rows") and "…" not in found(d))
        await d.press("enter", "full_stop")
        assert d.screen.standing.here == hits[1] and isinstance(d.screen.focused, Timeline)
        await d.press("comma", "comma")
        assert d.screen.standing.here == hits[-1]  # round the end
        timeline = d.screen.query_one(Timeline)
        assert any(span.under and span.text == "80" for span in timeline.line(timeline.rows.place(hits[-1])).spans)
        await d.press("escape")  # first the search, then the look back
        assert d.screen.standing.find == "" and d.screen.standing.here == hits[-1]
        assert not d.screen.query_one(FindLine).has_class("-open")
        await d.press("escape")
        assert d.screen.standing.here is None


KEEPS = """
def respond(request):
    return '''await Say("user", "one")
$kept = "zz" + "9"
await Say("user", "two")
await EndProgram()
'''
"""


async def test_a_branch_that_begins_ends_the_search_that_found_its_place(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        await d.press("g", "slash", "8", "0", "enter")
        assert d.screen.query_one(FindLine).has_class("-open")
        await d.press("r")
        await d.until(lambda: "fork-1" in d.screen.record.branches)
        await d.status("finished")
        assert not d.screen.query_one(FindLine).has_class("-open")


async def test_find_looks_into_variables_too_and_says_when_there_is_nothing(desk: Opens) -> None:
    async with desk(KEEPS) as d:
        await d.status("finished")
        await d.press("full_stop")
        assert d.said[-1] == "nothing is looked for: / finds"
        record = d.screen.record
        assert not any("zz9" in record.text(row) + record.headers[row].statement for row in range(len(record.headers)))
        await d.press("g", "slash", *"zz9")
        await d.until(lambda: found(d).startswith("1 of 1 row") and "…" not in found(d))
        assert record.text(d.screen.standing.here or 0) == "two"
        await d.press("escape", "slash", *"no such word")
        await d.until(lambda: found(d) == "nothing found")


def test_a_search_reads_on_where_it_stopped_and_knows_messages_in_full_and_names() -> None:
    told = record(*HAGGLE[:4])
    search = Search(told, "Needle")
    assert search.hits == [] and search.near(0) is None and search.step(0, 1) is None
    long = "word " * 60 + "needle"
    told.take([MessageSent(MessageView(1, "1000", ("1001",), long))])
    told = record(*HAGGLE[:4], header("1000", 4, "say", long[:199] + "…", "1001"), header("1001", 1, "heard", "needle"))
    told.take([MessageSent(MessageView(1, "1000", ("1001",), long, checkpoint="1000_ckpt_4"))])
    search = Search(told, "Needle")
    assert search.hits == [4, 5] and search.near(5) == 5 and search.near(None) == 4
    assert search.step(5, 1) == 4 and search.step(4, -1) == 5 and search.place(5) == 2 and search.place(3) == 0
    told.take([Labelled("1000_ckpt_2", "the Needle")])
    search.take()
    assert search.hits == [2, 4, 5]


async def test_the_filter_takes_agents_and_kinds_out_of_sight_at_once_and_brings_them_back(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        every = shown(d)
        await d.press("v")
        filter = d.app.screen.query_one(FilterList)
        place = filter.items.index(("agent", "1001"))
        await d.press(*["down"] * place, "space")
        assert shown(d) == [id for id in every if not id.startswith("1001")]
        assert d.screen.query_one(Timeline)._right[-1].text == " Shop, you"
        await d.press("o")
        assert {id.split("_")[0] for id in shown(d)} == {"1001"}
        await d.press("a")
        assert shown(d) == every
        await d.press(*["down"] * (filter.items.index(("kind", "step")) - place), "enter", "escape")
        assert len(shown(d)) == len(d.screen.record.headers) and d.app.screen is d.screen
        await d.screen.run_action("unfold")
        assert shown(d) == every


async def test_a_click_ticks_the_line_that_it_is_on_and_between_agents_and_kinds_none(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        await d.press("v")
        filter = d.app.screen.query_one(FilterList)
        agents = [id for what, id in filter.items if what == "agent"]
        kinds = [id for what, id in filter.items if what == "kind"]
        before = filter.filter
        await d.pilot.click(FilterList, offset=(5, 1 + len(agents)))
        assert filter.filter == before
        await d.pilot.click(FilterList, offset=(5, len(agents)))
        assert filter.filter.agents == {agents[-1]}
        await d.pilot.click(FilterList, offset=(5, 2 + len(agents)))
        assert filter.filter.kinds == before.kinds ^ {kinds[0]}


def test_what_is_stood_at_is_seen_though_the_filter_leaves_it_out() -> None:
    told = record(*HAGGLE)
    rows = Rows(told)
    rows.take(Filter(frozenset({"1001"})), None)
    assert [told.headers[rows.at(n)].agent for n in range(rows.count)].count("1001") == 0
    here = told.place["1001_ckpt_2"]
    rows.take(Filter(frozenset({"1001"})), here)
    assert rows.at(rows.place(here)) == here and rows.at(rows.place(here) + 1) == told.place["1000_ckpt_5"]
    rows.take(Filter(frozenset({"1001", "1000", "1002", "human"})), None)
    assert rows.count == 0 and rows.stands_for(3) is None


async def test_a_mark_stands_in_the_row_and_a_second_press_takes_it_away(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        await d.press("up", "m")
        row, timeline = d.screen.standing.here, d.screen.query_one(Timeline)
        assert d.screen.standing.mark == row and row is not None
        assert timeline.line(timeline.rows.place(row)).text.startswith("m▸")
        await d.press("m")
        assert d.screen.standing.mark is None and d.said[-1] == "the mark is gone"


async def test_a_label_is_kept_in_the_files_stands_in_the_row_and_shows_its_command(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        await d.press("g", "down", "L", *"my place")
        id = d.screen.record.headers[d.screen.standing.here or 0].id
        assert str(d.app.screen.query_one("#command").render()) == f"$ playbooks label {id} 'my place'"
        await d.press("enter")
        await d.until(lambda: d.screen.record.labels.get(id) == "my place")
        assert "[my place]" in d.screen.query_one(Timeline).line(1).text
        assert d.bridge.session.labels == {id: "my place"}
        await d.press("L", "escape")
        assert d.screen.record.labels[id] == "my place"
        await d.press("L", *"ours", "enter")  # the old name is selected: what is typed takes its place
        await d.until(lambda: d.screen.record.labels.get(id) == "ours")
    async with desk(resume="s1") as d:
        await d.until(lambda: d.screen.record.labels == {id: "ours"})


async def test_a_label_is_never_waited_for_and_one_that_can_t_be_kept_says_why(
    desk: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk() as d:
        await d.status("finished")
        kept: Future[None] = Future()
        monkeypatch.setattr(d.bridge, "label", lambda checkpoint, text: kept)
        await d.press("g", "down", "L", "x", "enter")
        await d.press("m")
        assert d.said[-1].startswith("marked ")  # though the engine has not answered
        kept.set_exception(UserError("no room is left"))
        await d.until(lambda: d.said[-1] == "no room is left")


async def test_y_copies_what_was_said_in_full(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        said = next(row for row, one in enumerate(d.screen.record.headers) if one.text == "A pen for 100?")
        d.screen.go(said)
        await d.press("y")
        assert d.app.clipboard == "A pen for 100?" and d.said[-1] == "copied: A pen for 100?"
        await d.press("escape", "y")
        assert d.app.clipboard == "Sold at 80."  # how the program ended
        inspector = d.screen.query_one(Inspector)
        await d.until(lambda: any(one.name == "$price" for one in inspector.inspected.variables))
        inspector.focus()
        await d.until(lambda: inspector.has_focus)
        while inspector.selected != Target("variable", "$price"):
            await d.press("j")
        await d.press("y")
        await d.until(lambda: d.app.clipboard == "80")


HALF = """
def respond(request):
    return '''await Say("user", "half \\\\ud83d of it")
await EndProgram()
'''
"""


async def test_half_a_character_can_be_copied_and_exported(desk: Opens, alone: Path) -> None:
    async with desk(HALF) as d:
        await d.status("finished")
        d.screen.go(next(row for row, one in enumerate(d.screen.record.headers) if one.kind == "say"))
        await d.press("y")
        assert d.app.clipboard == "half ? of it"
        for kind, action in (("md", "export_markdown"), ("html", "export_html"), ("svg", "export_picture")):
            await d.screen.run_action(action)
            await d.until(lambda kind=kind: any(f"written: shop-s1.{kind}" in said for said in d.said))  # type: ignore[misc]
            assert "?" in (alone / f"shop-s1.{kind}").read_text(encoding="utf-8")
        assert "half ? of it" in (alone / "shop-s1.md").read_text(encoding="utf-8")


LONG = """
def respond(request):
    return '''$words = await Words(400)
await EndProgram()
'''
"""


async def test_y_copies_the_whole_of_a_long_variable_and_result(desk: Opens) -> None:
    tool = "@playbook\nasync def Words(n: int):\n    return ['word'] * n"
    whole = repr(["word"] * 400)
    async with desk(LONG, program=SHOP.replace("price = 100", tool)) as d:
        await d.status("finished")
        record, inspector = d.screen.record, d.screen.query_one(Inspector)
        d.screen.go(next(row for row in record.shown if "Words(400)" in record.text(row)))
        await d.press("y")
        await d.until(lambda: d.app.clipboard == f"Words(400) = {whole}")
        assert d.said[-1].startswith("copied: Words(400) = ") and d.said[-1].endswith(" (3,213 characters)")
        await d.press("escape")
        await d.until(lambda: any(one.name == "$words" for one in inspector.inspected.variables))
        inspector.focus()
        await d.until(lambda: inspector.has_focus)
        while inspector.selected != Target("variable", "$words"):
            await d.press("j")
        d.app.copy_to_clipboard("")
        await d.press("y")
        await d.until(lambda: d.app.clipboard == whole)


async def test_backspace_goes_to_the_previous_place_after_any_jump(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")
        await d.press("backspace")
        assert d.said[-1] == "there is no previous place"
        await d.press("up", "up", "up")
        third = d.screen.standing.here
        await d.press("g")
        assert d.screen.standing.here == 0
        await d.press("G")
        assert d.screen.standing.here is None
        await d.press("backspace")
        assert d.screen.standing.here == 0
        await d.press("backspace")
        assert d.screen.standing.here == third
