"""Any provider, through LiteLLM: streamed, timed, retried in sight, and silent on the terminal.

Apart because of what LiteLLM is: seconds to import, and a library that logs, prints, retries and reads files unless
told not to. All of that is held down here, in `load`, and nothing else in the engine knows its name.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib
import logging
import os
import random
import threading
import time
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any, TypeVar

from playbooks.models.base import ModelError, ModelRequest, ModelSettings, Retry, Text, Usage
from playbooks.models.failures import Failure, broken, explain
from playbooks.models.keys import LOCAL, needs_no_key

T = TypeVar("T")
_random = random.Random()

RETRIES = 3
"""Attempts after the first."""
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 8.0
"""Of our own backoff; a provider's `Retry-After` may ask for more."""

BEFORE_IMPORT: Mapping[str, str] = {
    # Else the import asks the network for a table of prices.
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    # Else the import reads whatever .env is near into our environment, in the middle of a run.
    "LITELLM_MODE": "PRODUCTION",
}
LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "LiteLLM Proxy.stdout")
NOISY_MODULES = r"(litellm|openai|httpx|pydantic|aiohttp)(\.|$)"


@functools.cache
def load() -> Any:
    """Imports LiteLLM, once, and holds it down; takes seconds the first time, blocks while another thread imports it.

    Variables the user set for LiteLLM stay as they are.

    Returns:
        The module.

    Raises:
        ModelError: It can't be imported.
    """
    for name, value in BEFORE_IMPORT.items():
        os.environ.setdefault(name, value)
    # Its warnings are for those who develop it; on a terminal in full-screen use they tear the picture.
    warnings.filterwarnings("ignore", module=NOISY_MODULES)
    try:
        library: Any = importlib.import_module("litellm")
    except Exception as error:
        raise ModelError(f"litellm can't be imported: {error}", "reinstall litellm", fatal=True) from error
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers[:] = [logging.NullHandler()]
        logger.propagate = False
    library.suppress_debug_info = True
    library.set_verbose = False
    # A parameter that a model does not know (a temperature, for one that reasons) is left out, not refused.
    library.drop_params = True
    # Without aiohttp a connection left at the end of the process closes without a word on stderr.
    library.disable_aiohttp_transport = True
    return library


async def _loaded() -> Any:
    """LiteLLM without stopping the loop for its import.

    Not in the loop's own pool, whose threads are joined when the loop closes: an interrupt would wait for the import.
    """
    if load.cache_info().currsize:
        return load()
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def wake() -> None:
        with contextlib.suppress(ModelError):  # Told below.
            load()
        with contextlib.suppress(RuntimeError):  # The loop was closed meanwhile.
            loop.call_soon_threadsafe(done.set)

    threading.Thread(target=wake, name="litellm import", daemon=True).start()
    await done.wait()
    return load()


def backoff(retry: int, jitter: float) -> float:
    """Seconds to wait before a retry: doubled each time up to 8, less up to a quarter, so that agents spread.

    Args:
        retry: Counted from 1.
        jitter: A random number in [0, 1).
    """
    return float(min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** (retry - 1)) * (1 - jitter / 4))


class LiteLLMModel:
    """Streams the answers of any provider that LiteLLM knows.

    A call is retried up to three times while nothing of the answer has come: on 408, 409, 429, 5xx and lost
    connections, after what `Retry-After` asks or an exponential backoff, each retry told by a `Retry`, all within
    `timeout_s`. Silence longer than `stall_timeout_s` is not retried: a slow model would be asked, and paid, twice.
    Once text has come, any break raises, so that half a statement is never taken for a whole one; likewise an answer
    cut at `max_completion_tokens` or by a content filter, or one that ends without the provider saying that it is
    complete. The usage that came with a cut answer is given before the error.

    Servers that speak OpenAI's protocol are reached as provider `openai` with `OPENAI_BASE_URL` (or `OPENAI_API_BASE`)
    set, with or without a key.

    Args:
        settings: Provider, model and limits. These count, not those of the request, which are its record.
        environ: The environment; the process's own when None.
        sleep: Waits so many seconds.
        jitter: Gives a random number in [0, 1); not the program's own generator, whose numbers are part of a recorded
            run.
    """

    def __init__(
        self,
        settings: ModelSettings,
        *,
        environ: Mapping[str, str] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = _random.random,
    ) -> None:
        self.settings = settings
        self.name = f"{settings.provider}/{settings.name}"
        self._environ = os.environ if environ is None else environ
        self._sleep, self._jitter = sleep, jitter

    def stream(self, request: ModelRequest) -> AsyncGenerator[Text | Retry | Usage, None]:
        """Pieces of the response, then the usage if the provider told it; see `Model.stream`.

        Raises:
            ModelError: The call failed for good, was cut, timed out or stalled.
        """
        return self._stream(request)

    async def _stream(self, request: ModelRequest) -> AsyncGenerator[Text | Retry | Usage, None]:
        library = await _loaded()
        clock = asyncio.get_running_loop().time
        deadline = clock() + self.settings.timeout_s
        for attempt in range(1, RETRIES + 2):
            begun = False
            try:
                async with aclosing(self._attempt(library, request, deadline)) as pieces:
                    async for piece in pieces:
                        begun = begun or isinstance(piece, Text)
                        yield piece
                return
            except ModelError:
                raise
            except Exception as error:
                if begun:
                    raise broken(error, self.settings, self._environ).error() from error
                failure = explain(error, self.settings, self._environ, now=time.time())
                delay = backoff(attempt, self._jitter())
                if failure.retry_after_s is not None:
                    delay = failure.retry_after_s
                if not failure.again or attempt > RETRIES:
                    raise failure.error() from error
                if clock() + delay >= deadline:
                    raise self._no_time(failure, delay).error() from error
            yield Retry(attempt=attempt, delay_s=delay, reason=failure.reason)
            await self._sleep(delay)

    async def _attempt(
        self, library: Any, request: ModelRequest, deadline: float
    ) -> AsyncGenerator[Text | Usage, None]:
        """One request: its text, then its usage; raises what LiteLLM raises, or `ModelError` for what is final."""
        response = await self._within(deadline, library.acompletion(**self._parameters(request)))
        last: Any = None
        finish = ""
        try:
            while True:
                try:
                    chunk = await self._within(deadline, anext(response))
                except StopAsyncIteration:
                    break
                last = getattr(chunk, "usage", None) or last
                for choice in chunk.choices[:1]:
                    finish = choice.finish_reason or finish
                    if choice.delta.content:
                        yield Text(choice.delta.content)
            usage = self._usage(library, response, last)
            complete = _was_ended(response)
        finally:
            await _close(response)
        if usage is not None:
            yield usage
        if not complete:
            raise ModelError(f"{self.settings.provider} ended the response without saying that it is complete")
        if finish == "length":
            limit = self.settings.max_completion_tokens
            raise ModelError(
                f"the response was cut at max_completion_tokens = {limit}", "raise it under [model] in playbooks.toml"
            )
        if finish == "content_filter":
            raise ModelError(f"a content filter of {self.settings.provider} cut the response")

    def _parameters(self, request: ModelRequest) -> dict[str, Any]:
        settings = self.settings
        parameters: dict[str, Any] = {
            "model": self.name,
            "messages": [{key: _sendable(text) for key, text in message.items()} for message in request.prompt],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_completion_tokens": settings.max_completion_tokens,
            # Retries and timeouts are ours. The library's own timeout is only the ceiling over ours.
            "max_retries": 0,
            "num_retries": 0,
            "timeout": settings.timeout_s,
        }
        if settings.temperature is not None:
            parameters["temperature"] = settings.temperature
        if needs_no_key(settings.provider, self._environ) and not self._environ.get("OPENAI_API_KEY"):
            parameters["api_key"] = "none"
        return parameters

    async def _within(self, deadline: float, wait: Awaitable[T]) -> T:
        """One wait, no longer than the stall timeout and what is left of the whole."""
        left = deadline - asyncio.get_running_loop().time()
        stall = self.settings.stall_timeout_s
        try:
            async with asyncio.timeout(min(left, stall)) as scope:
                return await wait
        except TimeoutError as error:
            if not scope.expired():
                raise
            if left <= stall:
                reason = f"{self.settings.provider} was not done in timeout_s = {self.settings.timeout_s:g}"
                raise ModelError(reason, "raise it in playbooks.toml", outage=True) from error
            reason = f"{self.settings.provider} sent nothing for stall_timeout_s = {stall:g}"
            raise ModelError(reason, "raise it under [model] in playbooks.toml", outage=True) from error

    def _no_time(self, failure: Failure, delay: float) -> Failure:
        limit = f"another attempt in {delay:.3g} s would pass timeout_s = {self.settings.timeout_s:g}"
        return Failure(f"{failure.reason} ({limit})", failure.fix, again=failure.again)

    def _usage(self, library: Any, response: Any, last: Any) -> Usage | None:
        """What the provider reported; None when it reported nothing, for LiteLLM then makes an estimate of its own."""
        chunks = getattr(response, "chunks", None)
        if last is None or (chunks is not None and not any(getattr(chunk, "usage", None) for chunk in chunks)):
            return None
        return Usage(
            input_tokens=last.prompt_tokens, output_tokens=last.completion_tokens, cost=self._cost(library, last)
        )

    def _cost(self, library: Any, usage: Any) -> float | None:
        """US dollars, by LiteLLM's table; None when the model is not in it."""
        if self.settings.provider in LOCAL:
            return 0.0
        try:
            cost = float(sum(library.cost_per_token(model=self.name, usage_object=usage)))
        except Exception:
            return None
        # The table gives models it does not know a price of 0 for some providers.
        return cost if cost > 0 else None


def _was_ended(response: Any) -> bool:
    """Whether the provider said how the response ended; LiteLLM makes up a `stop` where it did not."""
    known = [getattr(response, name, ...) for name in ("received_finish_reason", "intermittent_finish_reason")]
    return any(reason is not None for reason in known)


async def _close(response: Any) -> None:
    """Drops the HTTP response now, rather than when it is collected."""
    close = getattr(response, "aclose", None)
    if close is not None:
        await close()


def _sendable(text: str) -> str:
    """A text without halves of surrogate pairs: a program may say one, and no request could be sent any more."""
    return text.encode("utf-8", "replace").decode("utf-8")
