"""A program saved while it runs: what differs is told in its own terms, and what can't be read leaves the last good."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from playbooks import DebugSession
from playbooks.config import Config
from playbooks.language import load_program
from playbooks.session.reloading import reload

PROGRAM = """# Seller
Sells.
```python
price = 100
```
## Main
### Triggers
- When the program starts
### Steps
- Say the price
## Deal($limit)
### Steps
- Deal

# Buyer
startup_mode: standby
## Main
### Steps
- Buy
"""


CLERK = """---
model: script:model.py
---
# Clerk
```python
@playbook
async def price():
    return 5
```
## Main
### Triggers
- When the program starts
### Steps
- Go
"""


def reloaded(before: str, after: str) -> list[str]:
    Path("shop.pb").write_text(before, "utf-8")
    running = load_program(["shop.pb"])
    Path("shop.pb").write_text(after, "utf-8")
    found = reload(running)
    assert found.program is not None, found.error
    assert not found.same
    return [str(change) for change in found.changes]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("- Say the price", "- Say the price loudly", ["Seller.Main changed: steps"]),
        ("price = 100", "price = 90", ["Seller changed: Python"]),
        ("Sells.", "Sells pens.", ["Seller changed: description"]),
        ("startup_mode: standby\n", "", ["Buyer changed: settings"]),
        ("Deal($limit)", "Deal($limit, $least)", ["Seller.Deal changed: parameters"]),
        ("- When the program starts", "- At the beginning", ["Seller.Main changed: triggers"]),
        ("## Deal($limit)\n### Steps\n- Deal\n", "", ["Seller.Deal gone"]),
        ("## Deal($limit)", "## Other\n### Steps\n- Do\n## Deal($limit)", ["Seller.Other added"]),
        ("# Buyer", "# Guest", ["Guest added", "Buyer gone"]),
        ("\n# Buyer", "\n\n\n# Buyer", []),
    ],
)
def test_what_differs_is_named_by_agent_and_playbook(old: str, new: str, expected: list[str]) -> None:
    assert old in PROGRAM
    assert reloaded(PROGRAM, PROGRAM.replace(old, new, 1)) == expected


def test_an_unchanged_program_is_the_same() -> None:
    Path("shop.pb").write_text(PROGRAM, "utf-8")
    found = reload(load_program(["shop.pb"]))
    assert found.same
    assert found.changes == ()


def test_a_broken_or_missing_file_is_told_by_line_and_nothing_is_given() -> None:
    Path("shop.pb").write_text(PROGRAM, "utf-8")
    running = load_program(["shop.pb"])
    Path("shop.pb").write_text(PROGRAM.replace("price = 100", "price = = 100"), "utf-8")
    found = reload(running)
    assert found.program is None
    assert found.error.startswith("shop.pb:4: ")
    Path("shop.pb").unlink()
    assert "shop.pb" in reload(running).error


def test_a_session_reloads_and_forks_with_the_new_text(alone: Path) -> None:
    file, text = Path("clerk.pb"), CLERK
    file.write_text(text, "utf-8")
    Path("model.py").write_text(
        'def respond(request):\n    return \'\'\'await Say("user", "one")\nx = await price()\n'
        'await Say("user", f"{x}")\nawait EndProgram()\n\'\'\'\n'
    )

    def save(line: str) -> None:
        file.write_text(text.replace("return 5", line), "utf-8")

    async def main() -> None:
        async with DebugSession.open("clerk.pb", config=Config.load().for_debug()) as session:
            assert await session.run() == "finished", session.error
            save("return = 5")
            broken = session.reload()
            assert broken.program is None
            assert "clerk.pb:8" in broken.error
            save("return 7")
            found = session.reload()
            assert [str(change) for change in found.changes] == ["Clerk changed: Python"]
            assert session.program_files == ("clerk.pb",)
            await session.fork(session.timeline[1].id, program=found.program)
            assert await session.run() == "finished", session.error
            assert session.messages[-1].text == "7"

    asyncio.run(main())
