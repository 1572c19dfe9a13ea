"""What there is a picture of: every state, screen and dialog, by the keys that lead there."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Literal

from tui.studio import NEGOTIATION, Kept, Studio, played, studio

FAILS = """---
model: script:fails.py
---
# Clerk
## Main
### Triggers
- When the program starts
### Steps
- Greet the user
"""
FAILS_MODEL = '''
def respond(request):
    return """await Say("user", "One moment.")
raise ValueError("there is no such order")
"""
'''
LOSES = """---
model: script:loses.py
---
# Shop
```python
import threading
```
## Main
### Triggers
- When the program starts
### Steps
- Open
"""
LOSES_MODEL = '''
def respond(request):
    return """await Say("user", "The shop opens.")
$till = threading.Lock()
$sold = 3
await Say("user", "Three pens are sold.")
await EndProgram()
"""
'''
PAYS = """---
model: script:pays.py
---
# Till
```python
import os
import shutil

@playbook
async def charge(card: str, amount: int) -> str:
    if not os.path.exists("killed"):
        shutil.copytree(".checkpoints", "killed")
    return f"paid {amount}"
```
## Main
### Triggers
- When the program starts
### Steps
- Charge
"""
PAYS_MODEL = '''
def respond(request):
    return """await Say("user", "That is 80.")
paid = await charge("5500", 80)
await Say("user", f"Thank you: {paid}.")
await EndProgram()
"""
'''
_TYPES = "type:"
MORE = {"fails.pb": FAILS, "fails.py": FAILS_MODEL, "loses.pb": LOSES, "loses.py": LOSES_MODEL}
MORE |= {"pays.pb": PAYS, "pays.py": PAYS_MODEL}
"""Files beside the examples."""


def finished() -> Kept:
    """The negotiation, sold at 80."""
    return played()


def facts() -> Kept:
    """The facts of countries, which a Python loop asks for."""
    return played("country_facts.pb")


def forked() -> Kept:
    """The negotiation, and a branch in which the second price was 80 at once."""
    return played(fork="1000_ckpt_9", result="80", label="low")


def broken_off() -> Kept:
    """The negotiation, interrupted while the Boss thinks."""
    return played(stop=6.0)


def killed() -> Kept:
    """A till whose process was killed while its tool charged a card."""
    return played("pays.pb", killed=True)


def under_way() -> Kept:
    """The negotiation as it stands in the middle of its run."""
    return played(stop=7.44, killed=True)


def several() -> Kept:
    """A talk that waits for a customer, after a negotiation that was played to two endings."""
    return played("support.pb", stop=2.0, after=forked())


@dataclass(frozen=True)
class Shown:
    """A picture: what is opened, and which keys are pressed then."""

    keys: tuple[str, ...] = ()
    """Keys; `type:TEXT` types."""
    kept: Callable[[], Kept] | None = None
    """This session, not run; else `program` runs."""
    program: str = NEGOTIATION
    stop: float = math.inf
    breakpoints: tuple[str, ...] = ()
    how: Literal["open", "follow", "list"] = "open"
    theme: str = "textual-dark"
    environ: dict[str, str] = field(default_factory=dict)
    full: bool = False

    @asynccontextmanager
    async def opened(self, folder: Path, size: tuple[int, int]) -> AsyncIterator[Studio]:
        """The debugger where the keys lead.

        Args:
            folder: The current one, with the examples.
            size: Columns and rows.
        """
        kept = await asyncio.to_thread(self.kept) if self.kept else None
        async with studio(
            folder,
            kept=kept,
            program=self.program,
            stop=self.stop,
            breakpoints=self.breakpoints,
            how=self.how,
            size=size,
            theme=self.theme,
            full=self.full,
        ) as desk:
            for typed, keys in groupby(self.keys, lambda key: key.startswith(_TYPES)):
                if typed:
                    await desk.type("".join(key.removeprefix(_TYPES) for key in keys))
                else:
                    await desk.keys(*keys)
            yield desk


def _at(row: int) -> tuple[str, ...]:
    """Looks at a row of the timeline, counted from the first."""
    return ("g", *(["down"] * row))


BACK = _at(8)
"""After `Counter(60) = 95` the Seller said a new price."""
PICTURES: dict[str, Shown] = {
    "running": Shown(stop=7.44),
    "paused": Shown(breakpoints=("tool check_margin",)),
    "pausing": Shown(("space",), stop=7.44),
    "waiting": Shown(program="support.pb"),
    "waiting-typing": Shown(("i", "type:Where is 1001?"), program="support.pb"),
    "failed": Shown(program="fails.pb"),
    "finished": Shown(),
    "interrupted": Shown(kept=broken_off),
    "back": Shown(BACK, kept=finished),
    "back-fork": Shown(BACK, kept=forked),
    "back-live": Shown(("g", *["down"] * 8, "enter"), stop=7.44),
    "back-light": Shown(BACK, kept=forked, theme="textual-light"),
    "back-nocolor": Shown(BACK, kept=forked, environ={"NO_COLOR": "1"}),
    "zoomed": Shown((*BACK, "z"), kept=forked),
    "back-steps": Shown(("v", *["down"] * 9, "space", "escape", *_at(10)), kept=finished),
    "back-python": Shown(_at(5), kept=facts),
    "following": Shown(kept=broken_off, how="follow"),
    "following-live": Shown(kept=under_way, how="follow"),
    "degraded": Shown(_at(2), program="loses.pb"),
    "may-have-run": Shown(("enter",), kept=killed),
    "may-have-run-typing": Shown(("enter", "i", "type:= 'paid 80'"), kept=killed),
    "may-have-run-again": Shown(("enter", "i", "type:r", "enter", *_at(2)), kept=killed),
    "disk-full": Shown(full=True),
    "compare": Shown(("d",), kept=forked),
    "sessions": Shown(kept=several, how="list"),
    "fork": Shown((*_at(7), "e"), kept=finished),
    "fork-typed": Shown((*_at(7), "e", "type:80"), kept=finished),
    "fork-refused": Shown((*_at(7), "e", "type:eighty"), kept=finished),
    "fork-response": Shown((*_at(7), "e", "tab", "right", "right", "enter"), kept=finished),
    "resume-here": Shown((*BACK, "r"), kept=finished),
    "afresh": Shown(("R",), kept=broken_off),
    "leave-running": Shown(("ctrl+c",), stop=7.44),
    "breakpoint": Shown((*BACK, "B"), kept=finished),
    "breakpoint-add": Shown((*BACK, "B", "type:say /deal/ if $price < 80"), kept=finished),
    "breakpoint-list": Shown(("B",), breakpoints=("tool check_margin", "say /deal/ if $price < 90 hit 2 log {$price}")),
    "help": Shown(("question_mark",), kept=finished),
    "palette": Shown(("colon",), kept=finished),
    "palette-typed": Shown(("colon", "type:fork"), kept=finished),
    "find": Shown(("slash", "type:75"), kept=finished),
    "filter": Shown(("v",), kept=finished),
    "label": Shown((*BACK, "L", "type:low"), kept=finished),
    "watch": Shown((*BACK, "plus", "type:$price - $floor"), kept=finished),
    "who": Shown((*BACK, "tab", "tab", "tab", "tab", "down", "down", "down", "w"), kept=finished),
    "tab-code": Shown((*BACK, "2"), kept=finished),
    "tab-prompt": Shown((*BACK, "3"), kept=finished),
    "tab-program": Shown((*BACK, "4"), kept=finished),
    "tab-breaks": Shown((*BACK, "5"), kept=finished, breakpoints=("tool check_margin",)),
    "tab-output": Shown((*BACK, "6"), kept=finished),
}
