"""A model from a Python file: what `respond` may be, what it is told, how it streams and goes on, how it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from playbooks.errors import UserError
from playbooks.models.base import ModelRequest, Text, Usage
from playbooks.models.script import Continuation, ScriptModel, chunks

Script = Callable[[str], ScriptModel]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Makes a model of a script's source."""

    def make(source: str) -> ScriptModel:
        path = tmp_path / "haggle_model.py"
        path.write_text(source, "utf-8")
        return ScriptModel(path, shown="haggle_model.py")

    return make


def texts(pieces: list[Any]) -> list[str]:
    return [piece.text for piece in pieces if isinstance(piece, Text)]


@pytest.mark.parametrize(
    "source",
    [
        "def respond(request): return 'await Say()'",
        "def respond(request): return ['await ', 'Say()']",
        "def respond(request):\n    yield 'await '\n    yield 'Say()'",
        "async def respond(request): return 'await Say()'",
        "async def respond(request): return iter(['await Say()'])",
        "async def respond(request):\n    yield 'await '\n    yield 'Say()'",
        "async def parts():\n    yield 'await Say()'\nasync def respond(request): return parts()",
        "class Answer:\n    def __call__(self, request): return 'await Say()'\nrespond = Answer()",
    ],
)
def test_respond_may_return_or_yield_plainly_or_asynchronously(
    source: str, script: Script, hear: Any, request_for: Any
) -> None:
    pieces, error = hear(script(source), request_for())
    assert error is None
    assert "".join(texts(pieces)) == "await Say()"
    assert [type(piece) for piece in pieces].count(Usage) == 1
    assert isinstance(pieces[-1], Usage)


def test_text_is_streamed_in_chunks_of_four_characters(script: Script, hear: Any, request_for: Any) -> None:
    model = script("def respond(request): return 'abcdefghij'")
    pieces, _ = hear(ScriptModel(model.path, 1e-9), request_for())
    assert texts(pieces) == ["abcd", "efgh", "ij"]


def test_without_a_delay_a_turn_of_the_event_loop_brings_one_chunk(
    script: Script, hear: Any, request_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[float] = []

    async def sleep(seconds: float) -> None:
        turns.append(seconds)

    monkeypatch.setattr("playbooks.models.script.asyncio.sleep", sleep)
    pieces, _ = hear(script("def respond(request): return 'x' * 300"), request_for())
    assert [len(text) for text in texts(pieces)] == [128, 128, 44]
    assert turns == [0, 0]


@given(st.text(), st.integers(1, 9))
def test_chunks_lose_and_add_nothing(text: str, size: int) -> None:
    pieces = list(chunks(text, size))
    assert "".join(pieces) == text
    assert all(len(piece) == size for piece in pieces[:-1])


def test_respond_is_given_what_the_contract_names_and_nothing_else(script: Script, hear: Any, request_for: Any) -> None:
    source = """
import dataclasses
def respond(request):
    seen = {field.name: getattr(request, field.name) for field in dataclasses.fields(request)}
    return repr(seen)
"""
    request = request_for(
        agent_id="1001",
        agent="Buyer",
        playbook="Haggle",
        arguments={"price": 90},
        turn=2,
        variables={"limit": 80},
        messages=[("1000", "90?")],
        agents={"1000": "Seller", "1001": "Buyer"},
        executed="x = 1\n",
    )
    pieces, _ = hear(script(source), request)
    assert eval("".join(texts(pieces))) == {
        "agent": "Buyer",
        "agent_id": "1001",
        "playbook": "Haggle",
        "arguments": {"price": 90},
        "turn": 2,
        "variables": {"limit": 80},
        "messages": [("1000", "90?")],
        "agents": {"1000": "Seller", "1001": "Buyer"},
        "executed": "x = 1\n",
        "prompt": [{"role": "user", "content": "go"}],
    }


def test_tokens_are_a_fourth_of_the_characters_and_a_call_costs_nothing(
    script: Script, hear: Any, request_for: Any
) -> None:
    prompt = [{"role": "system", "content": "12345678"}, {"role": "user", "content": "9"}]
    pieces, _ = hear(script("def respond(request): return 'abcdefghij'"), request_for(prompt=prompt))
    assert pieces[-1] == Usage(input_tokens=3, output_tokens=3, cost=0.0)


def test_a_continuation_that_repeats_what_was_received_gives_only_the_rest(
    script: Script, hear: Any, request_for: Any
) -> None:
    model = script("def respond(request): return 'a = 1\\nb = 2\\n'")
    pieces, _ = hear(model, request_for(received="a = 1\nb", executed="a = 1\n"))
    assert "".join(texts(pieces)) == " = 2\n"


def test_a_continuation_that_does_not_repeat_is_taken_whole(script: Script, hear: Any, request_for: Any) -> None:
    pieces, _ = hear(script("def respond(request): return 'b = 2\\n'"), request_for(received="a = 1\n"))
    assert "".join(texts(pieces)) == "b = 2\n"


@given(st.text("ab", max_size=8), st.lists(st.text("ab", max_size=4)))
def test_a_continuation_is_the_same_however_it_arrives(received: str, pieces: list[str]) -> None:
    whole = "".join(pieces)
    continuation = Continuation(received)
    fresh = "".join(continuation.feed(piece) for piece in pieces) + continuation.end()
    assert fresh == (whole[len(received) :] if whole.startswith(received) else whole)


def test_a_continuation_that_ends_before_it_has_repeated_everything_is_taken_whole(
    script: Script, hear: Any, request_for: Any
) -> None:
    pieces, _ = hear(script("def respond(request): return 'a = 1\\n'"), request_for(received="a = 1\na = 2\n"))
    assert "".join(texts(pieces)) == "a = 1\n"


def test_a_continuing_generator_streams_as_soon_as_it_is_beyond_what_was_received(
    script: Script, request_for: Any
) -> None:
    model = script("""
made = []
def respond(request):
    for part in ["abcd", "efgh", "ijkl"]:
        made.append(part)
        yield part
respond.made = made
""")
    made = model._respond.made  # type: ignore[attr-defined]

    async def first() -> tuple[object, list[str]]:
        stream = model.stream(request_for(received="abcd"))
        piece = await anext(stream)
        before = list(made)
        await stream.aclose()  # type: ignore[attr-defined]
        return piece, before

    assert asyncio.run(first()) == (Text("efgh"), ["abcd", "efgh"])


def test_closing_the_stream_closes_the_generator_at_once(script: Script, request_for: Any) -> None:
    model = script("""
closed, kept = [], []
def answer():
    try:
        yield "abcdefgh"
    finally:
        closed.append(True)
def respond(request):
    kept.append(answer())
    return kept[0]
respond.closed = closed
""")

    async def leave() -> list[bool]:
        stream = model.stream(request_for())
        await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]
        return list(model._respond.closed)  # type: ignore[attr-defined]

    assert asyncio.run(leave()) == [True]


def test_the_delay_stands_between_chunks_only(
    script: Script, request_for: Any, hear: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    model = script("def respond(request): return 'abcdefghij'")
    slow = ScriptModel(model.path, 0.01)
    monkeypatch.setattr("playbooks.models.script.asyncio.sleep", sleep)
    hear(slow, request_for())
    assert slept == [0.01, 0.01]


def test_without_a_delay_others_still_get_a_turn(script: Script, request_for: Any) -> None:
    model = script("def respond(request): return 'x' * 4000")

    async def both() -> bool:
        stream = model.stream(request_for())
        turn = asyncio.Event()
        asyncio.get_running_loop().call_soon(turn.set)
        async for _ in stream:
            if turn.is_set():
                return True
        return False

    assert asyncio.run(both())


def test_two_models_of_one_file_share_nothing(script: Script, hear: Any, request_for: Any) -> None:
    source = "calls = []\ndef respond(request):\n    calls.append(1)\n    return str(len(calls))"
    first, second = script(source), script(source)
    heard = ["".join(texts(hear(model, request_for())[0])) for model in (first, first, second)]
    assert heard == ["1", "2", "1"]


def test_a_script_may_hold_a_dataclass(script: Script, hear: Any, request_for: Any) -> None:
    source = """
from __future__ import annotations
import dataclasses
@dataclasses.dataclass
class Offer:
    price: int
def respond(request): return str(Offer(3).price)
"""
    assert texts(hear(script(source), request_for())[0]) == ["3"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return {}['price']", "haggle_model.py:2: KeyError: 'price'"),
        ("yield 'ok'\n    raise ValueError('two\\nlines')", "haggle_model.py:3: ValueError: two lines"),
        ("raise SystemExit(1)", "haggle_model.py:2: SystemExit: 1"),
        ("raise StopIteration", "haggle_model.py:2: StopIteration"),
        ("return None", "haggle_model.py: TypeError: respond gave None, not text"),
        ("return 7", "haggle_model.py: TypeError: respond gave an int, not text"),
        ("return b'x'", "haggle_model.py: TypeError: respond gave a bytes, not text"),
        ("yield 7", "haggle_model.py: TypeError: respond gave an int, not text"),
    ],
)
def test_a_failing_respond_is_one_line_with_file_and_line(
    body: str, said: str, script: Script, hear: Any, request_for: Any
) -> None:
    _, error = hear(script(f"def respond(request):\n    {body}"), request_for())
    assert str(error) == f"the script failed: {said}; mend respond"
    assert error.fatal


def test_what_was_streamed_before_a_failure_stays(script: Script, hear: Any, request_for: Any) -> None:
    pieces, error = hear(script("def respond(request):\n    yield 'a = 1\\n'\n    raise OSError"), request_for())
    assert "".join(texts(pieces)) == "a = 1\n"
    assert error is not None


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x = 1", "m.py: the script has no respond; define respond(request) that returns or yields text"),
        ("respond = 3", "m.py: respond is an int, not a function; define respond(request) that returns or yields text"),
        (
            "\ndef respond(): return ''",
            "m.py:2: respond can't be called with one argument; define respond(request) that returns or yields text",
        ),
        ("x = 1\ndef respond(:", "m.py:2: the script is not valid Python: invalid syntax"),
        ("def respond(r):\n  x\n y", "m.py:3: the script is not valid Python: unindent does not match any outer"),
        ("x = 1\nimport nosuchthing", "m.py:2: the script failed: ModuleNotFoundError: No module named 'nosuchthing'"),
        ("raise SystemExit", "m.py:1: the script failed: SystemExit"),
        ("x = '\0'", "the script is not valid Python: source code string cannot contain null bytes"),
    ],
)
def test_a_broken_script_is_one_line_with_file_and_line(source: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(source, "utf-8")
    with pytest.raises(UserError) as raised:
        ScriptModel(tmp_path / "m.py", shown="m.py")
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_script_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^nowhere\.py: there is no such script; check the path after script:$"):
        ScriptModel(tmp_path / "nowhere.py", shown="nowhere.py")


def test_a_folder_is_no_script(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="can't be read"):
        ScriptModel(tmp_path)


def test_a_script_that_is_not_utf_8_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_bytes(b"x = '\xff'\n")
    with pytest.raises(UserError, match="not valid Python"):
        ScriptModel(tmp_path / "m.py")


def test_it_is_named_as_people_ask_for_it(script: Script) -> None:
    assert script("def respond(request): return ''").name == "script:haggle_model.py"


def test_a_script_can_not_change_what_the_engine_holds(script: Script, hear: Any, request_for: Any) -> None:
    source = """
def respond(request):
    request.variables["price"] = 0
    request.messages.append(("1", "x"))
    request.prompt[0]["content"] = ""
    return ""
"""
    request: ModelRequest = request_for(variables={"price": 90})
    before = replace(request, variables={"price": 90}, messages=[], prompt=[dict(request.prompt[0])])
    hear(script(source), request)
    assert request == before
