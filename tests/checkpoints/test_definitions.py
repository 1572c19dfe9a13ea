"""Functions and classes that model code defined, in a process that never ran that code."""

from __future__ import annotations

import dataclasses
import enum
import gc
import textwrap
from typing import Any

import pytest
from checkpoints.worlds import ModelWorld

from playbooks.checkpoints import classes
from playbooks.checkpoints.codec import Described, decode, encode


def resumed(source: str) -> dict[str, Any]:
    """What is there after model code ran, was stored and came back in another process."""
    world = ModelWorld()
    encoded = encode(world.run(textwrap.dedent(source)), root="$", named=True, world=world)
    assert not encoded.degraded
    other = world.resumed()
    found: dict[str, Any] = decode(encoded.data, other)
    other.names.update(found)
    again = encode(found, root="$", named=True, world=WithClasses(other, found))
    assert not again.degraded  # a resume of a resume stores it too
    return found


class WithClasses(ModelWorld):
    """A world that has taken up the classes that came back, as a runtime does."""

    def __init__(self, world: ModelWorld, found: dict[str, Any]) -> None:
        super().__init__()
        self.names, self._texts, self.own = world.names, world._texts, world.own
        from playbooks.checkpoints.world import Definition

        for value in found.values():
            if isinstance(value, type) and value.__module__ == "model":
                self._classes[value] = Definition("", value.__qualname__)


def test_a_function_with_defaults_comes_back_without_its_default_being_evaluated_anew() -> None:
    found = resumed(
        """
        calls = []
        def price(n, rate=calls.append(1) or 3, *, plus=[4]):
            return n * rate + plus[0]
        """
    )
    assert found["calls"] == [1]
    assert found["price"](2) == 10
    assert found["price"].__kwdefaults__ == {"plus": [4]}


def test_functions_that_share_a_closure_cell_still_share_it() -> None:
    found = resumed(
        """
        def make():
            n = 5
            def up():
                nonlocal n
                n += 1
                return n
            def get():
                return n
            return up, get
        up, get = make()
        up()
        """
    )
    assert found["get"]() == 6
    found["up"]()
    assert found["get"]() == 7


def test_a_recursive_function_refers_to_itself() -> None:
    found = resumed(
        """
        def outer():
            def fact(n):
                return 1 if n < 2 else n * fact(n - 1)
            return fact
        fact = outer()
        def fib(n):
            return n if n < 2 else fib(n - 1) + fib(n - 2)
        """
    )
    assert found["fact"](5) == 120 and found["fib"](10) == 55
    assert found["fact"].__closure__[0].cell_contents is found["fact"]


def test_two_lambdas_on_one_line_stay_themselves() -> None:
    found = resumed(
        """
        double, negate = [lambda x: x * 2, lambda x: -x]
        """
    )
    assert found["double"](3) == 6 and found["negate"](3) == -3


def test_attributes_names_and_memo_of_a_function_come_back() -> None:
    found = resumed(
        """
        import functools
        def logged(f):
            @functools.wraps(f)
            def inner(*a):
                inner.count += 1
                return f(*a)
            inner.count = 0
            return inner
        @logged
        def add(a, b):
            'Adds.'
            return a + b
        add(1, 2)
        @functools.lru_cache(maxsize=3)
        def square(n):
            return n * n
        """
    )
    assert found["add"](2, 3) == 5 and found["add"].count == 2
    assert found["add"].__name__ == "add" and found["add"].__doc__ == "Adds."
    assert found["square"](4) == 16 and found["square"].cache_parameters()["maxsize"] == 3


def test_a_class_with_a_counter_comes_back_with_its_count() -> None:
    found = resumed(
        """
        class Thing:
            count = 0
            def __init__(self, name):
                Thing.count += 1
                self.name = name
            @property
            def loud(self):
                return self.name.upper()
            @classmethod
            def total(cls):
                return cls.count
            @staticmethod
            def two():
                return 2
        a = Thing('a')
        Thing('b')
        """
    )
    thing = found["Thing"]
    assert thing.count == 2 and type(found["a"]) is thing and found["a"].loud == "A"
    thing("c")
    assert thing.total() == 3 and thing.two() == 2


def test_super_and_inheritance_work_and_no_base_is_told_of_a_subclass_again() -> None:
    found = resumed(
        """
        told = []
        class A:
            def __init_subclass__(cls):
                told.append(cls.__name__)
            def who(self):
                return 'A'
        class B(A):
            __slots__ = ('x',)
            def who(self):
                return 'B' + super().who()
        b = B()
        b.x = 3
        bound = b.who
        """
    )
    assert found["told"] == ["B"]
    assert found["b"].who() == "BA" and found["b"].x == 3 and found["bound"]() == "BA"
    assert isinstance(found["b"], found["A"])


def test_a_dataclass_generates_its_methods_again() -> None:
    found = resumed(
        """
        import dataclasses
        from dataclasses import dataclass, field
        @dataclass
        class Row:
            a: int
            b: list = field(default_factory=list)
            def total(self):
                return self.a + len(self.b)
        @dataclass(frozen=True, slots=True, order=True)
        class Key:
            n: int = 3
        @dataclass
        class More(Row):
            c: str = 'c'
            def __post_init__(self):
                self.d = self.c * 2
        @dataclass(frozen=True)
        class Fixed:
            n: int = 3
        class Loose(Fixed):
            pass
        row = Row(1, [2])
        key = Key()
        more = More(1)
        """
    )
    row, key, more = found["Row"], found["Key"], found["More"]
    assert repr(found["row"]) == "Row(a=1, b=[2])" and row(1, [2]) == found["row"] and row(2).total() == 2
    assert key(1) < key() == found["key"] and hash(key(1)) == hash(key(1))
    with pytest.raises(dataclasses.FrozenInstanceError):
        found["key"].n = 4
    loose = found["Loose"]()
    loose.other = 5  # the generated `__setattr__` hands on to the base of the class it was made for
    assert loose.other == 5
    assert more(1, c="x").d == "xx" and repr(found["more"]) == "More(a=1, b=[], c='c')"
    assert [f.name for f in dataclasses.fields(found["more"])] == ["a", "b", "c"]


def test_an_enumeration_keeps_its_members_identity_and_aliases() -> None:
    found = resumed(
        """
        import enum
        class Color(enum.Enum):
            RED = 1
            CRIMSON = 1
            BLUE = 'b'
            def low(self):
                return self.name.lower()
        class Flags(enum.Flag):
            A = 1
            B = 2
        class Level(enum.IntEnum):
            LOW = 1
        held = {Color.RED: [Color.BLUE]}
        flags = Flags.A | Flags.B
        """
    )
    color = found["Color"]
    assert found["held"] == {color.RED: [color.BLUE]} and color.CRIMSON is color.RED and color.BLUE.low() == "blue"
    assert issubclass(color, enum.Enum) and found["Level"].LOW == 1
    assert found["flags"] == found["Flags"].A | found["Flags"].B


def test_named_tuples_come_back_with_defaults_and_methods() -> None:
    found = resumed(
        """
        import collections, typing
        Point = collections.namedtuple('Point', 'x y', defaults=[5])
        class Pair(typing.NamedTuple):
            a: int
            b: int = 2
            def total(self):
                return self.a + self.b
        p = Point(1)
        q = Pair(1)
        """
    )
    assert found["p"] == (1, 5) and found["p"].y == 5 and found["Point"](2).y == 5
    assert found["q"].total() == 3 and found["Pair"](4).b == 2


def test_a_named_tuple_comes_back_whenever_the_collector_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def collected_after(cls: type) -> Any:
        gc.collect()
        return vars(cls)

    monkeypatch.setattr(classes, "vars", collected_after, raising=False)
    found = resumed("import collections\nPoint = collections.namedtuple('Point', 'x y', defaults=[5])\n")
    assert found["Point"](2) == (2, 5)


def test_an_exception_class_of_the_model_is_raised_and_caught_again() -> None:
    found = resumed(
        """
        class Refused(Exception):
            def __init__(self, code):
                super().__init__(f'code {code}')
                self.code = code
        class Plain(Refused):
            pass
        error = Plain(4)
        """
    )
    with pytest.raises(found["Refused"], match="code 4") as caught:
        raise found["error"]
    assert caught.value.code == 4


def test_an_abstract_class_stays_abstract() -> None:
    found = resumed(
        """
        import abc
        class Shape(abc.ABC):
            @abc.abstractmethod
            def area(self): ...
        class Square(Shape):
            def area(self):
                return 4
        square = Square()
        """
    )
    assert found["square"].area() == 4
    with pytest.raises(TypeError, match="abstract"):
        found["Shape"]()


def test_an_imported_module_comes_back_by_name_only_with_a_world() -> None:
    world = ModelWorld()
    data = encode(world.run("import json as j\n"), world=world).data
    import json

    assert decode(data, world)["j"] is json
    assert decode(data)["j"] == Described("module", "json")


def test_looking_shows_the_source_of_what_the_model_defined() -> None:
    world = ModelWorld()
    source = "def f(x):\n    return x\n"
    found = decode(encode(world.run(source), world=world).data)
    assert found["f"] == Described("function", "f", source)


def test_a_function_of_nobody_can_not_be_stored() -> None:
    made: dict[str, Any] = {}
    exec("def nobodys(): ...", made)
    assert encode({"f": made["nobodys"]}, root="$", world=ModelWorld(), named=True).degraded == ("$f",)


def test_a_function_whose_source_no_longer_defines_it_comes_back_as_a_placeholder() -> None:
    world = ModelWorld()
    data = encode(world.run("def f():\n    return 1\n"), world=world).data
    damaged = data.replace(b"def f():", b"def g():")
    found = decode(damaged, world.resumed())
    assert "`f`" in repr(found["f"])


def test_what_was_imported_from_a_module_comes_back_by_name() -> None:
    import collections
    import math
    import textwrap

    found = resumed(
        """
        from math import sqrt
        from textwrap import dedent
        from collections import ChainMap
        """
    )
    assert found == {"sqrt": math.sqrt, "dedent": textwrap.dedent, "ChainMap": collections.ChainMap}
