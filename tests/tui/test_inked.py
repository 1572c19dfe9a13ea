"""What is drawn by the line scrolls as a person expects."""

from __future__ import annotations

from textual.app import App, ComposeResult

from playbooks_tui.inks import DARK
from playbooks_tui.spans import Line, Span
from playbooks_tui.widgets.inked import Pane


class Numbers(Pane):
    def line(self, y: int) -> Line:
        return Line((Span(str(y)),))


class Alone(App[None]):
    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DARK

    def compose(self) -> ComposeResult:
        yield Numbers()


async def test_a_scrollbar_that_appears_stands_where_the_lines_stand() -> None:
    async with Alone().run_test(size=(40, 12)) as pilot:
        pane = pilot.app.query_one(Numbers)
        assert not pane.show_vertical_scrollbar
        pane.tall(50)
        pane.reveal(49)  # at once: the bar comes with the next layout
        await pilot.pause()
        assert pane.show_vertical_scrollbar
        assert pane.scroll_y == pane.vertical_scrollbar.position == 40


async def test_a_pane_that_was_larger_for_a_while_shows_the_line_that_is_meant() -> None:
    async with Alone().run_test(size=(40, 12)) as pilot:
        pane = pilot.app.query_one(Numbers)
        pane.tall(50)
        pane.reveal(49)
        await pilot.resize_terminal(40, 30)
        await pilot.resize_terminal(40, 12)
        pane.reveal(49)
        await pilot.pause()
        assert pane.scroll_y == 40
