"""What every test stands on: a folder, a state folder and an environment of its own; how much properties try."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

SEED = 20_261_123
_SLOW_MACHINE = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "ci", max_examples=200, deadline=None, print_blob=True, derandomize=False, suppress_health_check=_SLOW_MACHINE
)
settings.register_profile(
    "fuzz", max_examples=2_000, deadline=None, print_blob=True, suppress_health_check=_SLOW_MACHINE
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Gives properties a seed, printed at the end: the same every time; `make fuzz` draws a fresh one each round."""
    if config.option.hypothesis_seed is None:
        fresh = os.environ.get("HYPOTHESIS_PROFILE") == "fuzz"
        config.option.hypothesis_seed = str(random.SystemRandom().randrange(2**32) if fresh else SEED)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Prints what tests counted (`record_property("figures", …)`) and the seed, before pytest's closing line."""
    for report in terminalreporter.getreports("passed"):
        for name, text in getattr(report, "user_properties", ()):
            if name == "figures" and report.when == "call":
                terminalreporter.write_line(str(text))
    terminalreporter.write_line(f"properties: --hypothesis-seed={config.option.hypothesis_seed}")


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test runs in an empty folder and sees none of the user's settings, keys or state.

    Returns:
        The folder the test runs in.
    """
    for name in list(os.environ):
        if name.startswith("PLAYBOOKS_") or name.endswith("_API_KEY") or name in ("NO_COLOR", "FORCE_COLOR"):
            monkeypatch.delenv(name)
    state = tmp_path / "state"
    here = tmp_path / "here"
    state.mkdir()
    here.mkdir()
    monkeypatch.setenv("PLAYBOOKS_STATE_DIR", str(state))
    monkeypatch.chdir(here)
    return here
