"""The suite for providers, on both of ours and on one that has only the five public calls."""

from __future__ import annotations

from checkpoints.minimal_provider import MinimalCheckpointProvider

from playbooks.checkpoints import FilesystemCheckpointProvider, SQLiteCheckpointProvider
from playbooks.checkpoints.conformance import ProviderConformance


class TestFilesystem(ProviderConformance):
    provider = FilesystemCheckpointProvider
    kills = 3


class TestSQLite(ProviderConformance):
    provider = SQLiteCheckpointProvider
    kills = 3


class TestFiveCallsAlone(ProviderConformance):
    provider = MinimalCheckpointProvider
    kills = 3
