"""What a fold is about to read, inflated and verified on threads meanwhile.

Apart because of what it rests on: most of a long run's restore is inflating and hashing a few large records, both of
which leave the interpreter to others. A large record says in front which one the fold goes on with, so those behind it
are known before any is inflated. Nothing is believed for being early: what was made ready counts for the same bytes.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from playbooks.checkpoints.record_file import is_signed
from playbooks.checkpoints.sqlite_packing import follows, unpack
from playbooks.checkpoints.store import StorageError

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

LARGE: Final = 1 << 14
"""Bytes of a record that are worth a thread's while."""
_THREADS: Final = 2

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
        self._threads: ThreadPoolExecutor | None = None
        self._expected = ""
        """What a fold would ask for next: who reads one record after the other never asks for it."""
        self._chain: dict[str, tuple[bytes, Future[Opened]] | None] = {}
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
            ready = self._chain.pop(id, None)
        if ready is not None and ready[0] == packed and not ready[1].cancel():
            return ready[1].result()
        return opened(packed, self._key)

    def close(self) -> None:
        """Ends the threads."""
        with self._one_at_a_time:
            self._forget()
            threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown()

    def _begin(self, base: str) -> None:
        """Walks the chain from here on."""
        self._forget()
        if (os.cpu_count() or 1) < 2:
            return
        try:
            while base and base not in self._chain and (packed := self._fetch(base)) is not None:
                self._chain[base] = (packed, self._submit(packed)) if len(packed) >= LARGE else None
                base = follows(packed)
        except StorageError:
            pass  # the fold will meet it
        except RuntimeError:
            pass  # a process that is ending, or that may have no more threads

    def _submit(self, packed: bytes) -> Future[Opened]:
        if self._threads is None:
            from concurrent.futures import ThreadPoolExecutor  # late: only long runs need it

            self._threads = ThreadPoolExecutor(_THREADS, "checkpoints-ahead")
        return self._threads.submit(opened, packed, self._key)

    def _forget(self) -> None:
        for ready in self._chain.values():
            if ready is not None:
                ready[1].cancel()
        self._chain = {}


def opened(packed: bytes, key: bytes | None) -> Opened:
    """The data of a record.

    Raises:
        NotPacked: See `unpack`.
    """
    data, signature = unpack(packed)
    return data, is_signed(data, signature, key)
