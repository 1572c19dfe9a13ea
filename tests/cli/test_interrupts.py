"""Ctrl+C in a process of its own: it ends with 130 whatever the program is busy with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import types
from pathlib import Path

import pytest

from playbooks.runtime.breaking import where_is

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="interrupts by signal")

PROGRAM = """\
---
model: script:model.py
---
# Clerk
```python
import asyncio
import time


def begin():
    asyncio.get_running_loop().run_in_executor(None, time.sleep, 600)
```
## Main
### Triggers
- When the program starts
### Steps
- Go
"""


def interrupted(code: str, *signals: signal.Signals) -> tuple[int, str]:
    """Status and stderr of a run whose model says `code`, once it waits and the signals have come."""
    Path("clerk.pb").write_text(PROGRAM, "utf-8")
    Path("model.py").write_text(f"def respond(request):\n    return {code!r}\n", "utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PLAYBOOKS_DURABILITY__ENABLED": "true"}
    process = subprocess.Popen(
        [sys.executable, "-m", "playbooks", "run", "clerk.pb"],
        env={**environment, "PLAYBOOKS_MODEL__TOKEN_DELAY_S": "0"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "ready" in process.stdout.readline()
    for number in signals:
        process.send_signal(number)
    _, err = process.communicate(timeout=60)
    return process.returncode, err


@pytest.mark.parametrize(
    "code",
    [
        'begin()\nawait Say("user", "ready")\nawait Yld("user")\n',
        'await Say("user", "ready")\nwhile True: pass\n',
        'await Say("user", "ready")\nwhile True:\n    try: await Yld("user")\n    except BaseException: pass\n',
        'await Say("user", "ready")\nwhile True:\n    try:\n        while True: pass\n    except BaseException: pass\n',
    ],
    ids=[
        "a thread that goes on",
        "code that never awaits",
        "code that swallows everything",
        "a loop that swallows everything",
    ],
)
def test_ctrl_c_ends_the_process_with_130_and_the_line_that_resumes(code: str) -> None:
    status, err = interrupted(code, signal.SIGINT)
    assert status == 130, err
    assert err.splitlines()[-1] == "Resume with: playbooks run clerk.pb --resume s1"
    assert "Traceback" not in err


def test_a_second_signal_on_the_way_out_changes_nothing() -> None:
    status, err = interrupted('await Say("user", "ready")\nawait Yld("user")\n', signal.SIGTERM, signal.SIGINT)
    assert (status, err.splitlines()[-1]) == (130, "Resume with: playbooks run clerk.pb --resume s1")


def frames(*files: str) -> types.FrameType:
    """The innermost of calls through functions of these files, outermost first."""
    names: dict[str, object] = {"sys": sys}
    call = "sys._getframe()"
    for place, file in enumerate(reversed(files)):
        exec(compile(f"def f{place}():\n    return {call}", file, "exec"), names)
        call = f"f{place}()"
    frame = eval(call, names)
    assert isinstance(frame, types.FrameType)
    return frame


ENGINE = str(Path(sys.modules[where_is.__module__].__file__ or "").with_name("player.py"))
RESPONSE, BLOCK, LIBRARY = "<model 1000 response 3.1>", "<model clerk.pb>", "/usr/lib/python3/json.py"


@pytest.mark.parametrize(
    ("files", "where"),
    [
        ([ENGINE, RESPONSE], "model code"),
        ([ENGINE, RESPONSE, LIBRARY], "model code"),
        ([ENGINE, RESPONSE, BLOCK], "model code"),
        ([ENGINE, BLOCK], "tool"),
        ([RESPONSE, ENGINE, BLOCK, LIBRARY], "tool"),
        ([RESPONSE, ENGINE], "engine"),
        ([RESPONSE, ENGINE, LIBRARY], "engine"),
    ],
)
def test_only_model_code_is_broken_into_at_once_a_tool_gets_its_time_and_the_engine_never_is(
    files: list[str], where: str
) -> None:
    assert where_is(frames(*files)) == where
