"""What `import` gives to a program: clocks, random numbers and ids that are served again on replay.

Apart because it is a list: a module that is not in it is imported as it is.
"""

from __future__ import annotations

import asyncio
import builtins
import datetime
import importlib
import random
import sys
import time
import types
import uuid
from collections.abc import Callable
from typing import Any

from playbooks.runtime.place import here
from playbooks.runtime.stand_in import StandIn, stands
from playbooks.state.program_state import owner

Sync = Callable[[str, Callable[[], Any]], Any]
_CLOCKS = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time")
_RANDOM = (
    "random", "randint", "randrange", "choice", "choices", "uniform", "gauss", "normalvariate", "triangular",
    "betavariate", "expovariate", "gammavariate", "lognormvariate", "vonmisesvariate", "paretovariate",
    "weibullvariate", "getrandbits", "randbytes", "sample",
)  # fmt: skip


class ProgramImport:
    """`__import__` for programs.

    Args:
        program_asyncio: What `import asyncio` gives.
        sync: Makes a synchronous effect: a label, and what makes the value.
        imported: Names of the modules imported so far; added to.
    """

    def __init__(self, program_asyncio: types.ModuleType, sync: Sync, imported: set[str]) -> None:
        self._sync, self._imported = sync, imported
        self._modules: dict[str, types.ModuleType] = {}
        self._names: dict[int, str] = {}
        """Id of a function or class that stands for a module's own → `random.choice`."""
        self._add(program_asyncio, asyncio)

    def __call__(self, name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        if level == 0 and name not in self._modules and name in _PROXIES:
            self._add(_PROXIES[name](self._sync), importlib.import_module(name))
        if level == 0 and name in self._modules:
            return self._modules[name]
        self._imported.add(name.partition(".")[0])
        self._imported.add(name)
        found = builtins.__import__(name, globals, locals, fromlist, level)
        self._imported.update(inner for part in fromlist or () if (inner := f"{name}.{part}") in sys.modules)
        return found

    def _add(self, module: types.ModuleType, original: types.ModuleType) -> None:
        self._modules[original.__name__] = module
        for name, value in vars(module).items():
            if name[:2] != "__" and value is not vars(original).get(name):
                self._names[id(value)] = f"{original.__name__}.{name}"

    def name_of(self, value: object) -> str | None:
        """The name of what stands for a module's own: one that is kept in a variable is stored by it."""
        return self._names.get(id(value))

    def named(self, name: str) -> object:
        """What `name_of` gave this name for."""
        module, _, attribute = name.rpartition(".")
        return vars(self(module))[attribute]


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
    """Drawn anew and recorded, until a program seeds: from then on its agent draws from a state of its own, which is
    kept as its variables are.
    """
    found = _copy(random, sync, ())

    def drawn(name: str) -> Callable[..., Any]:
        anew = _recorded(sync, f"random.{name}", getattr(random, name))

        def call(*arguments: Any, **named: Any) -> Any:
            seeded = _seeded()
            return anew(*arguments, **named) if seeded is None else getattr(seeded, name)(*arguments, **named)

        call.__name__ = name
        return call

    def shuffle(sequence: Any) -> None:
        if (seeded := _seeded()) is not None:
            seeded.shuffle(sequence)
            return
        order = sync("random.shuffle", lambda: random.sample(range(len(sequence)), len(sequence)))
        sequence[:] = [sequence[place] for place in order]

    def anything() -> int:
        return int(sync("random.Random", lambda: random.SystemRandom().getrandbits(128)))

    def seed(a: Any = None, version: int = 2) -> None:
        made = random.Random(0)
        made.seed(anything() if a is None else a, version)
        _seed(made)

    def setstate(state: Any) -> None:
        made = random.Random(0)
        made.setstate(state)
        _seed(made)

    def getstate() -> Any:
        if (seeded := _seeded()) is None:
            seed()
            seeded = _seeded()
        return (seeded or random).getstate()

    class Random(random.Random, metaclass=StandIn):
        def __new__(cls, x: Any = None) -> Any:
            return random.Random(anything() if x is None else x) if stands(cls) else super().__new__(cls)

        def __init__(self, x: Any = None) -> None:  # of a program's subclass
            super().__init__(anything() if x is None else x)

    for name in _RANDOM:
        setattr(found, name, drawn(name))
    found.shuffle, found.seed, found.setstate, found.getstate = shuffle, seed, setstate, getstate
    found.Random = Random
    return found


def _seeded() -> random.Random | None:
    """The state that the running code's agent draws from; None while it has not seeded."""
    place = here.get()
    if place is None:
        return None
    name, state = f"chance {place.frame.agent}", place.runtime.state
    record = state.record.get((place.frame.id, place.frame.unit), {})
    if name not in (place.copies or ()):
        if ("segment", place.path, place.calls) in record:
            known = ("read", place.path, place.calls, name) in record
        else:
            known = name in state.variables.get(owner(place.frame.agent, name), ())
        if not known:
            return None
    held = place.touch(name)
    return held[0] if held is not None else None


def _seed(made: random.Random) -> None:
    place = here.get()
    if place is None:
        random.setstate(made.getstate())
    else:
        place.put(f"chance {place.frame.agent}", made)


def _secrets(sync: Sync) -> Any:
    names = ("token_bytes", "token_hex", "token_urlsafe", "choice", "randbelow", "randbits")
    return _copy(importlib.import_module("secrets"), sync, names)


def _uuid(sync: Sync) -> Any:
    return _copy(uuid, sync, ("uuid1", "uuid4"))


def _datetime(sync: Sync) -> Any:
    found = _copy(datetime, sync, ())

    class RecordedDatetime(datetime.datetime, metaclass=StandIn):
        def __new__(cls, *arguments: Any, **named: Any) -> Any:
            own = stands(cls)
            return datetime.datetime(*arguments, **named) if own else super().__new__(cls, *arguments, **named)

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return cls._taken(sync("datetime.now", lambda: datetime.datetime.now(tz)))

        @classmethod
        def utcnow(cls) -> Any:
            now = sync("datetime.utcnow", lambda: datetime.datetime.now(datetime.UTC).replace(tzinfo=None))
            return cls._taken(now)

        @classmethod
        def today(cls) -> Any:
            return cls._taken(sync("datetime.today", datetime.datetime.today))

        @classmethod
        def _taken(cls, found: Any) -> Any:
            return found if stands(cls) else cls.combine(found.date(), found.timetz())

    class RecordedDate(datetime.date, metaclass=StandIn):
        def __new__(cls, *arguments: Any, **named: Any) -> Any:
            return datetime.date(*arguments, **named) if stands(cls) else super().__new__(cls, *arguments, **named)

        @classmethod
        def today(cls) -> Any:
            found = sync("date.today", datetime.date.today)
            return found if stands(cls) else cls.fromordinal(found.toordinal())

    found.datetime, found.date = RecordedDatetime, RecordedDate
    return found


_PROXIES: dict[str, Callable[[Sync], Any]] = {
    "time": _time,
    "random": _random,
    "uuid": _uuid,
    "datetime": _datetime,
    "secrets": _secrets,
}
