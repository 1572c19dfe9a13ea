"""The store that most tests of the files write to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from checkpoints.records import KEY

from playbooks.checkpoints.filesystem import FileStore


@pytest.fixture
def store() -> Iterator[FileStore]:
    made = FileStore(key=KEY)
    yield made
    made.close()
