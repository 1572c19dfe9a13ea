"""The row of tabs that a narrow screen has instead of panes side by side.

Names are never cut: when not all fit, those farthest from the one that is shown are only counted.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from playbooks_tui.spans import Span, width_of


class Tab(msgspec.Struct, frozen=True):
    """One of them."""

    id: str
    name: str
    ink: str
    live: bool = False
    """Something is thought or written there now."""


def tab_row(tabs: Sequence[Tab], shown: str, room: int) -> tuple[Span, ...]:
    """The tabs in a row, each a thing to click.

    Args:
        tabs: In order; the last one always stays.
        shown: Id of the one that is shown, which stays too.
        room: Cells.
    """
    place = next((place for place, tab in enumerate(tabs) if tab.id == shown), 0)
    first, after = 0, len(tabs) - 1
    while True:
        spans = _spans(tabs, first, after, shown)
        if width_of(spans) <= room or (first == place and after <= place + 1):
            return spans
        if after - 1 - place > place - first or first == place:
            after -= 1
        else:
            first += 1


def _spans(tabs: Sequence[Tab], first: int, after: int, shown: str) -> tuple[Span, ...]:
    spans: list[Span] = []
    last = len(tabs) - 1
    if first:
        spans += [_count(tabs[first - 1], f"‹ {first}"), Span("│", "hair")]
    for tab in tabs[first:after]:
        spans += [_tab(tab, shown), Span("│", "hair")]
    if after < last:
        spans += [_count(tabs[after], f"{last - after} ›"), Span("│", "hair")]
    return (*spans, _tab(tabs[last], shown))


def _tab(tab: Tab, shown: str) -> Span:
    on = tab.id == shown
    ink = "plain" if on and tab.ink == "quiet" else tab.ink
    return Span(f" {tab.name}{' ●' if tab.live else ''} ", ink, bold=on, raised=on, act=_act(tab))


def _count(tab: Tab, words: str) -> Span:
    return Span(f" {words} ", "quiet", act=_act(tab))


def _act(tab: Tab) -> str:
    return f"screen.show_tab('{tab.id}')"
