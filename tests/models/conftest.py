"""What the tests of models share: a request to ask with, a way to hear all of an answer, and a fake server to ask."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import threading
import time
import urllib.request
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from models.answers import KEY
from models.peers import installed

from playbooks.models.base import Model, ModelError, ModelRequest, ModelSettings, Retry, Text, Usage
from playbooks.models.litellm import LiteLLMModel, load

Pieces = list[Text | Retry | Usage]
Heard = tuple[Pieces, ModelError | None]


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
def listen() -> Callable[..., Awaitable[Heard]]:
    """Asks a model and gives all its pieces, and the error it ended with."""

    async def ask(model: Model, request: ModelRequest) -> Heard:
        pieces: Pieces = []
        try:
            async for piece in model.stream(request):
                pieces.append(piece)
        except ModelError as error:
            return pieces, error
        return pieces, None

    return ask


@pytest.fixture
def hear(listen: Callable[..., Coroutine[Any, Any, Heard]]) -> Callable[..., Heard]:
    """`listen` in a loop of its own."""
    return lambda model, request: asyncio.run(listen(model, request))


AIMOCK = "@copilotkit/aimock@1.43.0"
"""A kept fake of the providers' servers: it streams, stalls, cuts and refuses as its fixtures say."""


class Peer:
    """The fake server, on a free port of loopback."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process, self.address = process, address

    def serve(self, *fixtures: dict[str, Any]) -> None:
        """Answers with these from now on, and forgets what was asked before."""
        self._call("POST", "/__aimock/reset", {})
        self._call("POST", "/__aimock/fixtures", {"fixtures": list(fixtures)})

    def asked(self) -> list[dict[str, Any]]:
        """The bodies of all requests since `serve`."""
        return [entry["body"] for entry in self._call("GET", "/__aimock/journal", None)]

    def is_asked(self) -> None:
        """Returns once a request has come."""
        while not self.asked():
            time.sleep(0.01)

    def headers(self) -> list[dict[str, str]]:
        """The headers of all requests since `serve`."""
        return [entry["headers"] for entry in self._call("GET", "/__aimock/journal", None)]

    def _call(self, method: str, path: str, body: Any) -> Any:
        data = None if body is None else json.dumps(body).encode()
        call = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"}, method=method)
        # Past any proxy of the environment: the peer is on this machine.
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(call, timeout=60) as answer:
            return json.load(answer)


def _installed() -> Path:
    """The fake server's program, installed on first use into the user's cache; skips where it can't be."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("the fake model server needs node and npm")
    flags = ["--no-audit", "--no-fund", "--ignore-scripts"]
    return installed(
        AIMOCK.rpartition("/")[2].replace("@", "-"),
        "node_modules/@copilotkit/aimock/dist/cli.js",
        lambda folder: [npm, "install", *flags, "--prefix", str(folder), AIMOCK],
        timeout_s=120,
    )


@pytest.fixture(scope="session")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """The fake server, one for all tests; skips with a reason where it can't be installed."""
    program = _installed()
    fixtures = tmp_path_factory.mktemp("aimock") / "fixtures.json"
    fixtures.write_text('{"fixtures": [{"match": {"model": "none"}, "response": {"content": "none"}}]}', "utf-8")
    with subprocess.Popen(
        ["node", str(program), "--port", "0", "--fixtures", str(fixtures)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            said = []
            for line in process.stdout:
                said.append(line)
                if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                    # Else it would block once its log fills the pipe.
                    threading.Thread(target=process.stdout.read, daemon=True).start()
                    yield Peer(process, found[0])
                    return
            pytest.fail(f"the fake model server did not start: {''.join(said)}")
        finally:
            process.kill()


@pytest.fixture(scope="session")
def litellm_loaded() -> Any:
    """LiteLLM, imported once: it takes seconds."""
    with warnings.catch_warnings():
        return load()


@pytest.fixture
def waited() -> list[float]:
    """The seconds a model of `model` would have slept between attempts."""
    return []


@pytest.fixture
def model(peer: Any, waited: list[float], monkeypatch: pytest.MonkeyPatch) -> Callable[..., LiteLLMModel]:
    """Makes a model of the fake server; its backoff is noted, not slept."""
    monkeypatch.setenv("OPENAI_BASE_URL", f"{peer.address}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    def make(name: str, **settings: Any) -> LiteLLMModel:
        given = ModelSettings(**({"provider": "openai", "name": name} | settings))
        return LiteLLMModel(given, sleep=sleep, jitter=lambda: 0.0)

    return make
