"""How a stream of LiteLLM ends: whole, by silence, out of time, cut off by the server, or left by us.

The kept fake server can't tell when a client leaves, send no end of a stream, or leave the usage out; for these three a
server of a few lines stands in (`handmade`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from models.answers import KEY, fixture, text
from models.handmade import Handmade, anthropic_events, openai_events

from playbooks.models.base import ModelError, ModelSettings, Text
from playbooks.models.litellm import LiteLLMModel

pytestmark = pytest.mark.usefixtures("litellm_loaded")


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
