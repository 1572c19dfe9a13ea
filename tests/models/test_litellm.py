"""LiteLLM against a real server on loopback: streaming, retries, timeouts, cuts, usage, and silence on the terminal.

The peer is a kept fake server from a registry. It can't tell when a client leaves, send no end of a stream, or leave
the usage out; for these three a server of a few lines stands in (`handmade`).
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from models.handmade import Handmade, anthropic_events, openai_events

from playbooks.cli.entry import run_command
from playbooks.models.base import ModelError, ModelSettings, Retry, Text, Usage
from playbooks.models.litellm import LiteLLMModel, backoff

# What LiteLLM and its parts warn of is not ours to mend; `load` keeps it from people.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:litellm"),
    pytest.mark.filterwarnings("ignore::UserWarning:pydantic"),
    pytest.mark.usefixtures("litellm_loaded"),
]

KEY = "sk-test-0123456789abcdef"


@pytest.fixture
def waited() -> list[float]:
    """The seconds a model of `model` would have slept between attempts."""
    return []


@pytest.fixture
def model(peer: Any, waited: list[float], monkeypatch: pytest.MonkeyPatch) -> Callable[..., LiteLLMModel]:
    """Makes a model of the fake server; its backoff is noted, not slept."""
    monkeypatch.setenv("OPENAI_BASE_URL", f"{peer.address}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    def make(name: str, **settings: Any) -> LiteLLMModel:
        given = ModelSettings(**({"provider": "openai", "name": name} | settings))
        return LiteLLMModel(given, sleep=sleep, jitter=lambda: 0.0)

    return make


def text(pieces: list[Any]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, Text))


def fixture(name: str, response: dict[str, Any] | str, **more: Any) -> dict[str, Any]:
    """What the peer answers for a model; `at=0` only to the first request."""
    match: dict[str, Any] = {"model": name}
    if (at := more.pop("at", None)) is not None:
        match["sequenceIndex"] = at
    return {"match": match, "response": {"content": response} if isinstance(response, str) else response} | more


def refused(status: int, message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "error", **more.pop("error", {})}, "status": status, **more}


def test_text_arrives_in_pieces_as_the_server_sends_them(peer: Any, model: Any, hear: Any, request_for: Any) -> None:
    peer.serve(fixture("m", "a = 1\nb = 2\n", chunkSize=3))
    pieces, error = hear(model("m"), request_for())
    assert error is None
    assert [piece.text for piece in pieces if isinstance(piece, Text)] == ["a =", " 1\n", "b =", " 2\n"]


def test_the_first_piece_is_given_while_the_rest_is_still_being_written(
    peer: Any, model: Any, request_for: Any
) -> None:
    stalls = {"ttftMs": 0, "interChunkDelaysMs": [0, 60_000, 1], "totalDurationMs": 60_001}
    peer.serve(fixture("m", "aaaabbbb", chunkSize=4, recordedTimings=stalls))

    async def first() -> object:
        stream = model("m").stream(request_for())
        piece = await anext(stream)
        await stream.aclose()
        return piece

    assert asyncio.run(first()) == Text("aaaa")


def test_the_call_carries_the_prompt_and_the_settings(peer: Any, model: Any, hear: Any, request_for: Any) -> None:
    peer.serve(fixture("m", "x"))
    prompt = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
    hear(model("m", temperature=0.5, max_completion_tokens=70), request_for(prompt=prompt))
    (asked,) = peer.asked()
    assert asked["messages"] == prompt
    assert (asked["temperature"], asked["max_completion_tokens"], asked["stream"]) == (0.5, 70, True)
    assert peer.headers()[0]["authorization"] != "Bearer none"


def test_without_a_temperature_none_is_sent(peer: Any, model: Any, hear: Any, request_for: Any) -> None:
    peer.serve(fixture("m", "x"))
    hear(model("m", temperature=None), request_for())
    assert "temperature" not in peer.asked()[0]


@pytest.mark.parametrize("variable", ["OPENAI_BASE_URL", "OPENAI_API_BASE"])
def test_a_server_of_ones_own_is_reached_by_either_variable_and_without_a_key(
    variable: str, peer: Any, model: Any, hear: Any, request_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL")
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.setenv(variable, f"{peer.address}/v1")
    peer.serve(fixture("m", "x"))
    pieces, error = hear(model("m"), request_for())
    assert (text(pieces), error) == ("x", None)


def test_another_providers_protocol_streams_too(
    peer: Any, model: Any, hear: Any, request_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_BASE", peer.address)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    peer.serve(
        fixture("claude-haiku-4-5", {"content": "a = 1\n", "usage": {"input_tokens": 1000, "output_tokens": 100}})
    )
    pieces, error = hear(model("claude-haiku-4-5", provider="anthropic"), request_for())
    assert (text(pieces), error) == ("a = 1\n", None)
    assert (pieces[-1].input_tokens, pieces[-1].output_tokens) == (1000, 100)
    assert pieces[-1].cost == pytest.approx(1000 * 1e-6 + 100 * 5e-6)


USED = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}


def test_usage_and_cost_of_a_known_model(peer: Any, model: Any, hear: Any, request_for: Any) -> None:
    peer.serve(fixture("gpt-4o-mini", {"content": "x", "usage": USED}))
    pieces, _ = hear(model("gpt-4o-mini"), request_for())
    usage = pieces[-1]
    assert (usage.input_tokens, usage.output_tokens) == (1000, 100)
    assert usage.cost == pytest.approx(1000 * 0.15e-6 + 100 * 0.6e-6)


def test_the_cost_of_a_model_nobody_priced_is_unknown_not_zero(
    peer: Any, model: Any, hear: Any, request_for: Any
) -> None:
    peer.serve(fixture("m", {"content": "x", "usage": USED}))
    pieces, _ = hear(model("m"), request_for())
    assert pieces[-1] == Usage(input_tokens=1000, output_tokens=100, cost=None)


def test_a_price_of_nothing_for_a_hosted_model_is_unknown_too(
    peer: Any, model: Any, hear: Any, request_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENROUTER_API_BASE", f"{peer.address}/v1")
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    peer.serve(fixture("anthropic/claude-haiku-4-5", {"content": "x", "usage": USED}))
    pieces, error = hear(model("anthropic/claude-haiku-4-5", provider="openrouter"), request_for())
    assert (error, pieces[-1]) == (None, Usage(input_tokens=1000, output_tokens=100, cost=None))


def test_a_rate_limit_is_waited_out_as_the_server_asks_and_told(
    peer: Any, model: Any, hear: Any, request_for: Any, waited: list[float]
) -> None:
    peer.serve(fixture("m", refused(429, "slow down", retryAfter=7), at=0), fixture("m", "x"))
    pieces, error = hear(model("m"), request_for())
    assert pieces[0] == Retry(attempt=1, delay_s=7.0, reason="429, openai limits the rate: slow down")
    assert (text(pieces), error, waited) == ("x", None, [7.0])


def test_a_server_error_is_retried_with_growing_delays(
    peer: Any, model: Any, hear: Any, request_for: Any, waited: list[float]
) -> None:
    peer.serve(*(fixture("m", refused(500, "oops"), at=n) for n in range(3)), fixture("m", "x"))
    pieces, error = hear(model("m"), request_for())
    assert [piece.attempt for piece in pieces if isinstance(piece, Retry)] == [1, 2, 3]
    assert (text(pieces), error, waited) == ("x", None, [0.5, 1.0, 2.0])


def test_after_three_retries_it_gives_up_in_one_line(
    peer: Any, model: Any, hear: Any, request_for: Any, waited: list[float]
) -> None:
    peer.serve(fixture("m", refused(500, "oops")))
    _, error = hear(model("m"), request_for())
    assert str(error) == "500 from openai: oops; try again later"
    assert not error.fatal
    assert (len(peer.asked()), len(waited)) == (4, 3)


def test_a_retry_that_would_pass_the_timeout_is_not_made(
    peer: Any, model: Any, hear: Any, request_for: Any, waited: list[float]
) -> None:
    peer.serve(fixture("m", refused(429, "slow down", retryAfter=61)))
    _, error = hear(model("m"), request_for())
    assert "another attempt in 61 s would pass timeout_s = 60" in str(error)
    assert (len(peer.asked()), waited) == (1, [])


def test_a_server_that_is_not_there_is_retried_and_named(
    model: Any, hear: Any, request_for: Any, waited: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    _, error = hear(model("m"), request_for())
    assert error.reason.startswith("no connection to openai at http://127.0.0.1:9/v1")
    assert len(waited) == 3


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (refused(401, f"Incorrect API key provided: {KEY}"), "openai did not accept the key; check OPENAI_API_KEY"),
        (refused(403, "no"), "openai does not let this key use m: no"),
        (refused(404, "no such model"), "openai has no model m: no such model; check the model's name"),
        (refused(400, "bad thing"), "openai refused the request: bad thing"),
        (
            refused(400, "This model's maximum context length is 8 tokens", error={"code": "context_length_exceeded"}),
            "the prompt is longer than m takes",
        ),
        (
            refused(429, "You exceeded your current quota", error={"code": "insufficient_quota"}),
            "the account at openai has nothing left",
        ),
    ],
)
def test_what_another_attempt_can_not_change_is_fatal_at_once(
    response: dict[str, Any], said: str, peer: Any, model: Any, hear: Any, request_for: Any, waited: list[float]
) -> None:
    peer.serve(fixture("m", response))
    _, error = hear(model("m"), request_for())
    assert str(error).startswith(said)
    assert error.fatal
    assert (len(peer.asked()), waited) == (1, [])
    assert KEY not in str(error)


def test_an_unknown_provider_is_one_line(model: Any, hear: Any, request_for: Any) -> None:
    _, error = hear(model("x", provider="meta-lama"), request_for())
    assert str(error) == 'no provider is called "meta-lama"; write PROVIDER/NAME, as anthropic/claude-haiku-4-5'
    assert error.fatal


def test_a_key_in_a_providers_words_is_left_out(peer: Any, model: Any, hear: Any, request_for: Any) -> None:
    peer.serve(fixture("m", refused(400, f"the key {KEY} is odd")))
    _, error = hear(model("m"), request_for())
    assert error.reason == "openai refused the request: the key [key] is odd"


def test_a_stream_that_is_cut_keeps_its_text_and_is_an_error(
    peer: Any, model: Any, hear: Any, request_for: Any, waited: list[float]
) -> None:
    # The latency lets the first pieces reach the wire before the server drops it.
    peer.serve(fixture("m", "aaaabbbbccccdddd", chunkSize=4, truncateAfterChunks=4, latency=20))
    pieces, error = hear(model("m"), request_for())
    assert text(pieces).startswith("aaaabbbb")
    assert str(error).startswith("the response of openai broke off: peer closed connection")
    assert not error.fatal
    assert (len(peer.asked()), waited) == (1, [])


def test_a_response_cut_at_the_limit_is_an_error_after_its_text_and_usage(
    peer: Any, model: Any, hear: Any, request_for: Any
) -> None:
    peer.serve(fixture("m", {"content": "price = 1", "finishReason": "length", "usage": USED}))
    pieces, error = hear(model("m", max_completion_tokens=3), request_for())
    assert text(pieces) == "price = 1"
    assert pieces[-1] == Usage(input_tokens=1000, output_tokens=100)
    assert str(error).startswith("the response was cut at max_completion_tokens = 3; raise it")


class Clock(asyncio.SelectorEventLoop):
    """A loop whose time can be set forward, so that a timeout comes at a certain moment and not at a certain speed."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead

    def forward(self, seconds: float) -> None:
        """From any thread."""
        self.ahead += seconds
        self.call_soon_threadsafe(lambda: None)  # or the loop would sleep on


def test_silence_in_a_stream_ends_it_and_keeps_its_text(peer: Any, model: Any, request_for: Any) -> None:
    stalls = {"ttftMs": 0, "interChunkDelaysMs": [0, 60_000, 1], "totalDurationMs": 60_001}
    peer.serve(fixture("m", "aaaabbbb", chunkSize=4, recordedTimings=stalls))

    async def stalled() -> None:
        stream = model("m", stall_timeout_s=30.0).stream(request_for())
        assert await anext(stream) == Text("aaaa")
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        clock.forward(31)
        with pytest.raises(ModelError, match=r"openai sent nothing for stall_timeout_s = 30; raise it"):
            await waiting

    with asyncio.Runner(loop_factory=Clock) as runner:
        clock: Any = runner.get_loop()
        runner.run(stalled())


def test_silence_before_the_first_piece_is_not_asked_twice(
    peer: Any, model: Any, listen: Any, request_for: Any
) -> None:
    peer.serve(fixture("m", "x", latency=60_000))

    async def stalled() -> Any:
        hearing = asyncio.ensure_future(listen(model("m", stall_timeout_s=30.0), request_for()))
        await asyncio.to_thread(peer.is_asked)
        clock.forward(31)
        return await hearing

    with asyncio.Runner(loop_factory=Clock) as runner:
        clock: Any = runner.get_loop()
        pieces, error = runner.run(stalled())
    assert pieces == []
    assert str(error).startswith("openai sent nothing for stall_timeout_s = 30")
    assert len(peer.asked()) == 1


def test_a_stream_that_never_stalls_still_ends_at_the_total_timeout(peer: Any, model: Any, request_for: Any) -> None:
    peer.serve(fixture("m", "x" * 400, chunkSize=4, latency=20))

    async def slow() -> list[Any]:
        pieces = []
        with pytest.raises(ModelError) as told:
            async for piece in model("m", timeout_s=60.0, stall_timeout_s=30.0).stream(request_for()):
                pieces.append(piece)
                clock.forward(25)
        assert str(told.value) == "openai was not done in timeout_s = 60; raise it in playbooks.toml"
        return pieces

    with asyncio.Runner(loop_factory=Clock) as runner:
        clock: Any = runner.get_loop()
        assert len(runner.run(slow())) >= 2


def test_delays_double_up_to_eight_seconds_and_are_spread() -> None:
    assert [backoff(n, 0.0) for n in range(1, 7)] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
    assert backoff(1, 0.999) == pytest.approx(0.375, abs=0.001)


@pytest.mark.parametrize(
    ("provider", "name", "body", "variable"),
    [
        ("openai", "m", openai_events("a"), "OPENAI_BASE_URL"),
        ("anthropic", "claude-haiku-4-5", anthropic_events("a"), "ANTHROPIC_API_BASE"),
    ],
    ids=["openai", "anthropic"],
)
@pytest.mark.parametrize("how", ["closed", "cancelled"])
def test_leaving_a_stream_hangs_up_at_once(
    how: str, provider: str, name: str, body: bytes, variable: str, request_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def leave() -> None:
        server = Handmade(body, ends=False)
        async with server as address:
            monkeypatch.setenv(variable, address)
            monkeypatch.setenv(variable.partition("_")[0] + "_API_KEY", KEY)
            stream = LiteLLMModel(ModelSettings(provider=provider, name=name)).stream(request_for())
            assert await anext(stream) == Text("a")
            if how == "cancelled":
                waiting = asyncio.ensure_future(anext(stream))
                await asyncio.sleep(0)
                waiting.cancel()
                await asyncio.wait([waiting])
            else:
                await stream.aclose()
            async with asyncio.timeout(60):
                await server.left.wait()

    asyncio.run(leave())


@pytest.fixture
def by_hand(listen: Any, request_for: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], Any]:
    """Hears a model whose server sends just this body, and ends it properly."""

    async def serve(body: bytes) -> Any:
        async with Handmade(body, ends=True) as address:
            monkeypatch.setenv("OPENAI_BASE_URL", address)
            monkeypatch.setenv("OPENAI_API_KEY", KEY)
            return await listen(LiteLLMModel(ModelSettings(provider="openai", name="m")), request_for())

    return lambda body: asyncio.run(serve(body))


def test_a_stream_that_ends_without_an_end_is_not_taken_for_whole(by_hand: Any) -> None:
    pieces, error = by_hand(openai_events("price = ", "1"))
    assert text(pieces) == "price = 1"
    assert str(error) == "openai ended the response without saying that it is complete"


def test_usage_the_server_did_not_tell_is_not_made_up(by_hand: Any) -> None:
    assert by_hand(openai_events("a", finish="stop") + b"data: [DONE]\n\n") == ([Text("a")], None)


def test_an_error_in_the_middle_of_a_stream_keeps_its_text(by_hand: Any) -> None:
    pieces, error = by_hand(openai_events("a") + b'data: {"error": {"message": "overloaded", "code": 500}}\n\n')
    assert pieces == [Text("a")]
    assert str(error) == "the response of openai broke off: overloaded"


def test_nothing_of_it_reaches_the_terminal(peer: Any, tmp_path: Path) -> None:
    peer.serve(
        fixture("m", "x"),
        fixture("bad", refused(500, "oops")),
        fixture("cut", "aaaabbbb", chunkSize=4, truncateAfterChunks=3, latency=20),
    )
    source = """
        import asyncio, logging, warnings
        logging.basicConfig(level=logging.WARNING)
        from playbooks.models import ModelError, ModelRequest, ModelSettings
        from playbooks.models.litellm import LiteLLMModel, preload

        async def sleep(seconds): pass

        async def ask(provider, name):
            model = LiteLLMModel(ModelSettings(provider=provider, name=name), sleep=sleep)
            prompt = [{"role": "user", "content": "hi"}]
            try:
                async for _ in model.stream(ModelRequest("A", "1", "P", {}, 0, {}, [], {}, "", prompt)):
                    pass
            except ModelError as error:
                return error.reason

        async def main():
            told = [await ask("openai", name) for name in ("m", "bad", "cut")] + [await ask("nobody", "m")]
            assert [reason is None for reason in told] == [True, False, False, False], told

        preload()
        asyncio.run(main())
        for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
            logging.getLogger(name).error("noise")
        warnings.warn_explicit("noise", UserWarning, "main.py", 1, module="litellm.main")
    """
    environ = os.environ | {
        "OPENAI_BASE_URL": f"{peer.address}/v1",
        "OPENAI_API_KEY": KEY,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYTHONWARNINGS": "default",
        "LITELLM_LOG": "DEBUG",
    }
    command = [sys.executable, "-c", textwrap.dedent(source)]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, cwd=tmp_path, timeout=300, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


NEGOTIATION = Path(__file__).parents[2] / "examples" / "negotiation.pb"
OVERHEARD = f"""
import json, runpy
answer = runpy.run_path({str(NEGOTIATION.parent / "haggle_model.py")!r})["respond"]

def respond(request):
    with open("overheard.jsonl", "a") as file:
        print(json.dumps([request.prompt[-1]["content"], text := answer(request)]), file=file)
    return text
"""
"""The example's script, which notes the last message of each prompt and its answer."""


def test_a_whole_negotiation_over_http_goes_as_the_scripted_one(
    peer: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYBOOKS_MODEL__TOKEN_DELAY_S", "0")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{peer.address}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    Path("overhears.py").write_text(OVERHEARD)
    command = ["run", str(NEGOTIATION), "--snoop", "true", "--model"]
    assert run_command([*command, "script:overhears.py"]) == 0
    scripted = capsys.readouterr().out
    asked = [json.loads(line) for line in Path("overheard.jsonl").read_text().splitlines()]
    asked.sort(key=lambda pair: -len(pair[0]))  # the peer looks for a text within the message, and takes the first
    peer.serve(
        *({"match": {"userMessage": last}, "response": {"content": text}, "chunkSize": 9} for last, text in asked)
    )
    assert run_command([*command, "openai/m"]) == 0
    assert sorted(capsys.readouterr().out.splitlines()) == sorted(scripted.splitlines())
    assert len(peer.asked()) == len(asked) > 10
