"""Python that models write comes to what plain Python makes of it, uncut and resumed after any checkpoint.

The programs are text, in `model_code`: `## name`, then the code. Each uses what the random programs do not.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from runtime.exactness import Expected, Sample, account, doubled, examine_fresh, resumed_at, verified
from runtime.plain_python import in_plain_python
from runtime.scenario import Run, Scenario, model, plain, start

PROGRAMS = {
    name: code
    for path in sorted(Path(__file__).with_name("model_code").glob("*.txt"))
    for name, code in re.findall(r"(?ms)^## (.+?)\n(.*?)(?=^## |\Z)", path.read_text())
}
LOOSE = {"wait loop", "which tasks are done when a wait wakes up"}
"""Where the order of what ends in the same moment is a race."""


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    """Some cuts of all programs, for a fresh process."""
    return []


def sample(name: str) -> Sample:
    """An uncut run, and every place to cut it at."""
    run = start(Scenario(model(PROGRAMS[name]), chunk=40))
    bare = Run(run.scenario, run.store, None, None, run.headers, run.witnesses, at=run.at)  # type: ignore[arg-type]
    expected = Expected("loose" if name in LOOSE else "steady", account(run), frozenset(), sure=True)
    assert not doubled(run)
    assert not [header.degraded for header in run.headers if header.degraded]
    return Sample(bare, [header.id for header in run.headers[1:-1]], expected)


def few(whole: Sample) -> Sample:
    """With a first, a last and one between of its cuts."""
    return Sample(
        whole.run, sorted({*whole.cuts[:1], *whole.cuts[-1:], *whole.cuts[len(whole.cuts) // 2 :][:1]}), whole.expected
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_python_of_a_model_ends_as_plain_python_does_resumed_at_each_checkpoint(
    name: str, samples: list[Sample]
) -> None:
    whole = sample(name)
    samples.append(few(whole))
    if name not in LOOSE:
        assert whole.expected.account.results["1000"] == [plain(in_plain_python(PROGRAMS[name]))]
    with verified(False):
        for cut in whole.cuts:
            assert (cut, resumed_at(whole.run, cut, whole.expected)[1]) == (cut, "")


def test_python_of_a_model_ends_alike_in_a_fresh_process_with_another_hash_seed(samples: list[Sample]) -> None:
    found = examine_fresh(samples or [few(sample(name)) for name in PROGRAMS], ("7",))
    assert found.fresh and not found.wrong, found.wrong[0]
