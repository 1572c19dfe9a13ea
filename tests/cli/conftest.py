"""A folder with a finished negotiation, for the commands that read sessions."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.kept import AT_ONCE, Shell, place

from playbooks.cli.entry import run_command


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Runs commands; scripted models answer at once."""
    monkeypatch.setenv(*AT_ONCE)
    return Shell(capsys)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The negotiation run once: a folder `here`, and the key it was signed with in `state`."""
    made = tmp_path_factory.mktemp("finished")
    here = made / "here"
    here.mkdir()
    place("negotiation.pb", "haggle_model.py", here)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLAYBOOKS_STATE_DIR", str(made / "state"))
        patch.setenv(*AT_ONCE)
        patch.setenv("PLAYBOOKS_DURABILITY__KEEP_LAST_N", "0")
        patch.chdir(here)
        assert run_command(["run", "negotiation.pb"]) == 0
    yield made


@pytest.fixture
def negotiation(finished: Path, alone: Path, tmp_path: Path) -> Path:
    """The test's folder, with the finished negotiation as session s1, signed by this test's user."""
    shutil.copytree(finished / "here", alone, dirs_exist_ok=True)
    shutil.copytree(finished / "state", tmp_path / "state", dirs_exist_ok=True)
    return alone
