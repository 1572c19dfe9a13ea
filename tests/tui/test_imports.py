"""The screen is loaded by `debug` alone, and a slow model library by nothing before the first call."""

from __future__ import annotations

import subprocess
import sys

import pytest

from playbooks_tui.starting import LATER


def loaded(code: str) -> set[str]:
    asked = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["playbooks", "playbooks.cli", "playbooks.cli.run", "playbooks.cli.debug"])
def test_no_command_but_debug_loads_the_screen(module: str) -> None:
    names = loaded(f"import {module}")
    assert not {name for name in names if name.partition(".")[0] in ("playbooks_tui", "textual")}


def test_the_screen_loads_no_model_library() -> None:
    assert "litellm" not in loaded("import playbooks_tui.app")


def test_the_first_frame_loads_nothing_that_only_a_key_opens() -> None:
    names = loaded("import playbooks_tui.app")
    assert not names & {*LATER, "playbooks.session.planning", "playbooks.session.changeable"}


def test_what_keys_open_is_loaded_behind_the_first_frame() -> None:
    code = "import playbooks_tui.app\nfrom playbooks_tui.starting import load_the_rest\nload_the_rest()"
    assert loaded(code) >= set(LATER)
