"""Classes that stand for a module's own, so that what they make is recorded: `datetime`, `Random`, asyncio's `Future`.

Apart because a program may also extend one: what holds for the stand-in does not hold for the program's subclass.
"""

from __future__ import annotations

from typing import Any

_OURS = f"{__name__.rpartition('.')[0]}."


class StandIn(type):
    """Of such a class, which extends the module's own alone: all of that one's instances are its instances."""

    __stands__ = True

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, cls.__mro__[1]) if stands(cls) else super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.__mro__[1]) if stands(cls) else super().__subclasscheck__(subclass)


def stands(cls: type) -> bool:
    """Whether it is such a class itself, and no program's subclass of one."""
    return cls.__module__.startswith(_OURS)
