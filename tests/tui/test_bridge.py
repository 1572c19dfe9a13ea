"""What crosses from the engine's thread: all that is final, and of what is being written only the newest."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from tui.headers import HAGGLE
from tui.programs import ENDLESS, SHOP

from playbooks import DebugSession
from playbooks.checkpoints.filesystem import FileStore
from playbooks.config import Config
from playbooks.errors import UserError
from playbooks.runtime.notices import AgentChanged, AgentView, Committed, Output, Writing, WritingDropped
from playbooks_tui.bridge import Bridge, coalesced


def test_a_text_that_is_overtaken_does_not_cross() -> None:
    said, dropped = Committed(HAGGLE[4]), WritingDropped("1001")
    batch = [
        Writing("1000", "user", "T"),
        Writing("1001", "user", "W"),
        Writing("1000", "user", "Th"),
        said,
        dropped,
        Writing("1000", "user", "n"),
        Writing("1000", "user", "ne"),
    ]
    assert coalesced(batch) == [said, dropped, Writing("1000", "user", "ne")]


def test_everything_else_crosses_in_order() -> None:
    batch = [
        Output("1000", "a"),
        Committed(HAGGLE[1]),
        AgentChanged(AgentView("1000", "Seller", "idle")),
        Output("", "b"),
    ]
    assert coalesced(batch) == batch


def bridge_on(folder: Path, program: str = SHOP, model: str = ENDLESS) -> Bridge:
    (folder / "shop.pb").write_text(program)
    (folder / "model.py").write_text(model)
    config = Config.load(env={}, overrides={"model": {"token_delay_s": 0}}).for_debug()
    store = FileStore(folder / ".checkpoints", key=b"k" * 32)
    return Bridge(DebugSession.open("shop.pb", config=config, store=store, durable=True))


def test_a_program_that_can_not_be_read_is_told_before_there_is_a_screen(alone: Path) -> None:
    with pytest.raises(UserError, match=r"shop\.pb"):
        bridge_on(alone, "no program at all").open()


def test_leaving_before_anything_ran_closes_the_session(alone: Path) -> None:
    bridge = bridge_on(alone)
    bridge.open()
    bridge.leave()
    assert bridge.over.exception(120) is None
    assert not (alone / ".checkpoints").exists()


def test_leaving_twice_and_after_the_end_does_nothing(alone: Path) -> None:
    bridge = bridge_on(alone)
    bridge.open()
    runs = threading.Event()
    bridge.session.subscribe(lambda notice: runs.set() if isinstance(notice, Committed) else None)
    bridge.begin()
    assert runs.wait(120)
    bridge.leave()
    assert bridge.over.exception(120) is None
    bridge.leave()
    assert bridge.session.status == "interrupted"


def test_what_nobody_will_see_any_more_is_not_read(alone: Path) -> None:
    bridge = bridge_on(alone)
    reading, on, read = threading.Event(), threading.Event(), []

    def first() -> None:
        reading.set()
        on.wait(120)

    bridge.read(first)
    reading.wait(120)
    bridge.read(lambda: read.append("queued"))
    bridge.forget()
    bridge.read(lambda: read.append("later"))
    on.set()
    bridge._reader.shutdown(wait=True)
    assert read == []
