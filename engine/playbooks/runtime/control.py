"""Run, pause and step: where effects are held before they begin.

Apart so that the effects know one question, *may this begin?*, and breakpoints are one more answer to it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from playbooks.runtime.frame import Frame

if TYPE_CHECKING:
    from playbooks.checkpoints.record import Header
    from playbooks.runtime.effects import Call, Running
    from playbooks.runtime.runtime import Runtime


class Control:
    """Holds effects while the run is paused, and lets one through for a step."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.holds = False
        self._credit = 0
        self._gated: list[asyncio.Future[None]] = []
        self._models: list[asyncio.Future[None]] = []

    @property
    def gated(self) -> bool:
        """Somebody stands at the gate."""
        return any(not gate.done() for gate in (*self._gated, *self._models))

    def run(self) -> None:
        """Lets everything go on."""
        self.holds, self._credit = False, 0
        self._open(self._gated)
        self._open(self._models)

    def pause(self) -> None:
        """Every agent stops at its next await."""
        self.holds, self._credit = True, 0
        self._runtime.standstill.poke()

    def step(self) -> None:
        """Lets one effect through: to the next checkpoint of any agent."""
        self.holds, self._credit = True, 1
        self._open(self._models)
        self._pass()
        self._runtime.standstill.poke()

    async def gate(self, running: Running, call: Call) -> None:
        """Returns when the call may begin."""
        if call.waits and call.label == "Yld":
            return  # it waits anyway, and taking what is there changes nothing for others
        gate = asyncio.get_running_loop().create_future()
        self._gated.append(gate)
        self._pass()
        self._runtime.standstill.poke()
        try:
            await gate
        finally:
            if gate in self._gated:
                self._gated.remove(gate)

    async def gate_model(self, frame: Frame) -> None:
        """Returns when a model may be asked."""
        if self._credit:
            return
        gate = asyncio.get_running_loop().create_future()
        self._models.append(gate)
        self._runtime.standstill.poke()
        await gate

    def committed(self, header: Header) -> None:
        """A checkpoint was made: a step ends with it."""

    def _pass(self) -> None:
        if self._credit and (gates := [gate for gate in self._gated if not gate.done()]):
            self._credit -= 1
            gates[0].set_result(None)

    def _open(self, gates: list[asyncio.Future[None]]) -> None:
        for gate in gates:
            if not gate.done():
                gate.set_result(None)
        gates.clear()
