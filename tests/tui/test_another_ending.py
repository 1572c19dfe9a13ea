"""The promise of the debugger: at the end, a new user reaches another ending in at most twelve keystrokes.

Each key pressed here stands on the screen at that moment: the person is told by nothing else.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tui.programs import SELLS
from tui.terminal import Terminal

EXAMPLES = Path(__file__).parents[2] / "examples"
UP, CONTROL_S = "\x1b[A", "\x13"


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
def test_a_new_user_reaches_another_ending_in_at_most_twelve_keystrokes(alone: Path, size: tuple[int, int]) -> None:
    terminal = Terminal(alone, SELLS, str(EXAMPLES / "negotiation.pb"), size=size)
    pressed = 0

    def press(keys: str) -> None:
        nonlocal pressed
        terminal.process.send(keys)
        pressed += 1

    terminal.until("FINISHED", "sold at 80", "looks back", "changes one thing")
    for _ in range(6):  # the Buyer's last word, six rows above the end
        press(UP)
    terminal.until("LOOKING BACK", "at 1001_ckpt_9", "e change")
    press("e")
    terminal.until("Fork at 1001_ckpt_9 on main", "Buyer says", "Deal. → Deal.", "Fork  ^S")
    for letter in "No":
        press(letter)
    terminal.until("✓ text", "main, with its 8 later checkpoints", "playbooks fork 1001_ckpt_9 --say '1001: No'")
    press(CONTROL_S)
    terminal.until("FINISHED", "no deal")
    assert pressed <= 12
    if size[0] >= 140:
        assert "sold at 80" in terminal.shown  # the ending there was is still in sight
    terminal.process.send("q")
    assert terminal.end() == 0
    assert terminal.given_back()
