"""Random programs and the property tests, for minutes instead of seconds: what `make fuzz` runs.

Every program has a seed; of one that goes wrong the seed and the text are printed, and the run ends with status 1.
`python fuzz.py --seed SEED --programs 1` runs that one again.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from runtime.exactness import Findings, Sample, examine, examine_fresh
from runtime.random_programs import FEATURES, seeded_program

TESTS = Path(__file__).parents[1]
PROPERTIES = ("runtime/test_statements.py", "language/test_any_text.py")
"""Tests whose properties are worth more examples than CI gives them."""
CHUNK = 8
"""Programs in a row, whose samples share their fresh processes."""
LIMIT = 120
"""Most checkpoints of a program: a larger one takes the time of ten, and finds no more."""


@dataclass
class Report:
    """What came of some programs."""

    findings: Findings = field(default_factory=Findings)
    features: Counter[str] = field(default_factory=Counter)
    long: int = 0
    """Programs that were left because they are too long."""
    failures: list[str] = field(default_factory=list)

    def add(self, other: Report) -> None:
        self.findings.add(other.findings)
        self.features.update(other.features)
        self.long += other.long
        self.failures += other.failures


def size_of(seed: int) -> int:
    """How large the program of a seed is."""
    return 1 + seed % 5


def fuzzed(seeds: range) -> Report:
    """Runs and resumes the programs of some seeds."""
    warnings.simplefilter("ignore")  # of calls that a program made and dropped
    report, samples = Report(), list[Sample]()
    for seed in seeds:
        program = seeded_program(seed, size_of(seed))
        try:
            found = examine(program.scenario, again=2, seed=seed, limit=LIMIT, samples=samples)
        except OverflowError:
            report.long += 1
            continue
        report.findings.add(found)
        report.features.update(program.features)
        if found.wrong:
            report.failures.append(f"seed {seed}: {len(found.wrong)} wrong\n{found.wrong[0]}\n{program}")
    if samples:
        found = examine_fresh(samples)
        report.findings.add(found)
        if found.wrong:
            report.failures.append(f"seeds {seeds.start} to {seeds.stop - 1}, in a fresh process: {found.wrong[0]}")
    return report


def properties() -> Report:
    """Runs the property tests with many examples."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *(str(TESTS / test) for test in PROPERTIES)],
        env={**os.environ, "HYPOTHESIS_PROFILE": "fuzz"},
        capture_output=True,
        text=True,
        check=False,
    )
    return Report(failures=[done.stdout[-6000:]] if done.returncode else [])


def all_reports(first: int, programs: int | None, end: float, processes: int) -> Iterator[Report]:
    """Reports as they come, on so many processes, until the time is over or a failure came."""
    last = first + programs if programs else None
    with ProcessPoolExecutor(processes) as pool:
        waiting: set[Future[Report]] = set() if programs else {pool.submit(properties)}
        failed = False
        while True:
            while len(waiting) < processes + 1 and not failed and time.monotonic() < end and first != last:
                stop = min(first + CHUNK, last or first + CHUNK)
                waiting.add(pool.submit(fuzzed, range(first, stop)))
                first = stop
            if not waiting:
                return
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                failed = failed or bool(future.result().failures)
                yield future.result()


def main() -> int:
    """Fuzzes for as long as is asked; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("FUZZ_MINUTES", "10")))
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32), help="of the first program")
    parser.add_argument("--programs", type=int, help="so many, and nothing else")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 2)
    options = parser.parse_args()
    report, began = Report(), time.monotonic()
    for part in all_reports(options.seed, options.programs, began + 60 * options.minutes, options.processes):
        report.add(part)
        for failure in part.failures:
            print(failure, flush=True)
    programs = sum(report.findings.kinds.values())
    shares = sorted((report.features[feature] / max(programs, 1), feature) for feature in FEATURES)
    print(f"features: {', '.join(f'{feature} {share:.0%}' for share, feature in shares)}")
    print(
        f"fuzz: seeds from {options.seed}, {time.monotonic() - began:.0f} s: {report.findings}; "
        f"{report.long} programs too long; property tests {'left out' if options.programs else 'run'}"
    )
    return int(bool(report.failures))


if __name__ == "__main__":
    sys.exit(main())
