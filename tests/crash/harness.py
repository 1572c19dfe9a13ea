"""Kills real processes before, after and within writes and at random moments, and counts effects outside of them.

`make crash` runs it. A tool of the program writes lines into a file that no checkpoint undoes. After each kill the run
is resumed to its end, and then

- no line is missing, and no line is there twice whose effect had completed: one line in flight on each branch may be,
  which is what "may have run" means;
- what was in flight at a kill, and nothing that had completed, is marked in the checkpoint of its next call (`again`,
  the header's): whoever reads the timeline learns of every line that may be there twice;
- every message was sent and taken exactly once, the person read none twice, and the statements are those of a run that
  nobody killed.

Last, the engine is broken on purpose in two ways (`child.MUTANTS`), and each must be caught.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playbooks.checkpoints.chain import fold

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))  # it may be run as a script

from crash.left import PROVIDERS, Left, Provider  # noqa: E402

CONFIG = """\
[durability]
enabled = true
provider = "{provider}"
keep_last_n = 0
[model]
token_delay_s = 0.0001
"""
How = Literal["before", "after", "torn", "moment", "altered"]
SHOWN: dict[How, str] = {
    "before": "before a write",
    "after": "after a write",
    "torn": "within a write",
    "moment": "at a random moment",
    "altered": "after a write, its file altered then",
}
DEADLINE_S = 300
"""A process that takes longer hangs."""


@dataclass(frozen=True)
class Trial:
    """One run, and how it is killed."""

    how: How
    write: int = 0
    """At which write of a checkpoint, from 1."""
    delay: float = 0.0
    """At a moment: how many seconds after the first checkpoint appeared."""
    again: int = 0
    """At which write the resume is killed too; 0: it is not."""
    mutant: str = ""
    provider: Provider = "filesystem"

    def __str__(self) -> str:
        where = (
            f"{self.delay * 1000:.0f} ms after the first checkpoint" if self.how == "moment" else f"write {self.write}"
        )
        return f"killed {SHOWN[self.how]} ({where})" + (f", then at write {self.again}" if self.again else "")


@dataclass
class Outcome:
    """What came of a trial."""

    kills: int = 0
    in_flight: int = 0
    """Lines that are there twice, as they may be."""
    marked: int = 0
    """Lines whose checkpoint says that they may have run once before."""
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Account:
    """What the checkpoints of the one session say."""

    status: str
    messages: dict[str, list[str]]
    statements: dict[str, list[str]]
    """Empty when a file is missing on the way to the start: what completed there can't be told."""


@dataclass(frozen=True)
class Whole:
    """A run that nobody killed."""

    ledger: list[str]
    account: Account
    writes: int
    seconds: float
    """From its start to its end."""


class Killed:
    """A folder in which the program is run, killed and resumed.

    Args:
        folder: A new one.
        trial: What happens in it.
        whole: What to compare with.
    """

    def __init__(self, folder: Path, trial: Trial, whole: Whole | None = None) -> None:
        self.folder, self.trial, self._whole = folder, trial, whole
        folder.mkdir(parents=True)
        (folder / "playbooks.toml").write_text(CONFIG.format(provider=trial.provider))
        self._left = Left(folder / ".checkpoints", trial.provider)
        self.outcome = Outcome()
        self.said: list[str] = []
        """Lines of the conversation that its processes gave."""
        self._allowed: Counter[str] = Counter()
        self._must, self._may = set[str](), set[str]()
        """Lines that had been done when a kill came before they completed, and those that can have been in flight."""

    def examined(self) -> Outcome:
        """Kills, resumes and looks at what is there."""
        trial, outcome = self.trial, self.outcome
        if trial.how == "moment":
            self._killed_at_a_moment()
        else:
            self.run({"die": "after" if trial.how == "altered" else trial.how, "write": trial.write})
        if trial.how == "altered":
            self._alter()
        if trial.again:
            self.run({"die": "before", "write": trial.again}, "--resume")
        status = self.run({}, "--resume")
        if status != 0:
            outcome.problems.append(f"the resume ended with {status}: {self.said[-1] if self.said else ''}")
            return outcome
        outcome.problems += self._missed()
        return outcome

    # -- processes -----------------------------------------------------------------------------------------------------

    def _start(self, spec: dict[str, object], *more: str) -> subprocess.Popen[str]:
        spec = {**spec, "mutant": self.trial.mutant, "provider": self.trial.provider}
        path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path if entry)
        return subprocess.Popen(
            [sys.executable, str(HERE / "child.py"), json.dumps(spec), "run", str(HERE / "ledger.pb"), *more],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": path, "PLAYBOOKS_STATE_DIR": str(self.folder / "state")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _ended(self, process: subprocess.Popen[str]) -> int:
        try:
            out, _ = process.communicate(timeout=DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            out, _ = process.communicate()
            self.outcome.problems.append("hung")
        self.said += out.splitlines()
        if process.returncode == -9:
            self.outcome.kills += 1
            self._allowed.update(in_flight(self.ledger()))
            if self._whole:
                completed = self.completed()
                self._must |= set(self.ledger()) - completed.keys()
                self._may |= first_of_each(line for line in self._whole.ledger if line not in completed)
        return process.returncode

    def run(self, spec: dict[str, object], *more: str) -> int:
        return self._ended(self._start(spec, *more))

    def _killed_at_a_moment(self) -> None:
        process = self._start({})
        while process.poll() is None and not self._left.has_begun():
            time.sleep(0.0005)
        time.sleep(self.trial.delay)
        process.kill()
        self._ended(process)

    def _alter(self) -> None:
        self._left.alter(self.trial.write, everywhere=bool(self.trial.mutant))
        # What completed since has to be done again.
        self._allowed.update(self.ledger())

    # -- what is there -------------------------------------------------------------------------------------------------

    def ledger(self) -> list[str]:
        file = self.folder / "ledger.txt"
        return file.read_text().splitlines() if file.exists() else []

    def completed(self) -> dict[str, bool]:
        """Lines whose checkpoint is there, each with whether it is marked."""
        found: dict[str, bool] = {}
        for header in (checkpoint.header for checkpoint in self._left.checkpoints()):
            if line := re.match(r"note\('(.*?)'\) = ", header.text):
                found[line[1]] = header.again
        return found

    def account(self) -> Account:
        """What the checkpoints say.

        Raises:
            ValueError: There are more sessions than one.
        """
        store = self._left.store()
        try:
            (session,) = store.sessions()
            (branch,) = store.branches(session.id)
            headers = {header.id: header for header in store.headers(session.id)}
            statements: dict[str, list[str]] = {}
            at = branch.head
            while at:
                if at not in headers:  # altered, and a later one holds all that it changed
                    statements.clear()
                    break
                header = headers[at]
                if header.kind not in ("start", "interrupt"):
                    statements.setdefault(header.agent, []).append(f"{header.kind} {header.statement} {header.text}")
                at = header.parent
            state = fold(store.read, branch.head).state
            messages: dict[str, list[str]] = {}
            for id in sorted(state.messages):
                row = state.message(id)
                taken = all(
                    id not in state.inbox.get(receiver, ()) for receiver in row.receivers if receiver != "human"
                )
                messages.setdefault(row.sender, []).append(f"{row.text}{'' if taken else ' (never taken)'}")
            # The branches of a gather come in any order.
            return Account(
                session.status,
                {agent: sorted(texts) for agent, texts in sorted(messages.items())},
                {agent: sorted(rows) for agent, rows in sorted(statements.items())},
            )
        finally:
            store.close()

    def _missed(self) -> Iterator[str]:
        whole = self._whole
        assert whole
        ledger = Counter(self.ledger())
        if lost := sorted(set(whole.ledger) - set(ledger)):
            yield f"lost: {', '.join(lost)}"
        if more := sorted(set(ledger) - set(whole.ledger)):
            yield f"never to be done: {', '.join(more)}"
        for line, times in ledger.items():
            if times > 1:
                self.outcome.in_flight += times - 1
            if times > 1 + self._allowed[line]:
                yield f"done {times} times, though it had completed: {line}"
        if self.trial.how != "altered":  # of a file that can't be read nobody knows what it said
            marks = {line for line, again in self.completed().items() if again}
            self.outcome.marked = len(marks)
            done_again = {line for line, times in ledger.items() if times > 1}
            if unmarked := sorted((self._must | done_again) - marks):
                yield f"not marked, though it may have run: {', '.join(unmarked)}"
            if wrongly := sorted(marks - self._may):
                yield f"marked, though it was not in flight: {', '.join(wrongly)}"
        told = Counter(line for line in self.said if " → you: " in line)
        yield from (f"told twice: {line}" for line, times in told.items() if times > 1 and self.trial.how != "altered")
        try:
            account = self.account()
        except Exception as error:  # whatever a broken engine left
            yield f"it went on from what is damaged: {error}"
            return
        told_of = ("status", "messages", "statements") if account.statements else ("status", "messages")
        if not account.statements and self.trial.how != "altered":
            yield "a checkpoint is missing"
        for what in told_of:
            if getattr(account, what) != getattr(whole.account, what):
                yield f"other {what}: {getattr(account, what)}"


def first_of_each(lines: Iterable[str]) -> set[str]:
    """Of each branch its first of these lines."""
    first: dict[str, str] = {}
    for line in lines:
        first.setdefault(line.split()[0], line)
    return set(first.values())


def in_flight(ledger: Iterable[str]) -> set[str]:
    """Of each branch its last line: whatever came before it in the branch had completed."""
    last: dict[str, str] = {}
    for line in ledger:
        last[line.split()[0]] = line
    return set(last.values())


# -- all of it ---------------------------------------------------------------------------------------------------------


def measured(folder: Path, provider: Provider = "filesystem") -> Whole:
    """A run that nobody kills, to compare with."""
    run = Killed(folder, Trial("after", provider=provider))
    began = time.monotonic()
    if run.run({}) != 0:
        raise SystemExit("\n".join(run.said))
    account = run.account()
    writes = sum(1 for _ in Left(folder / ".checkpoints", provider).checkpoints())
    assert len(set(run.ledger())) == len(run.ledger())
    return Whole(run.ledger(), account, writes, time.monotonic() - began)


def trials(kills: int, whole: Whole, pick: random.Random, provider: Provider = "filesystem") -> list[Trial]:
    """So many, in each way at every write in turn; every fourth resume is killed too."""
    made: list[Trial] = []
    ways: tuple[How, ...] = tuple(SHOWN)
    for n in range(kills):
        how = ways[n % len(ways)]
        write = 1 + n // len(ways) % (whole.writes - 1)
        again = pick.randint(1, whole.writes) if n % 4 == 3 else 0
        made.append(Trial(how, write, pick.uniform(0, whole.seconds), again, provider=provider))
    return made


def tried(folder: Path, trials: list[Trial], whole: Whole, processes: int) -> list[Outcome]:
    """Their outcomes, in order."""

    def examined(pair: tuple[int, Trial]) -> Outcome:
        place = folder / str(pair[0])
        outcome = Killed(place, pair[1], whole).examined()
        if not outcome.problems:
            shutil.rmtree(place)
        return outcome

    with ThreadPoolExecutor(processes) as pool:
        return list(pool.map(examined, enumerate(trials)))


def told(trials: list[Trial], outcomes: list[Outcome]) -> str:
    """The summary of unbroken runs."""
    ways = Counter(trial.how for trial in trials)
    parts = ", ".join(f"{count} {SHOWN[how]}" for how, count in ways.items())
    wrong = sum(1 for outcome in outcomes if outcome.problems)
    return (
        f"crash: {sum(outcome.kills for outcome in outcomes)} kills ({parts}): "
        f"{wrong} with a completed effect or message lost, repeated or changed; "
        f"{sum(outcome.in_flight for outcome in outcomes)} effects in flight done again, "
        f"{sum(outcome.marked for outcome in outcomes)} marked as may have run"
    )


MUTANTS: dict[str, How] = {"publish before commit": "before", "footer unchecked": "altered"}
"""What is broken on purpose, and the way of killing that must show it."""
_EARLIEST = 20
"""The write from which on either mutant shows: by then enough has been done, and said."""


def mutant_trials(mutant: str, whole: Whole, count: int) -> list[Trial]:
    """So many, each of which must catch it: at every write in turn, spread over the run."""
    places = range(_EARLIEST, whole.writes - 1)
    return [Trial(MUTANTS[mutant], places[n * 7 % len(places)], mutant=mutant) for n in range(count)]


def main() -> int:
    """Kills and counts; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=240, help="runs of the unbroken engine")
    parser.add_argument("--mutant-kills", type=int, default=24, help="runs of each mutant")
    parser.add_argument("--provider", choices=PROVIDERS, default="filesystem")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--processes", type=int, default=(os.cpu_count() or 2) + 1)
    options = parser.parse_args()
    folder, pick = Path(tempfile.mkdtemp(prefix="crash-")), random.Random(options.seed)
    whole = measured(folder / "whole", options.provider)
    print(f"seed {options.seed}; the whole run: {whole.writes} writes, {len(whole.ledger)} effects", flush=True)
    planned = trials(options.kills, whole, pick, options.provider)
    outcomes = tried(folder / "unbroken", planned, whole, options.processes)
    print(told(planned, outcomes), flush=True)
    for trial, outcome in zip(planned, outcomes, strict=True):
        for problem in outcome.problems[:2]:
            print(f"  {trial}: {problem[:400]}")
    failed = any(outcome.problems for outcome in outcomes)
    for mutant in MUTANTS if options.provider == "filesystem" else ():
        broken = mutant_trials(mutant, whole, options.mutant_kills)
        outcomes = tried(folder / mutant.replace(" ", "-"), broken, whole, options.processes)
        caught = [(trial, outcome) for trial, outcome in zip(broken, outcomes, strict=True) if outcome.problems]
        every = len(caught) == len(broken)
        print(f"mutant, {mutant}: {'caught' if every else 'NOT CAUGHT'} by {len(caught)} of {len(broken)}", flush=True)
        for trial, outcome in caught[:1]:
            print(f"  {trial}: {outcome.problems[0][:200]}")
        for trial, outcome in zip(broken, outcomes, strict=True):
            if not outcome.problems:
                print(f"  NOT CAUGHT: {trial}")
        failed = failed or not every
    if failed:
        print(f"what is wrong stands in {folder}")
    else:
        shutil.rmtree(folder)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
