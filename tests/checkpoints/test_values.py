"""What a stored value is when it comes back."""

from __future__ import annotations

import asyncio
import collections
import datetime
import decimal
import fractions
import itertools
import json
import pathlib
import random
import re
import socket
import sys
import types
import uuid
import zoneinfo
from typing import Any

import pytest
from checkpoints.worlds import ModelWorld, Order, OwnDict, OwnError, OwnList, OwnText, Slotted
from msgspec.structs import replace

from playbooks.checkpoints.codec import LostError, Placeholder, Record, Unstorable, copy, decode, encode
from playbooks.checkpoints.describe import show
from playbooks.checkpoints.exceptions import is_standard
from playbooks.checkpoints.standard import NAMED_SHAPES

WORLD = ModelWorld()


def again(value: Any, world: ModelWorld = WORLD) -> Any:
    encoded = encode(value, world=world)
    assert not encoded.degraded
    return decode(encoded.data, world)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        -(2**200),
        1.5,
        "é\ud800",
        b"\0",
        bytearray(b"ab"),
        [1, [2]],
        (1, (2, [])),
        {1: {2: 3}},
        {1, "a"},
        frozenset([1, (2,)]),
        2 + 3j,
        range(1, 9, 2),
        slice(1, None),
        ...,
        NotImplemented,
        decimal.Decimal("1.50"),
        fractions.Fraction(1, 3),
        datetime.datetime(2024, 2, 29, 1, 2, 3, 4, datetime.UTC, fold=1),
        datetime.datetime(2024, 2, 29, tzinfo=zoneinfo.ZoneInfo("UTC")),
        datetime.date(2024, 2, 29),
        datetime.time(1, 2),
        datetime.timedelta(-1, 5),
        datetime.timezone(datetime.timedelta(hours=2), "here"),
        uuid.UUID(int=5),
        pathlib.Path("/a/b"),
        pathlib.PureWindowsPath("c:/a"),
        re.compile("a+", re.IGNORECASE),
        re.compile(b"a"),
        collections.OrderedDict([(2, 1), (1, 2)]),
        collections.Counter("aab"),
        collections.deque([1, 2], 3),
        collections.defaultdict(list, {1: [2]}),
        types.SimpleNamespace(a=1),
        len,
        int,
        ValueError,
        list[int],
        int | None,
        decimal.Decimal,
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_comes_back_equal_and_of_the_same_type(value: Any) -> None:
    for held in (value, [value, Order()]):
        found = again(held)
        found = found if held is value else found[0]
        assert found == value and type(found) is type(value)


def test_what_collections_are_set_to_comes_back() -> None:
    assert again(collections.defaultdict(list)).default_factory is list
    assert again(collections.deque([1], 2)).maxlen == 2
    assert again(datetime.datetime(2024, 1, 1, fold=1)).fold == 1


def test_an_instance_comes_back_without_a_method_of_its_class_being_called() -> None:
    order = Order({"price": 90})
    Order.calls, made = [], Order.made
    found = again([order])[0]
    assert type(found) is Order and found.tag == {"price": 90}
    assert not Order.calls and Order.made == made


def test_slots_come_back_and_those_not_set_stay_so() -> None:
    value = Slotted()
    value.left = [value]
    found = again(value)
    assert found.left[0] is found
    assert not hasattr(found, "right")


def test_a_class_over_a_builtin_keeps_contents_and_attributes() -> None:
    own = OwnList([1])
    own.append(own)
    own.tag = "t"
    found = again([own, OwnDict(a=[1]), OwnText("x")])
    assert type(found[0]) is OwnList and list.__getitem__(found[0], 1) is found[0] and found[0].tag == "t"
    assert type(found[1]) is OwnDict and found[1] == {"a": [1]}
    assert type(found[2]) is OwnText and found[2] == "x"


def test_shared_objects_stay_shared_and_cycles_stay_cycles() -> None:
    shared: list[Any] = [Order()]
    loop: dict[str, Any] = {"shared": shared, "again": (shared,)}
    loop["self"] = (loop, [loop])
    found = again(loop)
    assert found["shared"] is found["again"][0]
    assert found["self"][0] is found and found["self"][1][0] is found


def test_a_class_over_a_builtin_that_leads_back_to_a_tuple_keeps_its_contents() -> None:
    own, held = OwnList(), OwnDict()
    pair = (own, held)
    own.append(pair)
    held["k"] = pair
    found = again(pair)
    assert list.__getitem__(found[0], 0) is found and found[1]["k"] is found


def test_a_dict_whose_key_leads_back_to_it_comes_back() -> None:
    class_key = Order("k")
    held = {class_key: 1}
    object.__setattr__(class_key, "tag", held)
    found = again(held)
    assert next(iter(found)).tag is found


@pytest.mark.parametrize("depth", [10_000])
def test_a_value_nested_ten_thousand_deep_is_stored(depth: int) -> None:
    plain: Any = []
    own: Any = Order()
    for _ in range(depth):
        plain, own = [plain], Order(own)
    plain, own = again(plain), again(own)
    for _ in range(depth):
        plain, own = plain[0], own.tag
    assert plain == [] and own.tag is None


def test_encoding_an_unchanged_value_gives_the_same_bytes() -> None:
    value = {"a": {3, "x", None}, "o": Order({"b", "c"}), "l": [1.5]}
    assert encode(value, world=WORLD) == encode(value, world=WORLD)


def test_iterators_over_a_sequence_go_on_where_they_were_and_see_it_grow() -> None:
    rows = [1, 2, 3]
    plain, numbered, both, back = iter(rows), enumerate(rows), zip(rows, iter("abc"), strict=True), reversed(rows)
    for each in (plain, numbered, both, back):
        next(each)
    found = again({"rows": rows, "all": [plain, numbered, both, back, iter(range(2, 5)), iter("é"), iter(())]})
    found["rows"].append(4)
    plain, numbered, both, back, numbers, text, empty = found["all"]
    assert list(plain) == [2, 3, 4]
    assert next(numbered) == (1, 2)
    assert next(both) == (2, "b")
    assert list(back) == [2, 1]
    assert list(numbers) == [2, 3, 4] and list(text) == ["é"] and list(empty) == []


def test_a_bound_method_comes_back_bound_to_the_same_object() -> None:
    rows: list[int] = []
    found = again({"add": rows.append, "rows": rows})
    found["add"](1)
    assert found["rows"] == [1]


# -- exceptions -------------------------------------------------------------------------------------------------------


def test_an_exception_keeps_class_arguments_attributes_cause_and_notes() -> None:
    error = OwnError(4)
    error.add_note("while paying")
    error.__cause__ = KeyError("k")
    found = again(error)
    assert type(found) is OwnError and str(found) == "code 4" and found.code == 4
    assert found.__notes__ == ["while paying"] and repr(found.__cause__) == "KeyError('k')"
    assert found.__suppress_context__


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a", 1),
        FileNotFoundError(2, "no", "file.txt"),
        OSError("plain"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
        SystemExit(3),
        StopIteration([1]),
        SyntaxError("bad", ("f.py", 1, 2, "x", 1, 3)),
        ExceptionGroup("several", [ValueError(1), TypeError(2)]),
        ImportError("no", name="module"),
        TimeoutError(),
        asyncio.QueueEmpty("q"),
        json.JSONDecodeError("bad", "doc", 2),
    ],
    ids=lambda error: type(error).__name__,
)
def test_each_builtin_exception_comes_back_as_it_was(error: BaseException) -> None:
    found = again([error, Order()])[0]
    assert type(found) is type(error) and repr(found) == repr(error) and str(found) == str(error)
    for name in ("filename", "errno", "code", "value", "lineno", "name", "start"):
        assert getattr(found, name, None) == getattr(error, name, None)


def test_an_exception_of_an_unknown_class_comes_back_as_an_error_bearing_its_name() -> None:
    class HTTPError(Exception):
        pass

    error = HTTPError("status", 500)
    error.add_note("kept")
    found = again(error)
    assert type(found) is LostError and "HTTPError" in found.type_name and "500" in str(found)
    assert found.__notes__ == ["kept"]


# -- what can't be stored ---------------------------------------------------------------------------------------------


def test_a_socket_is_replaced_by_a_placeholder_that_names_path_and_statement() -> None:
    with socket.socket() as connection:
        rows = [0, 1, 2, types.SimpleNamespace(conn=connection)]
        value = types.SimpleNamespace(rows=rows, ok={"k": (connection,)})
        encoded = encode(value, root="$result", world=WORLD, made_by="$result = query()")
    assert encoded.degraded == ("$result.rows[3].conn",)
    found = decode(encoded.data, WORLD)
    assert type(found.rows[3].conn) is Placeholder and found.ok["k"][0] is found.rows[3].conn
    with pytest.raises(Unstorable) as told:
        found.rows[3].conn.send(b"")
    assert str(told.value) == (
        "`$result.rows[3].conn` could not be stored (a socket made by `$result = query()`); run that statement again"
    )


def test_each_variable_of_a_frame_has_its_own_path_and_statement() -> None:
    generator = (n for n in ())
    variables = {"ok": 1, "later": {"g": [generator]}}
    encoded = encode(variables, root="$", named=True, world=WORLD, made_by={"later": "later = make()"})
    assert encoded.degraded == ("$later['g'][0]",)
    with pytest.raises(Unstorable, match="later = make"):
        list(decode(encoded.data, WORLD)["later"]["g"][0])


@pytest.mark.parametrize(
    "use",
    [
        bool,
        str,
        len,
        iter,
        list,
        hash and (lambda it: it == 1),
        lambda it: it.name,
        lambda it: it(),
        lambda it: it[0],
        lambda it: it + 1,
        lambda it: 1 + it,
        lambda it: f"{it}",
        lambda it: 1 in it,
        lambda it: it.__enter__,
        lambda it: setattr(it, "a", 1),
    ],
)
def test_any_use_of_a_placeholder_says_what_is_missing(use: Any) -> None:
    held = decode(encode(sys.stdout, root="$out", world=WORLD).data, WORLD)
    with pytest.raises(Unstorable, match=r"\$out"):
        use(held)
    assert "$out" in repr(held)


def test_a_placeholder_is_stored_again_as_it_is() -> None:
    once = decode(encode([sys.stdout], root="$o", world=WORLD, made_by="$o = f()").data, WORLD)
    encoded = encode(once, root="$other", world=WORLD, made_by="$other = $o")
    assert encoded.degraded == ("$other[0]",)
    assert "`$o = f()`" in repr(decode(encoded.data, WORLD)[0])


def test_a_value_over_the_limit_is_replaced_and_the_others_are_kept() -> None:
    variables = {"big": "x" * 1000, "small": [1], "own": Order("y" * 1000)}
    encoded = encode(variables, root="$", named=True, world=WORLD, limit=500)
    assert encoded.degraded == ("$big", "$own")
    found = decode(encoded.data, WORLD)
    assert found["small"] == [1]
    assert "larger than max_checkpoint_size_mb" in repr(found["big"])
    assert encode("x" * 1000, root="$b", limit=500).degraded == ("$b",)


def test_an_instance_of_a_class_that_is_gone_comes_back_as_a_placeholder() -> None:
    class Gone:
        pass

    world = ModelWorld()
    world.own = {(Gone.__module__, Gone.__qualname__): Gone}
    data = encode([Gone(), 1], world=world).data
    found = decode(data, ModelWorld())
    assert found[1] == 1
    with pytest.raises(Unstorable, match="Gone"):
        _ = found[0].tag


def test_an_instance_whose_class_extends_something_else_by_now_comes_back_as_a_placeholder() -> None:
    data = encode({"before": OwnList([1]), "kept": 1}, world=WORLD).data
    other = ModelWorld()
    other.own = {(OwnList.__module__, OwnList.__qualname__): types.new_class("OwnList")}
    found = decode(data, other)
    assert found["kept"] == 1 and "OwnList" in repr(found["before"])


def test_a_standard_value_with_a_lost_part_is_lost_with_it_and_nothing_else_is() -> None:
    class Zone(datetime.tzinfo):
        pass

    encoded = encode({"at": datetime.datetime(2024, 1, 1, tzinfo=Zone()), "kept": 1}, root="$", named=True, world=WORLD)
    found = decode(encoded.data, WORLD)
    assert encoded.degraded == ("$at",) and found["kept"] == 1
    with pytest.raises(Unstorable, match="Zone"):
        _ = found["at"].year


def test_an_exception_that_claims_to_be_of_a_module_nobody_imported_is_none_of_its(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "asyncio.queues", raising=False)
    assert not is_standard(type("QueueEmpty", (Exception,), {"__module__": "asyncio.queues"}))


def test_a_count_goes_on_where_it_was() -> None:
    counter = itertools.count(3, 2)
    next(counter)
    assert next(again([counter, Order()])[0]) == 5


def test_what_no_longer_tells_its_state_is_lost_and_nothing_else_is() -> None:
    walked, members = {"a": 1, "b": 2}, {1, 2}
    iterators = {"keys": iter(walked), "members": iter(members)}
    for iterator in iterators.values():
        next(iterator)
    walked["c"] = 3
    members.add(3)
    encoded = encode({**iterators, "kept": walked}, world=WORLD, named=True, root="$")
    assert encoded.degraded == ("$keys", "$members") and decode(encoded.data, WORLD)["kept"] == walked
    with pytest.raises(Unstorable, match="RuntimeError: dictionary changed size during iteration"):
        next(decode(encoded.data, WORLD)["keys"])


def test_what_can_not_be_made_on_this_machine_is_lost_and_nothing_else_is(monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime.datetime(2024, 1, 1, tzinfo=zoneinfo.ZoneInfo("UTC"))
    data = encode({"at": at, "day": datetime.date(2024, 1, 1)}, world=WORLD).data
    shape = NAMED_SHAPES["ZoneInfo"]

    def missing(key: str) -> None:
        raise zoneinfo.ZoneInfoNotFoundError(f"No time zone found with key {key}")

    monkeypatch.setitem(NAMED_SHAPES, "ZoneInfo", replace(shape, make=missing))
    found = decode(data, WORLD)
    assert found["day"] == datetime.date(2024, 1, 1)
    with pytest.raises(Unstorable, match="No time zone found with key UTC"):
        _ = found["at"].year


def test_a_state_of_chance_is_shown_by_a_short_mark_that_changes_as_it_is_drawn_from() -> None:
    chance = random.Random(3)
    before = show(decode(encode(chance).data))
    chance.random()
    after = show(decode(encode(chance).data))
    assert re.fullmatch(r"Random\(state [0-9a-f]{8}\)", before) and before != after
    assert decode(encode(chance).data, WORLD).random() == chance.random()


def test_a_library_s_instance_is_not_taken_apart() -> None:
    import threading

    assert encode({"t": threading.Thread()}, root="$v", world=WORLD).degraded == ("$v['t']",)


def test_names_that_the_engine_offers_are_stored_as_names() -> None:
    world = ModelWorld()
    say = types.SimpleNamespace(secret=sys.stdout)
    world.offered["Say"] = say
    assert again({"f": say, "l": [say]}, world)["f"] is say


# -- copies -----------------------------------------------------------------------------------------------------------


def test_a_copy_shares_nothing_mutable_but_what_can_not_be_stored() -> None:
    order = Order([1])
    found = copy({"order": order, "out": sys.stdout, "rows": [1]}, WORLD)
    assert found["out"] is sys.stdout
    found["order"].tag.append(2)
    assert order.tag == [1]
    text = "x" * 300
    assert copy(text, WORLD) is text


# -- looking ----------------------------------------------------------------------------------------------------------


def test_looking_builds_no_object_of_the_program() -> None:
    order = Order([1])
    Order.calls = []
    found = decode(encode({"o": order, "e": OwnError(1), "d": decimal.Decimal("1.5")}, world=WORLD).data)
    assert type(found["o"]) is Record and found["o"].type_name == "Order" and found["o"].attributes == {"tag": [1]}
    assert repr(found["o"]) == "Order(tag=[1])"
    assert found["e"].type_name == "OwnError" and found["e"].attributes["code"] == 1
    assert repr(found["d"]) == "Decimal('1.5')"
    assert not Order.calls


def test_looking_at_a_cycle_ends() -> None:
    loop = Order()
    object.__setattr__(loop, "tag", [loop])
    assert repr(decode(encode(loop, world=WORLD).data)) == "Order(tag=[...])"
