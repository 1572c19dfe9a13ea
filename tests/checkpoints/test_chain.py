"""Chains that no engine writes: a fold of them is refused in a line, and never goes on for ever."""

from __future__ import annotations

import pytest
from checkpoints.records import checkpoint
from msgspec.structs import replace

from playbooks.checkpoints.chain import fold
from playbooks.checkpoints.record import Checkpoint
from playbooks.state import events as e
from playbooks.state import to_builtins


def chained(*links: Checkpoint) -> dict[str, Checkpoint]:
    return {link.header.id: link for link in links}


def test_a_chain_that_leads_back_into_itself_is_refused() -> None:
    one = replace(checkpoint(1), base="1000_ckpt_2")
    other = replace(checkpoint(2), base="1000_ckpt_1")
    with pytest.raises(ValueError, match="1000_ckpt_1 builds on 1000_ckpt_2, which is not before it"):
        fold(chained(one, other).__getitem__, "1000_ckpt_2")


def test_events_of_what_was_never_there_are_refused_as_a_chain_that_does_not_fold() -> None:
    start = checkpoint(1, agent="human", kind="start", depth=0, events=[])
    failed = to_builtins([e.AgentStatus("1007", "failed", "x")])
    crafted = checkpoint(1, 2, parent=start.header.id, depth=1, events=failed)
    with pytest.raises(ValueError, match=r"it does not fold \(KeyError"):
        fold(chained(start, crafted).__getitem__, "1000_ckpt_1")
