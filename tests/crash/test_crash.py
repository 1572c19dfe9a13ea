"""Killed at any moment, a run loses and repeats nothing that had completed: the short form of `make crash`."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest
from crash.harness import MUTANTS, SHOWN, Trial, Whole, measured, mutant_trials, told, trials, tried

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")

AT_ONCE = 3


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A run that nobody kills."""
    return measured(tmp_path_factory.mktemp("crash") / "whole")


@pytest.fixture(scope="module")
def whole_in_a_database(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The same, kept in a database."""
    return measured(tmp_path_factory.mktemp("crash") / "whole", "sqlite")


def test_no_completed_effect_is_lost_or_repeated_however_the_process_is_killed(tmp_path: Path, whole: Whole) -> None:
    seed = int(os.environ.get("CRASH_SEED", "20261123"))  # `make crash` draws fresh ones
    pick = random.Random(seed)
    planned = pick.sample(trials(5 * whole.writes, whole, pick), 12)
    outcomes = tried(tmp_path, planned, whole, AT_ONCE)
    print(f"\n{told(planned, outcomes)} (seed {seed})")
    for trial, outcome in zip(planned, outcomes, strict=True):
        assert not outcome.problems, f"{trial} (seed {seed}): {outcome.problems[0]}"


def test_none_is_lost_from_a_database_either(tmp_path: Path, whole_in_a_database: Whole) -> None:
    whole = whole_in_a_database
    planned = trials(3 * len(SHOWN), whole, random.Random(20261123), "sqlite")[-len(SHOWN) :]
    for trial, outcome in zip(planned, tried(tmp_path, planned, whole, AT_ONCE), strict=True):
        if trial.how != "moment":  # which may come after the end, where the machine is quicker than it just was
            assert outcome.kills, f"{trial}: it lived"
        assert not outcome.problems, f"{trial}: {outcome.problems[0]}"


def test_the_first_thing_of_all_is_marked_when_it_may_have_run(
    tmp_path: Path, whole: Whole, whole_in_a_database: Whole
) -> None:
    for provider, unharmed in (("filesystem", whole), ("sqlite", whole_in_a_database)):
        planned = [Trial("after", 1, provider=provider), Trial("before", 2, provider=provider)]
        for trial, outcome in zip(planned, tried(tmp_path / provider, planned, unharmed, AT_ONCE), strict=True):
            assert (outcome.kills, outcome.marked, outcome.problems) == (1, 1, []), trial


@pytest.mark.parametrize("mutant", MUTANTS)
def test_an_engine_broken_on_purpose_is_caught_by_every_kill_that_can_show_it(
    mutant: str, tmp_path: Path, whole: Whole
) -> None:
    broken = mutant_trials(mutant, whole, 2)
    for trial, outcome in zip(broken, tried(tmp_path, broken, whole, AT_ONCE), strict=True):
        assert outcome.problems, f"{mutant} is not caught when {trial}"
