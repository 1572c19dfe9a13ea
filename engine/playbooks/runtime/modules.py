"""What `import` gives to a program: clocks, random numbers and ids that are served again on replay.

Apart because it is a list: a module that is not in it is imported as it is.
"""

from __future__ import annotations

import builtins
import datetime
import random
import time
import types
import uuid
from collections.abc import Callable
from typing import Any

Sync = Callable[[str, Callable[[], Any]], Any]
_CLOCKS = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time")
_RANDOM = (
    "random", "randint", "randrange", "choice", "choices", "uniform", "gauss", "normalvariate", "triangular",
    "betavariate", "expovariate", "gammavariate", "lognormvariate", "vonmisesvariate", "paretovariate",
    "weibullvariate", "getrandbits", "randbytes", "sample",
)  # fmt: skip


def program_import(program_asyncio: Any, sync: Sync, imported: set[str]) -> Callable[..., Any]:
    """`__import__` for programs.

    Args:
        program_asyncio: What `import asyncio` gives.
        sync: Makes a synchronous effect: a label, and what makes the value.
        imported: Names of the modules imported so far; added to.
    """
    replaced: dict[str, Any] = {"asyncio": program_asyncio}

    def __import__(  # noqa: N807
        name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        if level == 0 and name in _PROXIES:
            if name not in replaced:
                replaced[name] = _PROXIES[name](sync)
            return replaced[name]
        if level == 0 and name in replaced:
            return replaced[name]
        imported.add(name.partition(".")[0])
        imported.add(name)
        return builtins.__import__(name, globals, locals, fromlist, level)

    return __import__


def _recorded(sync: Sync, label: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        return sync(label, lambda: function(*arguments, **named))

    call.__name__ = label.rpartition(".")[2]
    return call


def _copy(module: types.ModuleType, sync: Sync, names: tuple[str, ...]) -> Any:
    copy = types.ModuleType(module.__name__, module.__doc__)
    vars(copy).update({name: value for name, value in vars(module).items() if name[:2] != "__"})
    for name in names:
        if hasattr(copy, name):
            setattr(copy, name, _recorded(sync, f"{module.__name__}.{name}", getattr(module, name)))
    return copy


def _time(sync: Sync) -> Any:
    found = _copy(time, sync, _CLOCKS)
    for name in ("localtime", "gmtime", "ctime"):
        function = getattr(time, name)

        def now(seconds: float | None = None, function: Any = function) -> Any:
            return function(sync("time.time", time.time) if seconds is None else seconds)

        setattr(found, name, now)
    return found


def _random(sync: Sync) -> Any:
    found = _copy(random, sync, _RANDOM)

    def shuffle(sequence: Any) -> None:
        order = sync("random.shuffle", lambda: random.sample(range(len(sequence)), len(sequence)))
        sequence[:] = [sequence[place] for place in order]

    found.shuffle = shuffle
    return found


def _uuid(sync: Sync) -> Any:
    return _copy(uuid, sync, ("uuid1", "uuid4"))


def _datetime(sync: Sync) -> Any:
    found = _copy(datetime, sync, ())

    class Meta(type):
        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, cls.__mro__[1])

    class RecordedDatetime(datetime.datetime, metaclass=Meta):
        def __new__(cls, *arguments: Any, **named: Any) -> Any:
            return datetime.datetime(*arguments, **named)

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return sync("datetime.now", lambda: datetime.datetime.now(tz))

        @classmethod
        def utcnow(cls) -> Any:
            return sync("datetime.utcnow", lambda: datetime.datetime.now(datetime.UTC).replace(tzinfo=None))

        @classmethod
        def today(cls) -> Any:
            return sync("datetime.today", datetime.datetime.today)

    class RecordedDate(datetime.date, metaclass=Meta):
        def __new__(cls, *arguments: Any, **named: Any) -> Any:
            return datetime.date(*arguments, **named)

        @classmethod
        def today(cls) -> Any:
            return sync("date.today", datetime.date.today)

    found.datetime, found.date = RecordedDatetime, RecordedDate
    return found


_PROXIES: dict[str, Callable[[Sync], Any]] = {"time": _time, "random": _random, "uuid": _uuid, "datetime": _datetime}
