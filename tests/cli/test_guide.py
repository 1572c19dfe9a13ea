"""The guide to `--resume` comes true to the letter: its commands, its snippets, its outputs."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cli.kept import Shell, place

TOML = "[durability]\nenabled = true\n"
REGISTERED = """
import playbooks.checkpoints
from playbooks.extensions.registry import ExtensionRegistry
print('Provider registered:', ExtensionRegistry.has_checkpoint_provider())
print('Provider class:', ExtensionRegistry._checkpoint_provider_class.__name__)
"""
HELD = """

import asyncio
import os

async def respond(request, answer=respond):
    if os.environ.get("HELD") and any("I can do $95." in text for _, text in request.messages):
        await asyncio.Event().wait()
    return answer(request)
"""
"""For the model of a run that is to be interrupted after this message: it thinks until then."""
HAS_RESPONSE = """
import asyncio
from playbooks.checkpoints import FilesystemCheckpointProvider

async def check():
    provider = FilesystemCheckpointProvider()
    checkpoints = await provider.list_checkpoints("1000")  # agent ID
    if checkpoints:
        latest = checkpoints[-1]
        data = await provider.load_checkpoint(latest)
        print(f"LLM response present: {data['metadata'].get('llm_response') is not None}")

asyncio.run(check())
"""


@pytest.fixture
def folder(alone: Path) -> Path:
    """The guide's folder: `examples/negotiation.pb`, and durability enabled."""
    (alone / "examples").mkdir()
    place("negotiation.pb", "haggle_model.py", alone / "examples")
    with (alone / "examples/haggle_model.py").open("a") as model:
        model.write(HELD)
    (alone / "playbooks.toml").write_text(TOML)
    return alone


def python(code: str) -> str:
    """What a snippet of the guide prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def until(process: subprocess.Popen[bytes], terminal: int, wanted: str) -> str:
    """What a terminal shows until it shows a text."""
    shown = b""
    while wanted.encode() not in shown and select.select([terminal], [], [], 60)[0]:
        try:
            shown += os.read(terminal, 65536)
        except OSError:
            break
    assert wanted.encode() in shown, shown.decode()
    return shown.decode()


def crashed_run(folder: Path, *arguments: str) -> str:
    """A run in a terminal, ended by Ctrl+C after a few messages."""
    here, there = pty.openpty()
    command = [sys.executable, "-m", "playbooks", "run", "examples/negotiation.pb", "--snoop", "true", *arguments]
    environment = {**os.environ, "PLAYBOOKS_MODEL__TOKEN_DELAY_S": "0.002", "TERM": "xterm", "HELD": "1"}
    process = subprocess.Popen(
        command, stdin=there, stdout=there, stderr=there, env=environment, start_new_session=True
    )
    os.close(there)
    shown = until(process, here, "I can do $95.")
    process.send_signal(signal.SIGINT)
    while True:
        try:
            piece = os.read(here, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece.decode(errors="replace")
    assert process.wait(300) == 130
    os.close(here)
    return shown


def test_an_interrupted_run_leaves_the_folders_the_guide_shows_and_resumes_as_it_shows(
    folder: Path, shell: Shell
) -> None:
    assert "--resume s1" in crashed_run(folder)
    kept = {str(path.relative_to(folder)) for path in (folder / ".checkpoints").glob("*/*.pkl")}
    assert {".checkpoints/1000/1000_ckpt_1.pkl", ".checkpoints/1000/1000_ckpt_2.pkl"} <= kept
    assert ".checkpoints/human/human_ckpt_1.pkl" in kept
    done = shell("run", "examples/negotiation.pb", "--snoop", "true", "--resume")
    assert done.status == 0, done.err
    found = re.search(
        r"^🔄 Found checkpoint for agent 1000\n   Checkpoint: 1000_ckpt_\d+\n   Last statement: await .+\n"
        r"✅ Resumed execution for agent 1000$",
        done.out,
        re.MULTILINE,
    )
    assert found, done.out
    assert done.out.splitlines()[-1] == "Seller → you: The pen: sold at 80."
    assert "This pen is $100" not in done.out.split("✅ Resumed")[-1]


def test_a_resume_with_nothing_to_resume_warns_for_each_agent_and_starts_afresh(folder: Path, shell: Shell) -> None:
    done = shell("run", "examples/negotiation.pb", "--snoop", "true", "--resume")
    assert done.status == 0
    assert done.out.startswith("\n⚠️  No checkpoints found for agent 1000\n⚠️  No checkpoints found for agent human\n")
    assert done.out.splitlines()[-1] == "Seller → you: The pen: sold at 80."


def test_the_guides_verification_prints_what_it_says(folder: Path) -> None:
    assert python(REGISTERED) == "Provider registered: True\nProvider class: FilesystemCheckpointProvider\n"


def test_the_guides_first_check_prints_true(folder: Path) -> None:
    assert python("from playbooks.config import config; print(config.durability.enabled)") == "True\n"


def test_the_guides_last_check_finds_the_response_after_a_finished_and_an_interrupted_run(
    folder: Path, shell: Shell
) -> None:
    assert python(HAS_RESPONSE) == ""
    crashed_run(folder)
    assert python(HAS_RESPONSE) == "LLM response present: True\n"
    assert shell("run", "examples/negotiation.pb", "--resume").status == 0
    assert python(HAS_RESPONSE) == "LLM response present: True\n"


@pytest.mark.parametrize("name", ["1000_ckpt_9", "1000_ckpt_18", "1000_ckpt_23", "1002_ckpt_8"])
def test_the_public_provider_loads_what_the_engine_made(negotiation: Path, name: str) -> None:
    import asyncio

    from playbooks.checkpoints import FilesystemCheckpointProvider

    data = asyncio.run(FilesystemCheckpointProvider().load_checkpoint(name))
    assert data is not None
    assert set(data) == {"checkpoint_id", "execution_state", "namespace", "metadata"}
    about = data["metadata"]
    needed = {"statement", "counter", "execution_id", "timestamp", "call_stack", "llm_response", "executed_code"}
    assert needed <= set(about)
    assert (about["counter"], about["execution_id"]) == (int(name.rpartition("_")[2]), "s1")
    assert about["llm_response"] is not None
