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


def begun(*options: str) -> subprocess.Popen[str]:
    """A run of `clerk.pb` in a process of its own; one that begins afresh has said that it is ready."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PLAYBOOKS_DURABILITY__ENABLED": "true"}
    process = subprocess.Popen(
        [sys.executable, "-m", "playbooks", "run", "clerk.pb", *options],
        env={**environment, "PLAYBOOKS_MODEL__TOKEN_DELAY_S": "0"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert options or "ready" in process.stdout.readline()
    return process


def interrupted(code: str, *signals: signal.Signals) -> tuple[int, str]:
    """Status and stderr of a run whose model says `code`, once it waits and the signals have come."""
    Path("clerk.pb").write_text(PROGRAM, "utf-8")
    Path("model.py").write_text(f"def respond(request):\n    return {code!r}\n", "utf-8")
    process = begun()
    for number in signals:
        process.send_signal(number)
    _, err = process.communicate(timeout=60)
    return process.returncode, err


TAKEN_EARLY = """
import builtins, os, sys
from playbooks.cli import main

really = builtins.__import__

def imported(name, *rest, **more):
    if name == "playbooks.cli.entry":
        os.kill(os.getpid(), int(sys.argv[1]))
    return really(name, *rest, **more)

builtins.__import__ = imported
main(["sessions"])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_python_still_imports_ends_it_with_130_and_a_word(number: signal.Signals) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TAKEN_EARLY, str(int(number))], capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Interrupted.\n")


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


NESTED = """\
---
model: script:model.py
---
# Clerk
```python
import os
import time


def spin():
    os.write(2, b"spins\\n")
    while not os.path.exists("go"):
        pass


@playbook
async def Count(what: str) -> str:
    with open("ledger", "a") as ledger:
        ledger.write(what + " ")
    return what


@playbook
def Block() -> None:
    with open("ledger", "a") as ledger:
        ledger.write("block ")
    os.write(2, b"spins\\n")
    while not os.path.exists("go"):
        time.sleep(0.01)
```
## Main
### Triggers
- When the program starts
### Steps
- Go
## Sub
### Steps
- Go
"""
MODEL = """\
import time

from playbooks.cli import leaving


leaving.TOOL_S = 0.1


def respond(request):
    return {"Main": MAIN, "Sub": SUB}[request.playbook]


MAIN = '''x = await Sub()
await Say("user", x)
await EndProgram()
'''
SUB = '''await Count("once")
await Say("user", "ready")
%s
await Return("done")
'''
"""


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("if True:\n    spin()", "once "),
        ("async def one():\n    await Count('inner')\n    spin()\n    await Count('after')\n"
         "await asyncio.gather(one(), Count('other'))",
         "once inner other after "),
        ("await Block()", "once block block "),
    ],
    ids=["its code", "one of two tasks", "a tool that does not end in its time"],
)  # fmt: skip
def test_what_is_broken_into_in_a_nested_playbook_is_in_flight_and_nothing_around_it_is_done_again(
    code: str, written: str
) -> None:
    Path("clerk.pb").write_text(NESTED, "utf-8")
    Path("model.py").write_text(MODEL % code, "utf-8")
    process = begun()
    assert process.stderr is not None
    assert "spins" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    Path("go").touch()
    process = begun("--resume")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out.splitlines()[-1]) == (0, "Clerk → you: done"), err
    assert ("◐ Block() of 1000 may have run" in err) == ("Block" in code), err
    assert Path("ledger").read_text("utf-8") == written


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
