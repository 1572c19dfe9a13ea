"""An agent's variables at one moment as names that an expression looks up, decoded only when asked for.

Apart because live breakpoints and those over the record must see the same: both look at the state, never at live
objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from playbooks.checkpoints.codec import DamagedValue, Described, decode
from playbooks.runtime.stored_names import StoredNames
from playbooks.state import ProgramState


class SeenNames(Mapping[str, Any]):
    """`$name` of the agent, bare names of one of its frames.

    Args:
        state: When; only read.
        agent: Whose.
        frame: The frame that bare names are looked up in; None: the agent's innermost.
        trusted: Whether this user's engine wrote the data.
    """

    def __init__(self, state: ProgramState, agent: str, frame: int | None = None, *, trusted: bool = True) -> None:
        self._state, self._agent, self._trusted = state, agent, trusted
        self._frame = innermost(state, agent) if frame is None else frame

    def __getitem__(self, name: str) -> Any:
        data = self.stored(name)
        if data is None:
            raise KeyError(name)
        try:
            if isinstance(data, tuple):
                group, encoded = data
                return StoredNames.load({group: encoded}, self._decode)[name]
            return self._decode(data)
        except DamagedValue as error:
            return Described("damaged", str(error))

    def __iter__(self) -> Iterator[str]:
        for name in self._state.variables.get(self._agent, ()):
            yield f"${name}"
        if self._frame:
            for group in self._state.names.get(self._frame, ()):
                yield from (name for name in group.split(" ") if name[:2] != "__")
            if not self._state.names.get(self._frame):
                yield from self._arguments()

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def stored(self, name: str) -> bytes | tuple[str, bytes] | None:
        """What is stored of a variable, to tell whether it changed without decoding it; None: there is none."""
        if name[:1] == "$":
            return self._state.variables.get(self._agent, {}).get(name[1:])
        held = self._state.names.get(self._frame)
        if not held:
            row = self._state.frames.get(self._frame)
            return ("its arguments", row[2]) if row and row[2] and name in self._arguments() else None
        if name in held:
            return name, held[name]
        return next(((group, data) for group, data in held.items() if " " in group and name in group.split(" ")), None)

    def stored_of(self, name: str) -> bytes | tuple[str, bytes] | None:
        """`stored` by the rules that an expression looks names up by."""
        found = self.stored(name)
        return found if found is not None else self.stored(name[1:] if name[:1] == "$" else f"${name}")

    def _arguments(self) -> dict[str, Any]:
        row = self._state.frames.get(self._frame)
        try:
            found = self._decode(row[2]) if row and row[2] else {}
        except DamagedValue:
            return {}
        return found if isinstance(found, dict) else {}

    def _decode(self, data: bytes) -> Any:
        return decode(data, trusted=self._trusted)


def innermost(state: ProgramState, agent: str) -> int:
    """The agent's newest frame that has not returned; 0: none."""
    return max((id for id, row in state.frames.items() if row[0] == agent and id not in state.returned), default=0)
