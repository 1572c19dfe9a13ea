"""Beside code that computes without end the screen gets its turn at once."""

from __future__ import annotations

import queue
import sys
import threading

import pytest

from playbooks_tui.fair_share import fair_share, handed_over_at_once
from playbooks_tui.starting import load_the_rest


@pytest.fixture
def changes(monkeypatch: pytest.MonkeyPatch) -> queue.Queue[float]:
    """Each interval that was set, as it is set."""
    seen, change = queue.Queue[float](), sys.setswitchinterval

    def changed(seconds: float) -> None:
        change(seconds)
        seen.put(seconds)

    monkeypatch.setattr(sys, "setswitchinterval", changed)
    return seen


def test_while_code_computes_the_interpreter_is_handed_over_at_once(changes: queue.Queue[float]) -> None:
    calm, enough = sys.getswitchinterval(), threading.Event()

    def compute() -> None:
        while not enough.is_set():
            pass

    thread = threading.Thread(target=compute)
    with fair_share():
        thread.start()
        try:
            # Calm again after a second, to look whether it still computes: it does.
            found = [changes.get(timeout=120) for _ in range(3)]
        finally:
            enough.set()
            thread.join()
    assert found == [pytest.approx(calm / 250), pytest.approx(calm), pytest.approx(calm / 250)]


def test_the_interpreter_is_left_as_it_was_found(changes: queue.Queue[float]) -> None:
    calm = sys.getswitchinterval()
    with fair_share():
        over = threading.Event()
        thread = threading.Thread(target=lambda: [None for _ in iter(over.is_set, True)])
        thread.start()
        try:
            assert changes.get(timeout=120) < calm
        finally:
            over.set()
            thread.join()
    assert sys.getswitchinterval() == calm


def test_what_a_key_may_wait_for_is_loaded_with_the_interpreter_handed_over_at_once(
    changes: queue.Queue[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    calm, while_loading = sys.getswitchinterval(), []
    monkeypatch.setattr("importlib.import_module", lambda name: while_loading.append(sys.getswitchinterval()))
    with handed_over_at_once():
        load_the_rest()
        assert sys.getswitchinterval() < calm  # another wants it still
    assert while_loading and max(while_loading) < calm == sys.getswitchinterval()
    assert [changes.get(timeout=120) for _ in range(2)] == [pytest.approx(calm / 250), calm] and changes.empty()
