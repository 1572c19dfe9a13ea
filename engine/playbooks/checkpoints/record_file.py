"""A checkpoint ↔ the bytes of its file: a pickle of builtin types that `pickle.load` reads, then a footer.

Apart from the folder it lies in because this is the format, which other stores and other programs may read.

The footer, 64 bytes at the end of the file: signature 32 (keyed, of the pickle), digest 16 (of pickle and signature),
length 8 (of the pickle, big-endian), magic 8. A file that is cut off anywhere has no footer; one that is altered
anywhere has another digest; one that was written with another key has another signature.
"""

from __future__ import annotations

import struct
from hashlib import blake2b
from hmac import compare_digest
from typing import Any, Final, get_args

from playbooks.checkpoints.plain import DamagedValue, from_plain, to_plain
from playbooks.checkpoints.record import Checkpoint, Header, Kind

MAGIC: Final = b"PBCKPT1\n"
_FOOTER: Final = struct.Struct(">32s16sQ8s")
SIGNATURE_BYTES: Final = 32
_UNSIGNED: Final = bytes(SIGNATURE_BYTES)
_FIELDS: Final = Header.__struct_fields__
_DEFAULTS: Final = dict(zip(_FIELDS[-len(Header.__struct_defaults__) :], Header.__struct_defaults__, strict=True))
_WRITTEN: Final = tuple(name for name in _FIELDS if name not in ("id", "agent", "number"))  # the id tells the others
_KINDS: Final = frozenset(get_args(Kind))
LATEST_S: Final = 1e15
"""A header whose times are not below it, in seconds, is none."""


class DamagedFile(Exception):
    """These bytes are no whole checkpoint.

    Args:
        reason: What is wrong with them, in a few words.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def to_bytes(checkpoint: Checkpoint, key: bytes | None) -> bytes:
    """The bytes of a checkpoint's file. See `to_parts`."""
    return seal(*to_parts(checkpoint, key))


def to_parts(checkpoint: Checkpoint, key: bytes | None) -> tuple[bytes, bytes]:
    """What a checkpoint's file holds and its signature: all of it, for a store that keeps no footers.

    Args:
        checkpoint: Its events and `merged` are builtin types; `execution_state`, `namespace` and `metadata`, when
            given, too.
        key: The user's; None leaves it unsigned.

    Raises:
        NotPlain: Something in it is no builtin type.
    """
    header = checkpoint.header
    state: dict[str, Any] = {"events": checkpoint.events}
    if checkpoint.merged is not None:
        state["merged"], state["span"] = checkpoint.merged, checkpoint.span
    if checkpoint.base != header.parent:
        state["base"] = checkpoint.base
    fields = {name: value for name in _WRITTEN if (value := getattr(header, name)) != _DEFAULTS.get(name)}
    body: dict[str, Any] = {
        "checkpoint_id": header.id,
        "execution_state": state,
        "namespace": checkpoint.namespace or {},
        "metadata": fields,
    }
    if checkpoint.execution_state is not None or checkpoint.metadata is not None:
        body["saved"] = (checkpoint.execution_state, checkpoint.namespace, checkpoint.metadata)
        body["namespace"] = {}
    data = to_plain(body)
    return data, _signature(data, key)


def _signature(data: bytes, key: bytes | None) -> bytes:
    return blake2b(data, key=key, digest_size=SIGNATURE_BYTES).digest() if key else _UNSIGNED


def seal(data: bytes, signature: bytes) -> bytes:
    """Data with the footer that bears a signature; all else in a footer follows from these two."""
    digest = blake2b(signature, digest_size=16)
    digest.update(data)
    return data + _FOOTER.pack(signature, digest.digest(), len(data), MAGIC)


def unseal(data: bytes, key: bytes | None) -> tuple[bytes, bool]:
    """The data before a footer, and whether it was signed with this key.

    Raises:
        DamagedFile: It is cut off or altered, or there is no footer.
    """
    if len(data) < _FOOTER.size:
        raise DamagedFile("cut off" if data else "empty")
    signature, digest, length, magic = _FOOTER.unpack_from(data, len(data) - _FOOTER.size)
    if magic != MAGIC:
        raise DamagedFile("cut off, or no checkpoint")
    if length != len(data) - _FOOTER.size:
        raise DamagedFile("cut off or altered: its length is not what its footer says")
    body = data[:length]
    found = blake2b(signature, digest_size=16)
    found.update(body)
    if found.digest() != digest:
        raise DamagedFile("altered: its digest is not what its footer says")
    return body, is_signed(body, signature, key)


def is_signed(data: bytes, signature: bytes, key: bytes | None) -> bool:
    """Whether a file's data was signed with this key."""
    return key is not None and compare_digest(_signature(data, key), signature)


def from_bytes(data: bytes, key: bytes | None, id: str = "") -> tuple[Checkpoint, bool]:
    """The checkpoint of a file, and whether this user's engine wrote it.

    Args:
        data: The file's bytes.
        key: The user's; None takes none for signed.
        id: Which checkpoint it should be, by its name; empty takes any.

    Raises:
        DamagedFile: It is cut off, altered, another checkpoint than its name says, or none. Nothing was imported or
        called.
    """
    return from_data(*unseal(data, key), id)


def from_data(body: bytes, signed: bool, id: str) -> tuple[Checkpoint, bool]:
    """As `from_bytes`, for a store that has seen to it that the data and its signature are as they were."""
    try:
        return _checkpoint(from_plain(body, trusted=signed), id), signed
    except DamagedValue as error:
        raise DamagedFile(str(error)) from None
    except DamagedFile:
        raise
    except Exception as error:  # whatever a foreign pickle of builtins may hold
        raise DamagedFile(f"no checkpoint: {type(error).__name__}") from None


def _checkpoint(body: Any, id: str) -> Checkpoint:
    state, held = body["execution_state"], body["checkpoint_id"]
    agent, _, number = held.rpartition("_ckpt_")
    header = Header(**{**_DEFAULTS, "agent": agent, "number": int(number), **body["metadata"], "id": held})
    if id and header.id != id:
        raise DamagedFile(f"it is {header.id} by what it holds")
    if not _is_well_formed(header) or type(state["events"]) is not list:
        raise DamagedFile("no checkpoint: its header is not one")
    saved = body.get("saved", (None, body["namespace"] or None, None))
    merged, base, span = state.get("merged"), state.get("base", header.parent), state.get("span", 1)
    if type(base) is not str or not _is_count(span):
        raise DamagedFile("no checkpoint: what it builds on is not told")
    return Checkpoint(
        header,
        state["events"],
        merged,
        base,
        span,
        execution_state=saved[0],
        namespace=saved[1],
        metadata=saved[2],
    )


_TEXTS: Final = ("id", "agent", "session", "parent", "branch", "statement", "kind", "step", "playbook", "text", "peer")


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 1 << 63  # an index takes no larger one


def _is_well_formed(header: Header) -> bool:
    return (
        all(type(getattr(header, name)) is str for name in _TEXTS)
        and all(_is_count(getattr(header, name)) for name in ("number", "sequence", "depth", "line"))
        and all(type(seconds) in (int, float) and abs(seconds) < LATEST_S for seconds in (header.time, header.took))
        and type(header.degraded) is tuple
        and all(type(path) is str for path in header.degraded)
        and type(header.again) is bool
        and header.session.isprintable()
        and header.branch.isprintable()
        and header.kind in _KINDS
        and header.id == f"{header.agent}_ckpt_{header.number}"
    )
