"""No key and no command is silent: what can go no further says so, and what is shown can be seen."""

from __future__ import annotations

from tui.desk import Opens

from playbooks_tui.widgets.inspector import Inspector


async def test_on_a_wide_screen_left_and_right_never_come_to_the_person_of_whom_there_is_nothing_to_inspect(
    desk: Opens,
) -> None:
    async with desk(size=(180, 50)) as d:
        await d.status("finished")
        await d.until(lambda: d.screen.seen)
        agents = [agent for agent in d.screen.record.lanes if agent != "human"]
        assert len(agents) == 2
        for key in ("left", "left", "right", "right", "right"):
            before = d.screen.inspected_agent()
            await d.press(key)
            assert {before, d.screen.inspected_agent()} == set(agents)


async def test_a_key_that_can_go_no_further_says_so(desk: Opens) -> None:
    async with desk() as d:
        await d.status("finished")

        async def says(key: str) -> str:
            d.app.told.clear()
            await d.press(key)
            return " ".join(d.app.told)

        assert [await says(key) for key in ("down", "pagedown", "G", "escape", "1")] == [
            "this is the newest row",
            "this is the newest row",
            "the newest row is followed already",
            "this is now: nothing is open that Esc would leave",
            "the inspector shows state already",
        ]
        assert await says("g") == ""
        assert {await says(key) for key in ("g", "pageup", "up")} == {"this is the first row"}


async def test_a_tab_of_the_inspector_comes_to_be_seen_though_another_pane_is_zoomed(desk: Opens) -> None:
    async with desk(size=(180, 50)) as d:
        await d.status("finished")
        await d.press("z")
        assert d.screen.zoomed == "timeline"
        await d.press("4")
        assert d.screen.zoomed == d.screen.query_one(Inspector).id


async def test_the_agent_that_is_chosen_while_one_pane_is_zoomed_is_told_or_takes_its_place(desk: Opens) -> None:
    async with desk(size=(180, 50)) as d:
        await d.status("finished")
        await d.until(lambda: d.screen.seen)
        await d.press("z", "right")
        assert d.screen.zoomed == "timeline"
        assert d.said[-1] == f"{d.screen.record.title(d.screen.agent)} is chosen: z shows all panes, and its own"
        await d.press("tab")  # the first agent's pane, now zoomed
        for key in ("right", "left", "left"):
            await d.press(key)
            assert d.screen.zoomed == d.screen.panes[d.screen.agent].id
            assert d.screen.panes[d.screen.agent].display
