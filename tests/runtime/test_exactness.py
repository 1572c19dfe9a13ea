"""A run stopped after any of its checkpoints and resumed ends as the one that never stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from runtime.exactness import Findings, Kind, Sample, examine, examine_fresh
from runtime.random_programs import FEATURES, RandomProgram, random_program, seeded_program
from runtime.scenario import start
from runtime.special_programs import SPECIAL

LOOSE = {"shared state"}
"""Where four branches append in the order in which they come to it: a resume may change that."""
SIZE = 2
"""About how many features a program of these tests has in `Main`."""


@pytest.fixture(scope="module")
def tally() -> Findings:
    """What all tests here came to, printed at the end of the run."""
    return Findings()


@pytest.mark.parametrize("name", SPECIAL)
def test_a_special_program_ends_alike_resumed_at_each_checkpoint_and_again(name: str, tally: Findings) -> None:
    kind: Kind = "loose" if name in LOOSE else "steady"
    assert start(SPECIAL[name]).ended == "finished", "else it proves nothing of what comes after its mistake"
    samples: list[Sample] = []
    found = examine(SPECIAL[name], kind=kind, again=1, samples=samples)
    tally.add(found)
    assert not found.wrong, found.wrong[0]


@st.composite
def programs(draw: st.DrawFn) -> RandomProgram:
    """Random programs; of one that fails Hypothesis looks for a smaller one that fails too."""
    return random_program(lambda below: draw(st.integers(0, below - 1)), SIZE)


@settings(suppress_health_check=list(HealthCheck))
@given(programs())
def test_a_random_program_ends_alike_resumed_at_each_checkpoint_and_again(
    tally: Findings, samples: list[Sample], program: RandomProgram
) -> None:
    note(str(program))
    try:
        found = examine(
            program.scenario, timings=3, again_at=0.5, limit=24, samples=samples if len(samples) < 40 else None
        )
    except OverflowError:
        return  # too long for here; `make fuzz` takes it
    tally.add(found)
    assert not found.wrong, found.wrong[0]


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    """Cuts that the random programs leave for a fresh process."""
    return []


def test_cuts_of_random_programs_end_alike_in_a_fresh_process_with_another_hash_seed(
    samples: list[Sample], tally: Findings, record_property: Callable[[str, object], None]
) -> None:
    for seed in range(10 if not samples else 0):  # this test alone
        examine(seeded_program(seed, SIZE).scenario, timings=3, again=0, samples=samples)
    found = examine_fresh(samples)
    tally.add(found)
    record_property("figures", f"exactness: {tally}")
    assert found.fresh and not found.wrong, found.wrong[0]


def test_no_feature_is_in_less_than_a_tenth_of_the_random_programs(
    record_property: Callable[[str, object], None],
) -> None:
    programs = 1_000
    counted = Counter(feature for seed in range(programs) for feature in seeded_program(seed, SIZE).features)
    shares = {feature: counted[feature] / programs for feature in FEATURES}
    by_share = sorted(shares.items(), key=lambda pair: pair[1])
    record_property("figures", "random programs: " + ", ".join(f"{feature} {share:.0%}" for feature, share in by_share))
    assert not {feature: share for feature, share in shares.items() if share < 0.1}
