"""How records and lists of headers are made small for a database, and read again.

Apart because it is a format: what it wrote must stay readable. A record is its file's bytes, deflated with a dictionary
that knows what every record says (`sqlite_dictionary`); so a database takes half of what the files do, and gives the
same bytes with the same signature. Headers are packed by the hundred: a list of ten thousand inflates eighty blobs, not
ten thousand.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from playbooks.checkpoints.record import Header
from playbooks.checkpoints.record_file import SIGNATURE_BYTES, split
from playbooks.checkpoints.sqlite_dictionary import DICTIONARY

PACKED: Final = 128
"""Headers in one pack."""
_FORM: Final = b"\x01"
_CHECK: Final = 4
"""Bytes of the checksum at the end."""
_SMALL: Final = 4096
_MOST: Final = 1 << 30
"""Bytes a record may inflate to: a crafted one must not take the machine's memory."""
# A deflator of a small window is copied in a microsecond; setting one up takes ten.
_SMALL_DEFLATOR: Final = zlib.compressobj(4, zlib.DEFLATED, -12, 5, zdict=DICTIONARY)
_LARGE_DEFLATOR: Final = zlib.compressobj(4, zlib.DEFLATED, -15, 8, zdict=DICTIONARY)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Header]).decode


class NotPacked(Exception):
    """These bytes are no packed record."""


def pack(record: bytes) -> bytes:
    """A whole record's bytes, made small: of its footer only the signature is kept, the rest follows from it."""
    data, signature = split(record)
    deflator = (_SMALL_DEFLATOR if len(data) <= _SMALL else _LARGE_DEFLATOR).copy()
    packed = b"%b%b%b%b" % (_FORM, signature, deflator.compress(data), deflator.flush())
    return packed + zlib.crc32(packed).to_bytes(_CHECK, "big")


def unpack(packed: bytes) -> tuple[bytes, bytes]:
    """The data and the signature of the record that `pack` was given; with its footer it is that again.

    Raises:
        NotPacked: They are no such bytes, or not as they were.
    """
    if type(packed) is not bytes or packed[:1] != _FORM or len(packed) <= 1 + SIGNATURE_BYTES + _CHECK:
        raise NotPacked("cut off, or no checkpoint")
    if zlib.crc32(packed[:-_CHECK]) != int.from_bytes(packed[-_CHECK:], "big"):
        raise NotPacked("altered: its checksum is not what it says")
    inflator = zlib.decompressobj(-15, zdict=DICTIONARY)
    try:
        data = inflator.decompress(packed[1 + SIGNATURE_BYTES : -_CHECK], _MOST)
    except zlib.error:
        raise NotPacked("altered: it can't be inflated") from None
    if not inflator.eof or inflator.unused_data:
        raise NotPacked("cut off or altered")
    return data, packed[1 : 1 + SIGNATURE_BYTES]


def pack_headers(headers: Iterable[Header]) -> bytes:
    """Headers in one blob."""
    return zlib.compress(b"".join(map(_encoded, headers)), 4)


def _encoded(header: Header) -> bytes:
    try:
        return _encode(header)
    except UnicodeEncodeError:  # half a surrogate pair, which a program may say and UTF-8 can't
        return _encode(msgspec.convert(_storable(msgspec.to_builtins(header)), Header))


def _storable(value: object) -> object:
    if isinstance(value, list):
        return [_storable(part) for part in value]
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


def unpack_headers(packs: Sequence[tuple[int, bytes]]) -> list[Header]:
    """The headers of all packs, one after another.

    Args:
        packs: How many each holds, and its blob.

    Raises:
        NotPacked: One of them is damaged.
    """
    count = sum(number for number, _ in packs)
    try:
        # One array of all: decoded in one go, without a call for each.
        return _decode(b"\xdd" + struct.pack(">I", count) + b"".join([zlib.decompress(blob) for _, blob in packs]))
    except (zlib.error, msgspec.MsgspecError, TypeError, struct.error):
        raise NotPacked("an index that is none") from None
