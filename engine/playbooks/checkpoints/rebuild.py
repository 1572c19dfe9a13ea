"""A table of nodes → objects, iteratively, cycles and all.

Apart because the order of building is the difficulty: mutable objects are made empty first, so that a cycle may lead
back to them, and filled when all they hold is there; immutable ones are made when their parts are. What hashes its
parts (sets, dicts) is filled after what it holds, as far as cycles let it. What the objects are is the subclasses'
matter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from playbooks.checkpoints.node import Node
from playbooks.checkpoints.plain import DamagedValue

MISSING: Any = object()


class Rebuild:
    """Builds the value of one table.

    Args:
        nodes: The table.

    A subclass says for each kind how it is made. `empty[kind](self, what, children)` makes a mutable object and
    `fill[kind](self, object, what, children)` fills it; `make[kind](self, what, children)` makes an immutable one,
    given children that are built. `children` are values for `make` and `fill`, slots for `empty`.
    """

    empty: ClassVar[dict[str, Callable[..., object]]] = {}
    fill: ClassVar[dict[str, Callable[..., None]]] = {}
    make: ClassVar[dict[str, Callable[..., object]]] = {}
    whole: ClassVar[dict[str, int]] = {}
    """Of which kinds a child, by its place, must be filled itself before they are made or filled."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.objects: list[Any] = [MISSING] * len(nodes)
        self._done = bytearray(len(nodes))
        self.last: list[Callable[[], object]] = []
        """What is done when everything is filled."""

    def build(self) -> object:
        """The value.

        Raises:
            DamagedValue: The table is not one that `Graph` made.
        """
        entered = bytearray(len(self.nodes))
        waiting: list[int] = []
        stack = [0]
        while stack:
            index = stack.pop()
            if index < 0:
                if not self._finish(~index):
                    waiting.append(~index)
                continue
            if entered[index]:
                continue
            entered[index] = 1
            self.shell(index)
            stack.append(~index)
            stack.extend([slot[0] for slot in reversed(self.nodes[index][2]) if type(slot) is tuple])
        while waiting:
            left = [index for index in waiting if not self._finish(index)]
            if len(left) == len(waiting):
                raise DamagedValue("a value that could only be made of itself")
            waiting = left
        for act in self.last:
            act()
        return self.objects[0]

    def shell(self, index: int) -> Any:
        """The object of a node, made empty if it may be; `MISSING` for an immutable one that is not made yet."""
        if self.objects[index] is MISSING:
            kind, what, children = self.nodes[index]
            if (empty := self.empty.get(kind)) is not None:
                self.objects[index] = empty(self, what, children)
        return self.objects[index]

    def now(self, slot: Any) -> Any:
        """What a slot holds, made at once: of classes and names, which others need to be made at all."""
        if type(slot) is not tuple:
            return slot
        if self.shell(slot[0]) is MISSING:
            for child in self.nodes[slot[0]][2]:
                self.now(child)
            self._finish(slot[0])
        return self.objects[slot[0]]

    def _finish(self, index: int) -> bool:
        """Makes or fills an object; False when something it needs is not made yet."""
        kind, what, children = self.nodes[index]
        made = self.objects[index]
        filler = self.fill.get(kind) if made is not MISSING else None
        if made is not MISSING and filler is None:
            self._done[index] = 1
            return True
        place = self.whole.get(kind)
        if place is not None and type(children[place]) is tuple and not self._done[children[place][0]]:
            return False
        values = [self.objects[slot[0]] if type(slot) is tuple else slot for slot in children]
        if any(value is MISSING for value in values):
            return False
        if filler is not None:
            filler(self, made, what, values)
        else:
            self.objects[index] = self.make[kind](self, what, values)
        self._done[index] = 1
        return True

    def fill_dict(self, made: dict[Any, Any], what: Any, values: list[Any]) -> None:
        """A dict's entries; those whose keys can't be hashed yet come last."""
        try:
            made.update(zip(values[::2], values[1::2], strict=True))
        except Exception:  # the hash of a key of the program's own class that is not filled yet
            made.clear()
            self.last.append(lambda: made.update(zip(values[::2], values[1::2], strict=True)))

    def fill_set(self, made: set[Any], what: Any, values: list[Any]) -> None:
        """A set's elements; if one can't be hashed yet, all come last."""
        try:
            made.update(values)
        except Exception:
            made.clear()
            self.last.append(lambda: made.update(values))


Rebuild.empty = {
    "list": lambda self, what, children: [],
    "items": lambda self, what, children: [],
    "dict": lambda self, what, children: {},
    "set": lambda self, what, children: set(),
    "bytearray": lambda self, what, children: bytearray(what),
}
Rebuild.fill = {
    "list": lambda self, made, what, values: made.extend(values),
    "items": lambda self, made, what, values: made.extend(values),
    "dict": Rebuild.fill_dict,
    "set": Rebuild.fill_set,
}
Rebuild.make = {
    "tuple": lambda self, what, values: tuple(values),
    "frozenset": lambda self, what, values: frozenset(values),
}
