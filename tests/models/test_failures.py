"""Errors of providers, libraries and networks: one line each, no key in it, and right about whether to ask again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.models.base import ModelSettings
from playbooks.models.failures import LONGEST_REASON, Failure, broken, explain, plain
from playbooks.models.keys import redact

NOW = 1_800_000_000.0
OPENAI = ModelSettings(provider="openai", name="m")


def raised(kind: str, text: str, status: object = None, **attributes: Any) -> Exception:
    """An error as LiteLLM raises it: told by the name of its class and its attributes."""
    error: Exception = type(kind, (Exception,), {})(text)
    for name, value in ({"status_code": status} | attributes).items():
        setattr(error, name, value)
    return error


def explained(error: Exception, settings: ModelSettings = OPENAI) -> Failure:
    return explain(error, settings, {}, now=NOW)


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 529, "503"])
def test_what_passes_is_asked_again(status: object) -> None:
    failure = explained(raised("APIError", "oops", status))
    assert failure.again
    assert not failure.fatal


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 422])
def test_what_stays_wrong_is_fatal(status: int) -> None:
    failure = explained(raised("APIError", "oops", status))
    assert failure.fatal
    assert not failure.again


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT"}, 30.0),
        ({"retry-after": "Fri, 15 Jan 2027 07:00:00 GMT"}, 0.0),
        ({"retry-after": "-4"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("place", ["litellm_response_headers", "response"])
def test_the_wait_a_provider_asks_for(place: str, headers: dict[str, str], seconds: float | None) -> None:
    held = headers if place != "response" else type("Response", (), {"headers": headers})()
    assert explained(raised("RateLimitError", "slow", 429, **{place: held})).retry_after_s == seconds


@pytest.mark.parametrize(
    "said",
    [
        "[Errno -2] Name or service not known",
        "[Errno 8] nodename nor servname provided, or not known",
        "All connection attempts failed",
        "[Errno 101] Network is unreachable",
    ],
)
def test_a_provider_that_is_not_reached_did_not_answer_500(said: str) -> None:
    told = f"litellm.InternalServerError: OpenAIException - {said}. Handle with `litellm.InternalServerError`."
    failure = explained(raised("InternalServerError", told, 500))
    assert (failure.reason, failure.again) == (f"no connection to openai: {said.rpartition('] ')[2]}", True)
    assert failure.fix == "check the network and the address"


def test_what_a_wrapped_error_wraps_is_told() -> None:
    inner = raised("APIConnectionError", "litellm.APIConnectionError: APIConnectionError: OpenAIException - overloaded")
    outer = raised("MidStreamFallbackError", "wrapped", 500, original_exception=inner)
    assert broken(outer, OPENAI, {}).reason == "the response of openai broke off: overloaded"


def test_an_error_that_wraps_itself_ends() -> None:
    error = raised("Odd", "oops")
    error.original_exception = error  # type: ignore[attr-defined]
    assert explained(error).reason == "the call to openai failed: oops"


def test_a_missing_package_is_named() -> None:
    failure = explained(raised("APIConnectionError", "litellm.APIConnectionError: No module named 'boto3'", 500))
    assert (failure.reason, failure.fix, failure.fatal) == (
        "openai needs the package boto3",
        "pip install boto3",
        True,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("litellm.RateLimitError: RateLimitError: OpenAIException - slow down", "slow down"),
        ("litellm.Timeout: Timeout Error: OpenAIException - oops", "oops"),
        ("litellm.BadRequestError: AnthropicException - two\n  lines", "two lines"),
        ("no head at all", "no head at all"),
        ('AnthropicException - b\'{"error": {"message": "model: it\\\'s not there"}}\'', "model: it's not there"),
        ('litellm.APIError: {"error": "overloaded"} soon', "overloaded soon"),
        ('{"message": "slow\\ndown"}', "slow down"),
        ("{'not': 'JSON'}", "{'not': 'JSON'}"),
        ('{"error": {"code": 7}}', '{"error": {"code": 7}}'),
    ],
)
def test_names_of_classes_are_left_out(text: str, said: str) -> None:
    assert plain(text, {}) == said


@given(st.text(), st.sampled_from([None, 400, 401, 403, 404, 429, 500]))
def test_any_error_is_one_short_line(text: str, status: int | None) -> None:
    error = explained(raised("APIError", text, status)).error()
    assert len(str(error).splitlines()) == 1
    assert len(str(error)) < LONGEST_REASON + 120


@given(st.text(), st.text())
def test_no_key_of_the_environment_is_ever_told(before: str, after: str) -> None:
    key = "k0-Zz9/+=secret"
    said = explain(raised("APIError", before + key + after), OPENAI, {"MY_API_KEY": key}, now=NOW).reason
    assert key not in said


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Incorrect API key provided: sk-abc***********xyz.", "Incorrect API key provided: [key]"),
        ("key sk-ant-api03-AbCdEfGhIjKl is wrong", "key [key] is wrong"),
        ("AIzaSyA1234567890 is wrong", "[key] is wrong"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [key]"),
        ("https://host/v1?key=abc&alt=sse", "https://host/v1?key=[key]&alt=sse"),
        ("http://me:pass@host:80/v1", "http://[key]@host:80/v1"),
        ("the task-list of a risk-averse sky", "the task-list of a risk-averse sky"),
    ],
)
def test_what_looks_like_a_key_is_left_out(text: str, clean: str) -> None:
    assert redact(text, {}) == clean


def test_a_short_value_does_not_garble_words() -> None:
    assert redact("a model is here", {"SOME_KEY": "a", "TOKEN": "model"}) == "a model is here"
    assert redact("1234567 and 12345678", {"A_KEY": "1234567", "B_KEY": "12345678"}) == "1234567 and [key]"
