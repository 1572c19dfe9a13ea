"""The model call that is running, in the inspector: how long, and how much was sent and came so far."""

from __future__ import annotations

import re
from pathlib import Path

from tui.studio import Studio, stock, studio

from playbooks_tui.widgets.inspector import Inspector


def block(desk: Studio) -> list[str]:
    sheet = desk.screen.query_one(Inspector).sheets["state"]
    lines = [sheet.line(y).text.strip() for y in range(200)]
    at = next((y for y, text in enumerate(lines) if text.startswith("Model call")), -1)
    return lines[at : at + 2] if at >= 0 else []


async def test_a_running_call_says_its_time_tokens_and_speed_until_it_ends_and_not_in_the_past(alone: Path) -> None:
    stock(alone)
    async with studio(alone, stop=7.44) as desk:
        call, told = block(desk)
        seconds = re.search(r"^Model call \d+ .* running (\d+\.\d) s$", call)
        came = re.search(r"^~([\d.]+k?) in · ~(\d+) out .* (\d+) tokens/s$", told)
        assert seconds and came, (call, told)
        assert int(came[2]) and abs(int(came[3]) - int(came[2]) / float(seconds[1])) <= int(came[3]) / 2
        await desk.keys("enter", "up")
        assert not block(desk), "a moment of the past has no call that runs now"
        await desk.keys("escape")
        assert block(desk)
        desk.stage.go_on()
        await desk.until(lambda: desk.screen.record.status == "finished" and not block(desk))
