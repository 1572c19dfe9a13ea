"""Runs playbooks programs with a checkpoint after every completed effect, and goes on from any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playbooks.session import DebugSession

__all__ = ["DebugSession"]


def __getattr__(name: str) -> Any:
    if name == "DebugSession":  # late: `import playbooks` alone stays cheap
        from playbooks.session import DebugSession

        return DebugSession
    raise AttributeError(f"module 'playbooks' has no attribute {name!r}")
