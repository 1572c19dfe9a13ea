"""How records and lists of headers are made small for a database, and read again.

Apart because it is a format: what it wrote must stay readable. A record is its file's bytes, deflated with a dictionary
that knows what every record says (`sqlite_dictionary`); so a database takes half of what the files do, and gives the
same bytes with the same signature. Headers are packed by the hundred: a list of ten thousand inflates forty blobs, not
ten thousand.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Final

from playbooks.checkpoints import header_packs
from playbooks.checkpoints.header_packs import NotPacked
from playbooks.checkpoints.record import Header
from playbooks.checkpoints.record_file import SIGNATURE_BYTES
from playbooks.checkpoints.sqlite_dictionary import DICTIONARY

PACKED: Final = 256
"""Headers in one pack."""
_FORM: Final = b"\x01"
_FOLLOWED: Final = b"\x02"
"""The same, after the length and the id of the record that a fold goes on with."""
_FORMS: Final = (_FORM, _FOLLOWED)
_CHECK: Final = 4
"""Bytes of the checksum at the end."""
_SMALL: Final = 4096
_MOST: Final = 1 << 30
"""Bytes a record may inflate to: a crafted one must not take the machine's memory."""
# A deflator of a small window is copied in a microsecond; setting one up takes ten. One of a window of 32 kB takes the
# system's time for fresh memory, as much as deflating. Level 4 takes a sixth longer, to save one byte in eighty.
_SMALL_DEFLATOR: Final = zlib.compressobj(2, zlib.DEFLATED, -12, 5, zdict=DICTIONARY)
_LARGE_DEFLATOR: Final = zlib.compressobj(2, zlib.DEFLATED, -14, 7, zdict=DICTIONARY)


def pack(data: bytes, signature: bytes, base: str = "") -> bytes:
    """A record made small: of its file's footer only the signature is kept, the rest follows from it.

    Args:
        data: What its file holds.
        signature: Its own.
        base: Id to be known without inflating it: of the one that a fold goes on with. Empty: none.
    """
    begin, next_id = _FORM, base.encode()
    if 0 < len(next_id) < 256:
        begin = b"%b%c%b" % (_FOLLOWED, len(next_id), next_id)
    deflator = (_SMALL_DEFLATOR if len(data) <= _SMALL else _LARGE_DEFLATOR).copy()
    packed = b"%b%b%b%b" % (begin, signature, deflator.compress(data), deflator.flush())
    return packed + zlib.crc32(packed).to_bytes(_CHECK, "big")


def unpack(packed: bytes) -> tuple[bytes, bytes]:
    """The data and the signature of the record that `pack` was given; with its footer it is that again.

    Raises:
        NotPacked: They are no such bytes, or not as they were.
    """
    begin = 2 + packed[1] if type(packed) is bytes and packed[:1] == _FOLLOWED and len(packed) > 1 else 1
    if type(packed) is not bytes or packed[:1] not in _FORMS or len(packed) <= begin + SIGNATURE_BYTES + _CHECK:
        raise NotPacked("cut off, or no checkpoint")
    if zlib.crc32(packed[:-_CHECK]) != int.from_bytes(packed[-_CHECK:], "big"):
        raise NotPacked("altered: its checksum is not what it says")
    inflator = zlib.decompressobj(-15, zdict=DICTIONARY)
    try:
        data = inflator.decompress(packed[begin + SIGNATURE_BYTES : -_CHECK], _MOST)
    except zlib.error:
        raise NotPacked("altered: it can't be inflated") from None
    if not inflator.eof or inflator.unused_data:
        raise NotPacked("cut off or altered")
    return data, packed[begin : begin + SIGNATURE_BYTES]


def follows(packed: bytes) -> str:
    """The `base` that `pack` was given, by what the bytes say; empty when they say none."""
    if type(packed) is not bytes or packed[:1] != _FOLLOWED:
        return ""
    return packed[2 : 2 + packed[1]].decode(errors="replace") if len(packed) > 1 else ""


def pack_headers(headers: Sequence[Header]) -> bytes:
    """Headers in one blob."""
    deflator = zlib.compressobj(2, zlib.DEFLATED, 14, 7)
    return deflator.compress(header_packs.pack(headers)) + deflator.flush()


def unpack_headers(blob: bytes) -> list[Header]:
    """The headers of one blob.

    Raises:
        NotPacked: It is damaged.
    """
    try:
        inflator = zlib.decompressobj()
        data = inflator.decompress(blob, _MOST)
    except (zlib.error, TypeError) as error:
        raise NotPacked(f"an index that is none: {error}") from None
    if not inflator.eof:
        raise NotPacked("an index that is none: cut off, or longer than any")
    return header_packs.unpack(data)
