"""Plays Clerk and Helper of ledger.pb: the same response to the same turn, whatever happened before."""

from __future__ import annotations

from typing import Any

CLERK = (
    """\
await note("a 1")
for n in range(2, 5):
    await note(f"a {n}")
    await Say("agent 1001", f"item {n}")
    await Yld("agent 1001")
await note("a 5")
""",
    """\
async def branch(name):
    for k in (1, 2):
        await note(f"{name} {k}")
        await Say("user", f"{name} {k} is noted")
await asyncio.gather(branch("b"), branch("c"))
await Say("user", await Sub(5))
""",
    """\
got = await pair("p")
await Say("user", f"the pair is {got}")
await note("a 6")
await Say("agent 1001", "end")
await Say("user", "all is noted")
await Return()
""",
)
SUB = 'await note("s 1")\nawait Say("user", f"sub of {n}")\nawait note("s 2")\nawait Return(f"sub gave {n + 1}")\n'
HELPER = """\
while (said := await Yld("agent 1000")) != "end":
    await note(f"h {said.split()[1]}")
    await Say("agent 1000", "noted too")
await Return()
"""


def respond(request: Any) -> str:
    """The next response of whoever is asked."""
    if request.playbook == "Sub":
        return SUB
    return HELPER if request.agent == "Helper" else CLERK[request.turn]
