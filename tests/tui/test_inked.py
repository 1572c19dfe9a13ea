"""What is drawn by the line scrolls as a person expects."""

from __future__ import annotations

import pyte
from textual._compositor import CompositorUpdate
from textual.app import App, ComposeResult
from textual.screen import Screen

from playbooks_tui.inks import DARK
from playbooks_tui.spans import Line, Span
from playbooks_tui.widgets.inked import Pane


class Numbers(Pane):
    letter = ""
    """Stands behind every third number."""

    def line(self, y: int) -> Line:
        return Line((Span(f"{y}{self.letter if y % 3 == 0 else ''}"),))


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
        for height in (30, 12):
            await pilot.resize_terminal(40, height)
            while pane.outer_size.height != height:  # a pause may end before the layout does
                await pilot.pause()
        pane.reveal(49)
        await pilot.pause()
        assert pane.scroll_y == 40


async def test_another_theme_has_everything_painted_anew_and_what_is_gone_hears_of_none() -> None:
    app = Alone()
    async with app.run_test(size=(40, 12)) as pilot:
        pane = app.query_one(Numbers)
        before = pane.render_line(0)
        app.theme = "textual-light"
        await pilot.pause()
        assert pane.render_line(0).text == before.text and pane.render_line(0) != before
        await pane.remove()
        assert pane not in app.theme_changed_signal._subscriptions


class Terminal(Alone):
    """Draws what Textual would write on a terminal."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn = pyte.Screen(40, 12)
        self._stream = pyte.Stream(self.drawn)

    def _display(self, screen: Screen[object], renderable: object) -> None:
        if isinstance(renderable, CompositorUpdate):
            self._stream.feed(renderable.render_segments(self.console))

    def whole(self) -> pyte.Screen:
        """The same, drawn at once."""
        drawn = pyte.Screen(40, 12)
        pyte.Stream(drawn).feed(self.screen._compositor.render_full_update().render_segments(self.console))
        return drawn


async def test_what_is_painted_in_parts_looks_as_painted_at_once() -> None:
    app = Terminal()
    async with app.run_test(size=(40, 12)) as pilot:
        pane = app.query_one(Numbers)

        def write(lines: int, *, follow: bool, letter: str = "") -> None:
            pane.letter = letter
            pane.tall(lines)
            if follow:
                pane.reveal(lines - 1)
            pane.repaint()

        for step in (
            lambda: write(3, follow=True),
            lambda: write(10, follow=True),
            lambda: write(11, follow=True),  # a bar comes
            lambda: write(12, follow=True),
            lambda: write(40, follow=False),
            lambda: pane.scroll_to(y=7, animate=False, immediate=True),
            lambda: write(40, follow=False, letter="x"),
            lambda: pane.scroll_to(y=9, animate=False, immediate=True),
            lambda: write(41, follow=False, letter="xy"),
            lambda: write(300, follow=True, letter="xy"),
            lambda: pane.name_pane((Span("Numbers"),), (Span("many"),)),
            lambda: write(10, follow=True),  # the bar goes
        ):
            step()
            await pilot.pause()
            assert app.drawn.display == app.whole().display
            assert app.drawn.buffer == app.whole().buffer
