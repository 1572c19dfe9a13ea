"""What the fake server of a provider is to answer, and what came of it."""

from __future__ import annotations

from typing import Any

from playbooks.models.base import Text

KEY = "sk-test-0123456789abcdef"


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
