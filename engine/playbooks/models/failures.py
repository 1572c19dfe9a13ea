"""What went wrong with a call, in one line a person can act on, and whether asking again can help.

Apart from the calls because it is pure: every error of every provider comes through LiteLLM's classes or a bare
exception, and telling them apart must be testable without a network. Classes are told by name, so nothing here imports
LiteLLM.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping

import msgspec

from playbooks.models.base import ModelError, ModelSettings
from playbooks.models.keys import OFFLINE, base_url, meant, redact, variable_of

LONGEST_REASON = 200
"""Characters of a provider's own words that are kept: some send a page of HTML."""

RETRIED = frozenset({408, 409, 425, 429})
"""Statuses below 500 that another attempt can change."""


class Failure(msgspec.Struct, frozen=True):
    """One failed attempt."""

    reason: str
    fix: str = ""
    fatal: bool = False
    """Asking again can't help, now or later."""
    again: bool = False
    """Another attempt may well succeed."""
    retry_after_s: float | None = None
    """What the provider asked to wait."""

    def error(self) -> ModelError:
        """The failure as what a caller gets in the end."""
        return ModelError(self.reason, self.fix, fatal=self.fatal, outage=self.again)


def explain(error: BaseException, settings: ModelSettings, environ: Mapping[str, str], *, now: float) -> Failure:
    """Puts an error of LiteLLM, of a provider or of the network in one line.

    Args:
        error: What a call raised.
        settings: What was called.
        environ: The environment, for the address in use and for the keys to leave out.
        now: Seconds since 1970, for a `Retry-After` that is a date.

    Returns:
        The failure, its texts free of keys and line breaks.
    """
    error = _original(error)
    kinds = {kind.__name__ for kind in type(error).__mro__}
    status = _status(error)
    said = plain(str(error), environ)
    provider = settings.provider
    variable = variable_of(provider)

    if "No module named" in said:
        package = said.rpartition("No module named")[2].strip(" '\".").partition(".")[0].partition("'")[0]
        return Failure(f"{provider} needs the package {package}", f"pip install {package}", fatal=True)
    if "LLM Provider NOT provided" in said or "LiteLLMUnknownProvider" in kinds:
        return Failure(f'no provider is called "{provider}"', meant(provider), True)
    if status == 401 or "AuthenticationError" in kinds:
        fix = f"check {variable}, or {OFFLINE}" if variable else f"check its key, or {OFFLINE}"
        return Failure(f"{provider} did not accept the key", fix, fatal=True)
    if "ContextWindowExceededError" in kinds:
        return Failure(f"the prompt is longer than {settings.name} takes: {said}", "use a model that takes more", True)
    if "ContentPolicyViolationError" in kinds:
        return Failure(f"{provider} refused the content: {said}", fatal=True)
    if status == 402 or (status == 429 and re.search(r"insufficient.quota|exceeded your current quota", said, re.I)):
        return Failure(f"the account at {provider} has nothing left: {said}", "check its plan and billing", fatal=True)
    if status == 403:
        return Failure(f"{provider} does not let this key use {settings.name}: {said}", fatal=True)
    if status == 404:
        return Failure(f"{provider} has no model {settings.name}: {said}", "check the model's name", fatal=True)
    if status == 429:
        after = _retry_after(error, now)
        return Failure(f"429, {provider} limits the rate: {said}", "wait a while", again=True, retry_after_s=after)
    if _is_connection(kinds, said):
        address = redact(base_url(provider, environ), environ)
        where = f"{provider} at {address}" if address else provider
        return Failure(f"no connection to {where}: {said}", "check the network and the address", again=True)
    if status is not None and (status >= 500 or status in RETRIED):
        after = _retry_after(error, now)
        return Failure(f"{status} from {provider}: {said}", "try again later", again=True, retry_after_s=after)
    if status is not None and 400 <= status < 500:
        return Failure(f"{provider} refused the request: {said}", "check the model's settings", fatal=True)
    return Failure(f"the call to {provider} failed: {said}")


def broken(error: BaseException, settings: ModelSettings, environ: Mapping[str, str]) -> Failure:
    """Tells of a response that ended in its middle; whatever the cause, going on from there may succeed."""
    said = plain(str(_original(error)), environ)
    return Failure(f"the response of {settings.provider} broke off: {said}", again=True)


def plain(text: str, environ: Mapping[str, str]) -> str:
    """A library's or provider's words on one line, without class names, keys and what goes beyond 200 characters."""
    text = redact(" ".join(_words(text).split()), environ)
    text = re.sub(r"^(?:(?:litellm\.)?\w*(?:Error|Exception|Timeout|Timeout Error)(?::| -) )+", "", text).strip()
    text = re.sub(r"\[Errno -?\d+\] |\.? Handle with `litellm\.\w+`\.?", "", text)
    text = text.removesuffix(".")  # more follows it on the line
    return text if len(text) <= LONGEST_REASON else f"{text[: LONGEST_REASON - 1].rstrip()}…"


def _words(text: str) -> str:
    """The message of a body that a library passes on as it came: JSON, or the repr of its bytes."""
    found = re.search(r"""b(?:'\{.*\}'|"\{.*\}")|\{.*\}""", text, re.DOTALL)
    if found is None:
        return text
    try:
        body = json.loads(ast.literal_eval(found[0]) if found[0][0] == "b" else found[0])
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return text
    error = body.get("error", body)
    said = error.get("message") if isinstance(error, Mapping) else error
    return f"{text[: found.start()]}{said}{text[found.end() :]}" if isinstance(said, str) and said.strip() else text


def _original(error: BaseException) -> BaseException:
    """What a broken stream broke on: LiteLLM wraps it, sometimes more than once."""
    for _ in range(5):
        inner = getattr(error, "original_exception", None)
        if not isinstance(inner, BaseException):
            break
        error = inner
    return error


def _status(error: BaseException) -> int | None:
    status = getattr(error, "status_code", None)
    return int(status) if isinstance(status, int) or (isinstance(status, str) and status.isdigit()) else None


def _is_connection(kinds: set[str], said: str) -> bool:
    """Whether there was no answer: LiteLLM gives a lost connection status 500 too, so only class and words tell."""
    if kinds & {"TransportError", "ConnectionError", "gaierror", "SSLError"}:
        return True
    words = (
        r"connection error|connect\w* (?:refused|reset)|connection attempts? failed|cannot connect"
        r"|peer closed|disconnected|name or service not known|nodename nor servname|name resolution|getaddrinfo"
        r"|no address associated|network is unreachable|no route to host"
    )
    return re.search(words, said, re.IGNORECASE) is not None


def _retry_after(error: BaseException, now: float) -> float | None:
    """Seconds to wait, as `Retry-After-Ms` or `Retry-After` (a number or a date) ask; None when they don't."""
    for headers in (getattr(error, "litellm_response_headers", None), _headers(error)):
        if not isinstance(headers, Mapping):
            continue
        lower = {str(name).lower(): str(value) for name, value in headers.items()}
        milliseconds = _number(lower.get("retry-after-ms"))
        if milliseconds is not None:
            return max(0.0, milliseconds / 1000)
        value = lower.get("retry-after")
        if value is None:
            continue
        seconds = _number(value)
        if seconds is not None:
            return max(0.0, seconds)
        try:
            from email.utils import parsedate_to_datetime

            return max(0.0, parsedate_to_datetime(value).timestamp() - now)
        except (TypeError, ValueError):
            continue
    return None


def _headers(error: BaseException) -> object:
    return getattr(getattr(error, "response", None), "headers", None)


def _number(text: str | None) -> float | None:
    """A header's number; None when there is none, or it is none that can be waited (`nan`, `inf`)."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if -1e9 < number < 1e9 else None
