"""A painted line that costs little to make.

Textual's own strip is made with seven caches, and that is more than what painting it costs; a line of ours is divided
where panes meet and written, no more, and keeps only these two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from rich.segment import Segment
from textual.cache import FIFOCache
from textual.strip import Strip

_CACHES: Final = (
    "_divide_cache",
    "_crop_cache",
    "_style_cache",
    "_filter_cache",
    "_line_length_cache",
    "_crop_extend_cache",
    "_offsets_cache",
)
_OTHERS: Final = ("_segments", "_cell_length", "_render_cache", "_link_ids", "_cell_count")


class _Never(FIFOCache[Any, Any]):
    """A cache that keeps nothing, so that one serves all."""

    def set(self, key: Any, value: Any) -> None:
        pass

    __setitem__ = set


_NEVER: Final = _Never(0)


class Painted(Strip):
    """A strip of known width.

    Args:
        segments: Its pieces.
        cell_length: How wide they are together.
    """

    __slots__ = ("_cuts", "_parts")

    def __init__(self, segments: Iterable[Segment], cell_length: int) -> None:
        self._segments = list(segments)
        self._cell_length = cell_length
        self._divide_cache = _NEVER
        self._crop_cache = _NEVER
        self._style_cache = _NEVER
        self._filter_cache = _NEVER
        self._line_length_cache = _NEVER
        self._crop_extend_cache = _NEVER
        self._offsets_cache = _NEVER
        self._render_cache = None
        self._link_ids = None
        self._cell_count = None
        self._cuts: Sequence[int] = ()
        self._parts: Sequence[Strip] = ()

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        width = self.cell_length
        cuts = [cut for cut in cuts if cut <= width]
        if cuts == self._cuts:
            return self._parts
        if cuts == [width]:
            return [self]
        ends = [0, *cuts]
        parts = zip(Segment.divide(self._segments, cuts), ends, cuts, strict=False)
        self._parts = [Painted(segments, end - start) for segments, start, end in parts]
        self._cuts = cuts
        return self._parts


strip_of: Final[type[Strip]] = Painted if {*Strip.__slots__} == {*_CACHES, *_OTHERS} else Strip
"""Makes a strip of segments and their width; another Textual than ours may keep other things in it."""
