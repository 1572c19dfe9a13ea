"""Plain data ↔ bytes: values made of exact builtin types only, by the C pickler, with every way out of it shut.

Apart because everything stored stands on it: a checkpoint file, a value and a graph of nodes are plain data in the end.
**Reading never imports, constructs or calls what the data names**: a pickle that names anything is damaged.
"""

from __future__ import annotations

import copyreg
import io
import pickle
import struct
from collections.abc import Callable
from typing import Any, ClassVar, Final, cast

ATOMS: Final = frozenset({type(None), bool, int, float, str, bytes})
"""Immutable types that hold nothing else: of these identity does not matter."""
PROTOCOL: Final = 5
_KEPT_BYTES: Final = 1 << 16
"""A pickler that wrote more is not used again: clearing its grown memo would slow every later value."""


class DamagedValue(Exception):
    """Stored bytes that are not what this program writes: cut off, altered, or made by something else."""


class NotPlain(Exception):
    """The value holds an object of another than the exact builtin types."""


class _Refused(Exception):
    """The pickle names something outside itself."""


class _Writer:
    """Collects what a pickler writes: joining is cheaper than a file object."""

    __slots__ = ("parts", "write")

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.write: Callable[[bytes], None] = self.parts.append


class _PlainPickler(pickle.Pickler):
    def reducer_override(self, value: object) -> Any:
        raise NotPlain


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        raise _Refused(f"it names {module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        raise _Refused("it refers to an object outside itself")


_idle: list[tuple[_PlainPickler, list[bytes]]] = []


def to_plain(value: object) -> bytes:
    """The bytes of a value made of None, bool, int, float, str, bytes, bytearray, list, tuple, dict, set and frozenset.

    Shared objects and cycles stay. No method of any object in it is called.

    Raises:
        NotPlain: Something in it is of another type, a subclass of these included.
        RecursionError: It is nested too deeply.
    """
    if type(value) in ATOMS:
        return pickle.dumps(value, PROTOCOL)
    try:
        pickler, parts = _idle.pop()
    except IndexError:
        writer = _Writer()
        pickler, parts = _PlainPickler(cast(Any, writer), PROTOCOL), writer.parts
    pickler.dump(value)  # a pickler that failed half way is dropped, not put back
    data = parts[0] if len(parts) == 1 else b"".join(parts)
    if len(data) < _KEPT_BYTES:
        parts.clear()
        pickler.clear_memo()
        _idle.append((pickler, parts))
    return data


def from_plain(data: bytes, *, trusted: bool = True) -> Any:
    """The value that `to_plain` gave these bytes for.

    Args:
        data: The bytes.
        trusted: False for bytes without our signature: they are read by a slower reader that knows only the codes which
            `to_plain` writes, so that no crafted memo index or length can take the memory of the machine.

    Raises:
        DamagedValue: They are no such bytes. Nothing was imported or called.
    """
    try:
        if not trusted:
            return _StrictUnpickler(io.BytesIO(data)).load()
        if copyreg._inverted_registry:  # type: ignore[attr-defined]  # a cached extension code skips `find_class`
            _refuse_extensions(data)
        return _PlainUnpickler(io.BytesIO(data)).load()
    except _Refused as error:
        raise DamagedValue(f"not plain data: {error}") from None
    except RecursionError:
        raise DamagedValue("nested too deeply") from None
    except MemoryError:
        raise DamagedValue("it claims more memory than there is") from None
    except Exception as error:  # what a reader of garbage may raise is not a closed set
        raise DamagedValue(f"not readable: {str(error) or type(error).__name__}") from None


def _refuse_extensions(data: bytes) -> None:
    import pickletools  # late: hardly ever needed

    for opcode, _, _ in pickletools.genops(data):
        if opcode.name.startswith("EXT"):
            raise _Refused("it uses the extension registry")


_STRICT: Final = """
    PROTO FRAME STOP MARK POP POP_MARK NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 LONG1 LONG4 BINFLOAT
    SHORT_BINUNICODE BINUNICODE BINUNICODE8 SHORT_BINBYTES BINBYTES BINBYTES8 EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3
    EMPTY_LIST APPEND APPENDS EMPTY_DICT SETITEM SETITEMS EMPTY_SET ADDITEMS FROZENSET BINGET LONG_BINGET MEMOIZE
""".split()  # noqa: SIM905  # read as a list of names, it is one


class _StrictUnpickler(pickle._Unpickler):
    """Knows the codes that `to_plain` writes and no others; lengths are checked before anything is reserved."""

    dispatch: ClassVar[dict[int, Callable[..., None]]] = {
        getattr(pickle, name)[0]: pickle._Unpickler.dispatch[getattr(pickle, name)[0]] for name in _STRICT
    }

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self._data = file

    def load_bytearray(self) -> None:
        (length,) = struct.unpack("<Q", self.read(8))  # type: ignore[attr-defined]
        if length > len(self._data.getbuffer()):
            raise _Refused("a length beyond its end")
        self.append(bytearray(self.read(length)))  # type: ignore[attr-defined]

    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray

    def find_class(self, module: str, name: str) -> Any:
        raise _Refused(f"it names {module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        raise _Refused("it refers to an object outside itself")
