"""Values ↔ bytes. **Decoding never imports or calls what the data names**; encoding never calls a value's own methods.

Apart because everything that is stored goes through here. Values of builtin types take the C pickler; all others become
a table of nodes (`graph`), which is plain data too. A world turns nodes into the program's objects again (`live`);
without one they are looked at (`look`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from playbooks.checkpoints.describe import describe
from playbooks.checkpoints.graph import Graph
from playbooks.checkpoints.live import Live
from playbooks.checkpoints.look import Described, Look, Record
from playbooks.checkpoints.node import Node
from playbooks.checkpoints.placeholder import Lost, LostError, Placeholder, Unstorable
from playbooks.checkpoints.plain import ATOMS, DamagedValue, NotPlain, from_plain, to_plain
from playbooks.checkpoints.world import World

__all__ = [
    "DamagedValue",
    "Described",
    "Encoded",
    "LostError",
    "Placeholder",
    "Record",
    "Unstorable",
    "copy",
    "decode",
    "describe",
    "encode",
]

_GRAPH: Final = b"G"
"""Begins a table of nodes; a plain pickle begins with its protocol's `\\x80`."""
TOO_LARGE: Final = "larger than max_checkpoint_size_mb"


class Encoded(NamedTuple):
    """A value as bytes."""

    data: bytes
    degraded: tuple[str, ...]
    """Paths to what could not be stored, `$result.rows[3].conn`; placeholders stand there."""


def encode(
    value: object,
    *,
    root: str = "",
    world: World | None = None,
    named: bool = False,
    made_by: str | Mapping[str, str] = "",
    limit: int | None = None,
    own: bool = False,
) -> Encoded:
    """A value as bytes; aliases and cycles within it stay.

    Args:
        value: Any object.
        root: What its path begins with, `$result`.
        world: The running program; None stores instances of any class written in Python, to be looked at only.
        named: The value is a dict of variables stored as one graph: each key begins a path of its own, after `root`.
        made_by: Source of the statement that made the value, for the placeholders' text; with `named`, one by name.
        limit: Most bytes of one value (with `named`, of one variable); what is larger becomes a placeholder. None: no
            limit.
        own: It is one call's own, and comes back to it alone: a queue, lock or event of asyncio is stored too. Of what
            several hold each would get another.

    Returns:
        The bytes, equal for an unchanged value within a process, and what could not be stored.
    """
    try:
        encoded = Encoded(to_plain(value), ())
    except (NotPlain, RecursionError):
        encoded = _encode_graph(value, root, world, named, made_by, own)
    if limit is None or len(encoded.data) <= limit:
        return encoded
    if named and type(value) is dict:
        return _without_large(value, root, world, made_by, limit, own)
    return _too_large(type(value).__name__, root, made_by if isinstance(made_by, str) else "")


def _encode_graph(
    value: object, root: str, world: World | None, named: bool, made_by: str | Mapping[str, str], own: bool
) -> Encoded:
    graph = Graph(world, root=root, named=named, made_by=made_by, own=own)
    graph.take(value)
    return Encoded(_GRAPH + to_plain(graph.nodes), tuple(graph.degraded))


def _too_large(type_name: str, path: str, made_by: str) -> Encoded:
    nodes: list[Node] = [("lost", (type_name, path, made_by, TOO_LARGE), ())]
    return Encoded(_GRAPH + to_plain(nodes), (path,))


def _without_large(
    variables: dict[str, object],
    root: str,
    world: World | None,
    made_by: str | Mapping[str, str],
    limit: int,
    own: bool,
) -> Encoded:
    """Variables as one graph, with a placeholder for each that alone exceeds the limit; all together may."""
    kept: dict[str, object] = {}
    for name, value in variables.items():
        statement = made_by if isinstance(made_by, str) else made_by.get(name, "")
        kept[name] = value
        if len(encode(value, world=world, own=own).data) > limit:
            kept[name] = Placeholder(Lost(type(value).__name__, root + name, statement, TOO_LARGE))
    return encode(kept, root=root, world=world, named=True, made_by=made_by, own=own)


def decode(data: bytes, world: World | None = None, *, trusted: bool = True) -> Any:
    """The value that `encode` gave these bytes for.

    Args:
        data: The bytes.
        world: The program whose objects come back. None: to be looked at; instances become `Record`, functions, classes
            and standard values `Described`, and nothing is imported, looked up or called.
        trusted: False for bytes without our signature: read slower, and proof against crafted sizes.

    Raises:
        DamagedValue: They are no such bytes.
    """
    if data[:1] == b"\x80":
        return from_plain(data, trusted=trusted)
    if data[:1] != _GRAPH:
        raise DamagedValue("no stored value" if data else "empty")
    nodes = from_plain(data[1:], trusted=trusted)
    _check(nodes)
    try:
        return Look(nodes).build() if world is None else Live(nodes, world).build()
    except DamagedValue:
        raise
    except Exception as error:  # what crafted nodes, or a changed program's `__hash__`, may raise is not a closed set
        raise DamagedValue(f"can't be built again: {type(error).__name__}: {error}") from error


def _check(nodes: object) -> None:
    """That a table is one: every slot an atom or an index within it."""
    if type(nodes) is not list or not nodes:
        raise DamagedValue("no table of nodes")
    count = len(nodes)
    for node in nodes:
        if type(node) is not tuple or len(node) != 3 or type(node[0]) is not str or type(node[2]) is not tuple:
            raise DamagedValue("no node")
        for slot in node[2]:
            if type(slot) in ATOMS:
                continue
            if type(slot) is not tuple or len(slot) != 1 or type(slot[0]) is not int or not 0 <= slot[0] < count:
                raise DamagedValue("a slot that leads nowhere")


def copy(value: object, world: World) -> Any:
    """The value as decoding what it is stored as would give it: what crosses from one frame or agent to another.

    What can't be stored is passed on itself, so that a live program with a socket works; on replay a placeholder stands
    there.

    Args:
        value: Any object.
        world: The program, as the receiver sees it.
    """
    if type(value) in ATOMS:
        return value
    try:
        return from_plain(to_plain(value))
    except (NotPlain, RecursionError, DamagedValue):
        graph = Graph(world, by_reference=True)
        graph.take(value)
        return Live(graph.nodes, world, graph.references).build()
