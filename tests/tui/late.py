"""A plugin of pytest that makes what crosses the screen's threads late, by chance: races come out that else are rare.

`make races` runs the screen's tests with it. A test that fails so shows an order of things that a busy machine has too.
"""

from __future__ import annotations

import os
import random
import threading
import time
from typing import Any, Final

import pytest
from textual.app import App
from textual.message_pump import MessagePump

from playbooks.session.library import SessionLibrary
from playbooks_tui.bridge import Bridge

_SEED: Final = int(os.environ.setdefault("RACES_SEED", str(random.SystemRandom().randrange(2**16))))
"""Put into the environment, so that all processes of a run have the same."""
_CROSSINGS: Final[tuple[tuple[type, str, float, float], ...]] = (
    (App, "call_from_thread", 0.5, 0.05),
    (MessagePump, "post_message", 0.2, 0.02),
    (Bridge, "tell", 0.1, 0.02),
    (Bridge, "moment_now", 0.4, 0.05),
    (SessionLibrary, "sessions", 0.5, 0.05),
)
"""Class, method, how likely it is late, and by how many seconds at the most."""


def pytest_configure(config: pytest.Config) -> None:
    chance = random.Random(_SEED)
    for owner, name, likely, most in _CROSSINGS:
        setattr(owner, name, _late(getattr(owner, name), chance, likely, most))


def pytest_report_header(config: pytest.Config) -> str:
    return f"races: RACES_SEED={_SEED}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(f"races: RACES_SEED={_SEED}")


def _late(method: Any, chance: random.Random, likely: float, most: float) -> Any:
    def wait() -> None:
        if threading.current_thread() is not threading.main_thread() and chance.random() < likely:
            time.sleep(chance.random() * most)

    def called(*arguments: Any, **named: Any) -> Any:
        wait()
        result = method(*arguments, **named)
        wait()
        return result

    return called
