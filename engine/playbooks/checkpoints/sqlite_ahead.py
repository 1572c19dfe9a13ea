"""What a fold is about to read, inflated and verified on threads meanwhile.

Apart because of what it rests on: most of a long run's restore is inflating and hashing a few large records, both of
which leave the interpreter to others. A large record says in front which one the fold goes on with, so those behind it
are known before any is inflated. Nothing is believed for being early: what was made ready counts for the same bytes.
"""

from __future__ import annotations

import _thread
import os
import threading
from collections.abc import Callable, Sequence
from typing import Final

from playbooks.checkpoints.record_file import is_signed
from playbooks.checkpoints.sqlite_packing import follows, unpack
from playbooks.checkpoints.store import StorageError

LARGE: Final = 1 << 14
"""Bytes of a record that are worth a thread's while."""
_MOST_THREADS: Final = 3
"""Beside the one that reads."""

Opened = tuple[bytes, bool]
"""A record's data, and whether it is signed by this user."""


class ReadAhead:
    """Reads records, some of them before they are asked for.

    Args:
        fetch: A record by id, as it is kept; None: there is none.
        key: The user's.
    """

    def __init__(self, fetch: Callable[[str], bytes | None], key: bytes | None) -> None:
        self._fetch, self._key = fetch, key
        self._one_at_a_time = threading.Lock()
        self._expected = ""
        """What a fold would ask for next: who reads one record after the other never asks for it."""
        self._chain: dict[str, _Record | None] = {}
        """Records that the fold under way will come to; None for those that are small."""

    def read(self, id: str, packed: bytes) -> Opened:
        """The data of a record.

        Raises:
            NotPacked: See `unpack`.
        """
        base = follows(packed)
        with self._one_at_a_time:
            if base and id == self._expected and id not in self._chain:
                self._begin(base)
            self._expected = base
            record = self._chain.pop(id, None)
            later = [one for one in self._chain.values() if one is not None] if record is not None else []
        if record is None or record.packed != packed:
            return opened(packed, self._key)
        record.open()
        while later and not record.is_open:  # rather than wait for the thread that has begun with it
            later.pop().open()
        return record.result()

    def forget(self) -> None:
        """Lets go of what nobody has asked for."""
        with self._one_at_a_time:
            self._drop()

    def _begin(self, base: str) -> None:
        """Walks the chain from here on."""
        self._drop()
        try:
            while base and base not in self._chain and (packed := self._fetch(base)) is not None:
                self._chain[base] = _Record(packed, self._key) if len(packed) >= LARGE else None
                base = follows(packed)
        except StorageError:
            pass  # the fold will meet it
        large = [record for record in self._chain.values() if record is not None]
        try:
            for _ in range(min(len(large) // 2, (os.cpu_count() or 1) - 1, _MOST_THREADS)):
                _thread.start_new_thread(_open_all, (large,))  # `Thread.start` waits until it has begun
        except RuntimeError:
            pass  # a process that is ending, or that may have no more threads

    def _drop(self) -> None:
        for record in self._chain.values():
            if record is not None:
                record.drop()
        self._chain = {}


class _Record:
    """A record, opened once, by whoever comes first."""

    __slots__ = ("_begun", "_data", "_ended", "_error", "_key", "packed")

    def __init__(self, packed: bytes, key: bytes | None) -> None:
        self.packed, self._key = packed, key
        self._begun, self._ended = threading.Lock(), threading.Lock()
        self._ended.acquire()
        self._data: Opened = (b"", False)
        self._error: BaseException | None = None

    def open(self) -> None:
        """Opens it, unless another has begun."""
        if not self._begun.acquire(blocking=False):
            return
        try:
            self._data = opened(self.packed, self._key)
        except BaseException as error:  # told to who asks
            self._error = error
        finally:
            self._ended.release()

    @property
    def is_open(self) -> bool:
        return not self._ended.locked()

    def drop(self) -> None:
        """Nobody opens it any more who has not begun."""
        self._begun.acquire(blocking=False)

    def result(self) -> Opened:
        """What `opened` gave or raised, once another has ended."""
        with self._ended:
            pass
        if self._error is not None:
            raise self._error
        return self._data


def _open_all(records: Sequence[_Record]) -> None:
    for record in records:
        record.open()


def opened(packed: bytes, key: bytes | None) -> Opened:
    """The data of a record.

    Raises:
        NotPacked: See `unpack`.
    """
    data, signature = unpack(packed)
    return data, is_signed(data, signature, key)
