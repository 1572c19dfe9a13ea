"""What a model is to the engine: a request in, a stream of text out.

Apart so that the runtime knows neither LiteLLM nor scripts, and a new kind of model is one class.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec


class ModelSettings(msgspec.Struct, frozen=True):
    """What one call may use; from the configuration, a fork may change it."""

    provider: str = "anthropic"
    """Any LiteLLM provider, or `script`."""
    name: str = "claude-haiku-4-5"
    path: str = ""
    """Of a script."""
    temperature: float | None = 0.2
    max_completion_tokens: int = 7500
    timeout_s: float = 60.0
    """One call in all, retries included."""
    stall_timeout_s: float = 30.0
    """Longest silence within a stream, the wait for the first chunk included."""
    token_delay_s: float = 0.01
    """Of a script: between two chunks."""


class ModelRequest(msgspec.Struct, frozen=True):
    """One call; what a script's `respond` is given."""

    agent: str
    """Class name, `Seller`."""
    agent_id: str
    playbook: str
    arguments: Mapping[str, Any]
    turn: int
    """Which response of this playbook's current frame this is, from 0."""
    variables: Mapping[str, Any]
    messages: Sequence[tuple[str, str]]
    """`(sender id, text)` of all this agent has received or sent, oldest first."""
    agents: Mapping[str, str]
    """Ids and class names of all agents there are."""
    executed: str
    """Code of this turn that already ran, when a response is being continued; else empty."""
    prompt: list[dict[str, str]]
    """`[{"role", "content"}]`, as a real model gets it."""
    settings: ModelSettings = msgspec.field(default_factory=ModelSettings)
    """A record of what is asked with; a model uses the settings it was made with."""
    received: str = ""
    """All the text of this turn that was received before, when a response is being continued."""


class Text(msgspec.Struct, frozen=True):
    """A piece of the response."""

    text: str


class Usage(msgspec.Struct, frozen=True):
    """The last thing of a stream. None is unknown, never zero."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    """US dollars."""


class Retry(msgspec.Struct, frozen=True):
    """A call failed and is made again: shown, never silent."""

    attempt: int
    delay_s: float
    reason: str


class ModelError(Exception):
    """A model call that failed for good: one line for people, never holding a key.

    Args:
        reason: What happened, in one line.
        fix: What the user can do; may be empty.
        fatal: True when asking again can't help (no key, unknown model): the run stops at once.
        outage: True when the provider could not be reached, was busy, silent or cut off: later it may answer.
    """

    def __init__(self, reason: str, fix: str = "", *, fatal: bool = False, outage: bool = False) -> None:
        super().__init__(f"{reason}; {fix}" if fix else reason)
        self.reason, self.fix, self.fatal, self.outage = reason, fix, fatal, outage


class Model(Protocol):
    """Streams the answer to a request."""

    name: str
    """As people know it: `anthropic/claude-haiku-4-5`, `script:haggle_model.py`."""

    def stream(self, request: ModelRequest) -> AsyncIterator[Text | Retry | Usage]:
        """Pieces of the response as they arrive, then at most one `Usage`.

        A call that breaks off after its first piece raises `ModelError`; what came before stays with the caller. Before
        the first piece it is retried, each retry told by a `Retry`. Closing the iterator drops the call at once.

        Raises:
            ModelError: The call failed for good, timed out or stalled.
        """
        ...
