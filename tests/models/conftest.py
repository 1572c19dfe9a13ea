"""What the tests of models share: a request to ask with, and a way to hear all of an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from playbooks.models.base import Model, ModelError, ModelRequest, Retry, Text, Usage

Pieces = list[Text | Retry | Usage]


@pytest.fixture
def request_for() -> Callable[..., ModelRequest]:
    """Makes a request; what a test does not name is filled in."""

    def make(**changes: Any) -> ModelRequest:
        given: dict[str, Any] = {
            "agent": "Seller",
            "agent_id": "1000",
            "playbook": "Main",
            "arguments": {},
            "turn": 0,
            "variables": {},
            "messages": [],
            "agents": {"1000": "Seller"},
            "executed": "",
            "prompt": [{"role": "user", "content": "go"}],
        }
        return ModelRequest(**(given | changes))

    return make


@pytest.fixture
def hear() -> Callable[..., tuple[Pieces, ModelError | None]]:
    """Asks a model and gives all its pieces, and the error it ended with."""

    def ask(model: Model, request: ModelRequest) -> tuple[Pieces, ModelError | None]:
        async def listen() -> tuple[Pieces, ModelError | None]:
            pieces: Pieces = []
            try:
                async for piece in model.stream(request):
                    pieces.append(piece)
            except ModelError as error:
                return pieces, error
            return pieces, None

        return asyncio.run(listen())

    return ask
