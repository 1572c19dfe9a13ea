"""A checkpoint's file: plain for whoever reads it, whole or named damaged, signed or not."""

from __future__ import annotations

import io
import os
import pickle
from typing import Any

import pytest
from checkpoints.records import checkpoint, sealed
from hypothesis import given
from hypothesis import strategies as st

from playbooks.checkpoints.plain import NotPlain
from playbooks.checkpoints.record import Checkpoint
from playbooks.checkpoints.record_file import DamagedFile, from_bytes, to_bytes

KEY, OTHER = b"k" * 32, b"o" * 32
FULL = Checkpoint(
    checkpoint(7, 9, step="Main:02:CND", degraded=("$a.b",), peer="user", took=0.5, line=3, text="hi").header,
    [("e", 1, b"x")],
    {"agents": {"1000": (1, None)}},
    "1000_ckpt_1",
    32,
)


@pytest.mark.parametrize("value", [FULL, checkpoint(1), checkpoint(2, events=[])])
def test_a_checkpoint_comes_back_as_it_was_written(value: Checkpoint) -> None:
    assert from_bytes(to_bytes(value, KEY), KEY, value.header.id) == (value, True)


def test_any_program_can_read_it_with_pickle_alone_and_finds_builtin_types() -> None:
    class Nothing(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            raise AssertionError(f"{module}.{name}")

    held = Nothing(io.BytesIO(to_bytes(FULL, KEY))).load()
    assert held["checkpoint_id"] == "1000_ckpt_7"
    assert held["execution_state"]["events"] == [("e", 1, b"x")]
    assert held["metadata"]["statement"] == 'await Say("user", "hi")' and held["namespace"] == {}


def test_a_record_takes_little_beyond_its_events() -> None:
    value = checkpoint(9_999, step="Main:02.01:CND", playbook="Main", text="hi there", peer="user", took=0.1, line=3)
    assert len(to_bytes(value, KEY)) - len(pickle.dumps(value.events, 5)) <= 600


def test_a_file_cut_off_at_any_length_is_damaged() -> None:
    data = to_bytes(FULL, KEY)
    for length in range(len(data)):
        with pytest.raises(DamagedFile):
            from_bytes(data[:length], KEY)


def test_a_file_with_any_byte_changed_is_damaged() -> None:
    data = to_bytes(FULL, KEY)
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 0x10
        with pytest.raises(DamagedFile):
            from_bytes(bytes(changed), KEY)


def test_a_file_with_bytes_added_anywhere_is_damaged() -> None:
    data = to_bytes(FULL, KEY)
    for place in (0, 10, len(data) - 64, len(data) - 1, len(data)):
        with pytest.raises(DamagedFile):
            from_bytes(data[:place] + b"\0" * 3 + data[place:], KEY)


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_damaged_even_with_a_footer(data: bytes, footer: bool) -> None:
    with pytest.raises(DamagedFile):
        from_bytes(sealed(data, OTHER) if footer else data, KEY)


def test_what_another_key_or_none_signed_can_be_read_and_is_not_signed() -> None:
    for key in (OTHER, None):
        assert from_bytes(to_bytes(FULL, key), KEY) == (FULL, False)
    assert from_bytes(to_bytes(FULL, KEY), None) == (FULL, False)


def test_a_file_under_another_name_is_damaged() -> None:
    with pytest.raises(DamagedFile, match="1000_ckpt_7"):
        from_bytes(to_bytes(FULL, KEY), KEY, "1000_ckpt_8")


def test_what_is_signed_covers_session_branch_sequence_parent_and_base() -> None:
    data = to_bytes(FULL, KEY)
    body = pickle.loads(data)
    for name, value in (("session", "s2"), ("branch", "b"), ("sequence", 1), ("parent", "1000_ckpt_2")):
        forged = {**body, "metadata": {**body["metadata"], name: value}}
        assert not from_bytes(sealed(pickle.dumps(forged, 5), None), KEY)[1]
        moved = sealed(pickle.dumps(forged, 5), OTHER)[:-64] + data[-64:]
        with pytest.raises(DamagedFile):
            from_bytes(moved, KEY)


class Planted:
    def __reduce__(self) -> Any:
        return (os.mkdir, ("planted",))


@pytest.mark.parametrize("key", [KEY, OTHER, None])
def test_a_planted_pickle_runs_nothing_whoever_signed_it(key: bytes | None) -> None:
    for held in (Planted(), {"checkpoint_id": "1000_ckpt_1", "execution_state": {"events": [Planted()]}}):
        with pytest.raises(DamagedFile):
            from_bytes(sealed(pickle.dumps(held, 5), key), KEY)
    assert not os.path.exists("planted")


@pytest.mark.parametrize(
    "change",
    [
        {"number": "7"},
        {"kind": "other"},
        {"statement": 5},
        {"sequence": None},
        {"degraded": ["a"]},
        {"agent": "../x"},
        {"unknown": 1},
        {"time": "now"},
    ],
    ids=str,
)
def test_a_header_that_is_none_is_damaged(change: dict[str, Any]) -> None:
    body = pickle.loads(to_bytes(FULL, KEY))
    body["metadata"].update(change)
    with pytest.raises(DamagedFile):
        from_bytes(sealed(pickle.dumps(body, 5), KEY), KEY)


def test_what_is_no_builtin_type_is_not_written() -> None:
    with pytest.raises(NotPlain):
        to_bytes(checkpoint(1, events=[Planted()]), KEY)
