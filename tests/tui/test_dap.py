"""The debugger's actions are the requests of the Debug Adapter Protocol under other names: an adapter stays thin."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from playbooks.session import DebugSession
from playbooks.session.record import SessionRecord
from playbooks_tui.keys import BINDINGS
from playbooks_tui.screens.acts import Debugging

REQUESTS: dict[str, tuple[str, Callable[..., Any], tuple[str, ...]]] = {
    "continue": ("run", DebugSession.go, ()),
    "next": ("step_over", DebugSession.step_over, ("agent",)),
    "stepIn": ("step_into", DebugSession.step_into, ("agent",)),
    "stepOut": ("step_out", DebugSession.step_out, ("agent",)),
    "pause": ("pause", DebugSession.pause, ()),
    "stepBack": ("back", SessionRecord.moment, ("checkpoint",)),
    "reverseContinue": ("back_to_break", SessionRecord.hits_before, ("checkpoint", "breakpoints")),
    "setVariable": ("edit", DebugSession.fork, ("checkpoint", "set")),
}
"""Request → the action's id, what does it below the screen, and the arguments that carry the request's own."""


@pytest.mark.parametrize("request_name", REQUESTS)
def test_every_request_is_an_action_over_one_method(request_name: str) -> None:
    action, method, arguments = REQUESTS[request_name]
    assert callable(getattr(Debugging, f"action_{action}"))
    assert set(arguments) <= set(inspect.signature(method).parameters)
    ids = {binding.id for binding in BINDINGS}
    assert (action if action != "pause" else "run_or_pause") in ids  # one key runs and pauses
