"""Code that went through the rewriting does what the model wrote, on the lines where it wrote it."""

from __future__ import annotations

import ast
import asyncio
import inspect
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runtime.python_texts import library_files, library_text, programs, with_dollars
from runtime.rewritten import World

from playbooks.runtime.rewrite import AGENT, Rewriter
from playbooks.runtime.source import (
    MODEL,
    compile_block,
    compile_statement,
    mark,
    parse,
    unmark,
)

NESTED = sys.version_info >= (3, 12)


# Generated programs make the compiler warn; that is not what is tested.
pytestmark = pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")


# -- `$x` --------------------------------------------------------------------------------------------------------------


@given(programs())
def test_every_agents_variable_is_marked_and_no_text_is(program: str) -> None:
    assert mark(with_dollars(program)) == program.replace("⟦", AGENT).replace("⟧", "")
    assert unmark(mark(with_dollars(program))) == with_dollars(program)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ('f"{$price:.2f}"', "90.00"),
        ('f"I can do ${price}."', "I can do $7."),
        ('f"${$price}"', "$90"),
        ('f"{{$price}} {$price}"', "{$price} 90"),
        ("f\"{$d['a']} $d\"", "1 $d"),
        ('f"{$price:>{$width}}|{price:$>3}"', "  90|$$7"),
        ('f"{$price!r}{$price=}"', "90$price=90"),
        ('rf"\\{$price}"', "\\90"),
        ('f"\\N{DOLLAR SIGN}{$price}"', "$90"),
        ('"$price" f"{$price}" \'{$price}\'', "$price90{$price}"),
        ('f"""{\n$price\n}"""', "90"),
        ('f"{(lambda: $price)()}"', "90"),
        ("f\"{f'{$price}$'}\"", "90$"),
        ('f"{7:{{1: $width}[1]}}"', "   7"),
        ("[$price for _ in $xs]", [90, 90]),
        ("(lambda a=$price: a)()", 90),
        ("$xs[0] + $d['a']", 2),
        ("'costs $5'  # $five", "costs $5"),
        ("b'$price'", b"$price"),
    ],
)
def test_agents_variables_are_code_and_dollars_in_text_are_text(source: str, value: Any) -> None:
    world = World(price=90, width=4, xs=[1, 2], d={"a": 1})
    world.names["price"] = 7
    world.run(f"got = {source}")
    assert world.names["got"] == value


@pytest.mark.skipif(not NESTED, reason="since PEP 701")
@pytest.mark.parametrize(
    ("source", "value"),
    [
        ('f"{$d["a"]}"', "1"),
        ('f"{f"{$price}$price"}"', "90$price"),
        ('f"{\n$price # }\n}"', "90"),
        ('f"{"$price"}"', "$price"),
    ],
)
def test_fields_may_hold_the_quote_of_the_string_around_them(source: str, value: str) -> None:
    world = World(price=90, d={"a": 1}).run(f"got = {source}")
    assert world.names["got"] == value


def test_agents_variables_can_be_bound_wherever_names_can() -> None:
    world = World(items=[1])
    world.run(
        "\n---\n".join(
            [
                "$a = 1",
                "$b, ($c, *$d) = 2, (3, 4, 5)",
                "$e: int = 6",
                "$f: undefined_type",
                "for $g in [7]: pass",
                "for $h, i in [(8, 9)]:\n    pass",
                "with open('/dev/null') as $j: pass",
                "($k := 10)",
                "$a += 1",
                "$items.append($a)",
                "$items[0] = 11",
                "def add(n):\n    $a += n\n    global $b\n    $b = $a",
                "add(5)",
                "class A:\n    x = $a\n    $l = 12",
                "match $a:\n    case 7: $m = 13",
                "[0 for $n in [14]]",
                "del $c, $items[1]",
                "async def later(k=$e):\n    return [$a async for _ in once()]",
                "o = lambda: $a",
            ]
        )
    )
    state = vars(world.state)
    assert world.state.j.closed
    assert {name: state[name] for name in "abdeghklmn"} | {"items": state["items"]} == {
        "a": 7, "b": 7, "d": [4, 5], "e": 6, "g": 7, "h": 8, "k": 10, "l": 12, "m": 13, "n": 14, "items": [11],
    }  # fmt: skip
    assert "c" not in state
    assert world.names["A"].x == world.names["o"]() == 7


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("try: a\nexcept E as $x: b", "$x cannot stand here: use a plain name"),
        ("def f($x): pass", "$x cannot stand here: use a plain name"),
        ("def $f(): pass", "$f cannot stand here: use a plain name"),
        ("f($x=1)", "$x cannot stand here: use a plain name"),
        ("import a as $x", "$x cannot stand here: use a plain name"),
        ("match a:\n    case $x: pass", "$x cannot stand here: use a plain name"),
        ("match a:\n    case {'k': 1, **$x}: pass", "$x cannot stand here: use a plain name"),
        ("def f():\n    def g():\n        nonlocal $x", "$x cannot stand here: use a plain name"),
        ("a.$x", "$x cannot stand here: use a plain name"),
        ("$__x = 1", "$__x cannot be an agent's variable: two leading underscores are the engine's"),
        ("$d[await F()] = 1", "await in the index of $d: put it in a variable first"),
        ("self.state.d[await F()] += 1", "await in the index of self.state.d: put it in a variable first"),
        ("$d[await F()].append(await F())", "await in the index of $d: put it in a variable first"),
        ("def f():\n    await a", "'await' outside async function"),
        ("return 1", "'return' outside function"),
        ("$x = $y $z", "invalid syntax"),
        ("x = a$b", "invalid syntax"),
        ("x = $5", "invalid syntax"),
    ],
)
def test_what_cannot_be_is_a_syntax_error_that_says_so(source: str, message: str) -> None:
    with pytest.raises(SyntaxError) as caught:
        compile_statement(source, None, filename="<model r1>", line=10)
    assert caught.value.msg == message
    assert 10 <= (caught.value.lineno or 0) <= 10 + source.count("\n")
    assert caught.value.filename == "<model r1>"


# -- awaits ------------------------------------------------------------------------------------------------------------


def test_every_await_goes_through_the_engine() -> None:
    world = World().run(
        "async def helper(xs):\n    a = [await F(x) for x in xs]\n"
        "    return a + [y async for y in (await F(x) for x in xs)]"
        "\n---\nout = await helper([await F(1), 2])"
        "\n---\nmore = {k: await F(k) for k in out if await F(k)}"
        "\n---\nif await F(1):\n    last = f'{await F(3)} {(lambda: 4)()}'"
    )
    assert world.names["out"] == [1, 2, 1, 2]
    assert world.names["last"] == "3 4"
    assert world.awaited == ["_f", "helper", *["_f"] * 14]


def test_an_agents_variable_is_read_after_the_await_that_what_is_done_to_it_waits_for() -> None:
    world = World(xs=[1], n=1, d={"k": [1]})
    world.run("$xs.append(await F(2))\n---\n$d['k'].extend(x for x in [await F(2)])\n---\n$xs += [await F(3)]")
    world.run(
        "self.state.xs.append(await F(4))\n---\n$n += await F(1, n=10)\n---\n"
        "$xs.sort(key=await F(), reverse=await F(True))"
    )
    world.run("async def add():\n    $xs.append(await F(5))\n    $n += await F(1, n=20)\n---\nawait add()")
    assert (world.state.xs, world.state.n, world.state.d) == ([4, 3, 2, 1, 5], 21, {"k": [1, 2]})
    assert "__value__" not in world.names


def test_what_a_statement_calls_and_drops_is_told() -> None:
    world = World(ok=True)
    for source in (
        "len('ab')",
        "$ok and len('abc')",
        "len('a') if not $ok else len('abcd')",
        "def f():\n    len('')",
        "f()",
        "'doc'",
    ):
        world.run(source)
    assert world.dropped == [2, 3, 4, 0, None]
    assert World().run("x = len('ab')\n---\nawait F(len('ab'))").dropped == []


def test_async_with_and_async_for_ask_what_they_are_over() -> None:
    world = World().run(
        "async def once():\n    yield 1\n---\nasync for a in once(): b = a\n---\nc = [d async for d in once()]\n---\n"
        "async with asyncio.Lock() as e, asyncio.Lock(): f = 2"
    )
    assert [type(value).__name__ for value in world.replayable] == [
        "async_generator",
        "async_generator",
        "Lock",
        "Lock",
    ]
    assert (world.names["b"], world.names["c"], world.names["f"]) == (1, [1], 2)


# -- plain names -------------------------------------------------------------------------------------------------------


def test_a_global_of_a_helper_is_stored_through_the_namespace() -> None:
    world = World().run(
        "a, c = 1, [1]\n---\n"
        "def f():\n    global a, b, c, d, e\n    a += 1\n    b = a\n    c += [2]\n    for d in [3]: pass\n"
        "    e = [a for a in [9]]\n    def g():\n        a = 4\n    g()\n    del d\n---\nf()"
    )
    names = world.names
    assert (names["a"], names["b"], names["c"], names["e"]) == (2, 2, [1, 2], [9])
    assert "d" not in names
    assert names.stored == ["a", "c", "f", "a", "b", "c", "d", "e"]
    with pytest.raises(NameError, match="unknown"):
        World().run("def f():\n    global unknown\n    unknown += 1\n---\nf()")


def test_the_body_of_a_class_sees_what_the_code_around_it_sees() -> None:
    world = World(price=90)
    world.names.engine["budget"] = 100
    world.run(
        "class A:\n    'What it is.'\n    x = $price + budget\n    len('ab')\n    name = __qualname__\n    int = int\n"
        "    def __await__(self): yield from ()\n    def h(): return 1\n    k = h()\n"
        "    y = [budget for _ in range(x - 189)]\n---\n"
        "def f(z):\n    class B(A):\n        v = z\n        def g(self): return super().x + z\n        w = $price\n"
        "    return B"
    )
    one, two = world.names["A"], world.names["f"](1)
    assert (one.x, one.y, one.k, one.name, one.__doc__, one.int) == (190, [100], 1, "A", "What it is.", int)
    assert (two.v, two().g(), two.w) == (1, 191, 90)
    assert inspect.isawaitable(one())
    assert one.h() == 1
    assert "h" not in world.names


def test_a_global_at_the_top_changes_nothing() -> None:
    assert World().run("if True:\n    global a\n    a = 1").names.stored == ["a"]


def test_annotations_of_variables_are_not_evaluated_and_leave_nothing() -> None:
    world = World().run(
        "a: List[int] = [1]\n---\nb: Unknown\n---\nclass C:\n    x: int = 1\n---\ndef f(y: int): z: Unknown = 1"
    )
    assert world.names.stored == ["a", "C", "f"]
    assert world.names["C"].__annotations__ == {"x": int}
    assert world.names["f"].__annotations__ == {"y": int}


# -- places ------------------------------------------------------------------------------------------------------------


@given(programs(), st.sampled_from([1, 2, 50]), st.booleans())
def test_all_that_is_compiled_stands_on_the_lines_of_what_it_came_from(program: str, line: int, notes: bool) -> None:
    for statement in parse(with_dollars(program)).body:
        first, last = statement.lineno, statement.end_lineno or 0
        if decorators := getattr(statement, "decorator_list", None):
            first = decorators[0].lineno
        plain = ast.unparse(statement)
        try:
            body = Rewriter("<model>", line - 1, notes).block([statement])
        except SyntaxError as error:
            assert first <= (error.lineno or 0) - line + 1 <= last
            continue
        for node in (part for new in body for part in ast.walk(new)):
            if isinstance(node, (ast.expr, ast.stmt)):
                assert first <= node.lineno - line + 1 <= (node.end_lineno or 0) - line + 1 <= last
        try:
            compile(plain, "<plain>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except SyntaxError:
            continue
        compile(ast.Module(body, []), "<model>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


@pytest.mark.parametrize("number", range(5))
def test_library_modules_compile_as_blocks(number: int) -> None:
    for path in library_files()[number * 30 : number * 30 + 4]:
        compile_block(library_text(path).removeprefix("\ufeff"), filename=f"{MODEL} {path.name}>")


@pytest.mark.parametrize("stage", [None, "head", "turn", "else"])
def test_an_exception_names_the_line_in_the_response(stage: Any) -> None:
    source = (
        "for a in [1 /\n zero]:\n    b = [\n      1 / zero]\nelse:\n    async def f():\n        1 / zero\n    await f()"
    )
    world = World()
    world.names.update(zero=0, __item__=1)
    code = compile_statement(source, stage, filename="<model 7>", line=41)

    async def main() -> None:
        result = eval(code, world.names)
        if inspect.isawaitable(result):
            await result

    with pytest.raises(ZeroDivisionError) as caught:
        asyncio.run(main())
    last = caught.traceback[-1]
    assert (str(last.path), last.lineno + 1) == ("<model 7>", {None: 41, "head": 41, "turn": 44, "else": 47}[stage])
    assert last.frame.code.raw.co_filename.startswith(MODEL)


def test_a_syntax_error_names_the_line_in_the_response() -> None:
    with pytest.raises(SyntaxError) as caught:
        compile_statement("if a:\n    b\n    if c:\n    d", None, line=10)
    assert caught.value.lineno == 13
    assert caught.value.msg == "expected an indented block after 'if' statement on line 12"


def test_the_future_of_this_engine_is_not_the_models() -> None:
    assert World().run("def f(a: int): pass").names["f"].__annotations__ == {"a": int}


def test_statements_are_compiled_once_for_a_place() -> None:
    assert compile_statement("a = 1", None, line=3) is compile_statement("a = 1", None, line=3)
    assert compile_statement("a = 1", None, line=3) is not compile_statement("a = 1", None, line=4)


def test_a_block_defines_what_an_agents_functions_see() -> None:
    world = World(total=1)
    exec(
        compile_block(
            "LIMIT: int = 3\nasync def add(n):\n    $total += await F(n)\n    return $total + LIMIT\n",
            filename="<model b>",
        ),
        world.names,
    )
    world.run("got = await add(5)")
    assert world.names["got"] == 9
    assert world.awaited == ["add", "_f"]
