"""LiteLLM against a real server on loopback: calls, retries, usage and cost, a whole negotiation, and silence."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from models.answers import KEY, fixture, refused, text

from playbooks.cli.entry import run_command
from playbooks.models.base import Retry, Text, Usage
from playbooks.models.litellm import backoff

pytestmark = pytest.mark.usefixtures("litellm_loaded")


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


def test_half_a_character_in_a_prompt_is_sent_as_a_question_mark(
    peer: Any, model: Any, hear: Any, request_for: Any
) -> None:
    peer.serve(fixture("m", "x"))
    _, error = hear(model("m"), request_for(prompt=[{"role": "user", "content": "half \ud83d of it"}]))
    assert error is None
    assert peer.asked()[0]["messages"] == [{"role": "user", "content": "half ? of it"}]


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


def test_delays_double_up_to_eight_seconds_and_are_spread() -> None:
    assert [backoff(n, 0.0) for n in range(1, 7)] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
    assert backoff(1, 0.999) == pytest.approx(0.375, abs=0.001)


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
        from playbooks.models.litellm import LiteLLMModel

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
