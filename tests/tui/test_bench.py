"""The benchmark is run by hand: nobody sees there that what it tells the screen is no session any more."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from playbooks_tui.record import Record


def test_the_benchmark_tells_the_screen_of_a_session_that_it_takes() -> None:
    spec = importlib.util.spec_from_file_location(
        "screen_child", Path(__file__).parents[2] / "bench" / "screen_child.py"
    )
    assert spec is not None and spec.loader is not None
    child = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(child)
    record = Record()
    record.take([child.opened(12)])
    assert [record.headers[0].id, len(record.headers)] == ["human_ckpt_1", 12]
    assert (record.session, record.branch, record.status) == ("s1", "main", "interrupted")
    assert list(record.agents) == ["human", "1000", "1001", "1002"]
