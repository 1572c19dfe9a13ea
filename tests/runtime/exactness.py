"""What *exact* means, as code: a run, and every resume of it and of its resumes, give the same account.

Apart from the scenarios because this is the claim and they are the means. An account is, per agent: messages, results,
variables, statements; and the numbers that were given out. How much of it must be the same depends on the program:

- *steady*: however fast its tools and models are, it ends the same. So must every resume, in all and in order.
- *loose*: only the order depends on timing. Then a resume gives the same, in any order.
- *racy*: what happens depends on timing. Then a resume may end as another run would; what is asserted is that the
  replay came to what was there at the cut, that nothing happened twice, and that the run ended in one of its ways.

Which of them a program is, a few timings tell. Where a resume then ends otherwise, hundreds more are tried: it is
right only if a run that was never cut comes to exactly the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pickle
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from runtime import scenario as scenarios
from runtime.scenario import Run, Scenario, Turns, plain, resume, start

from playbooks.models.base import ModelRequest, Text
from playbooks.runtime.call import Call, Running
from playbooks.runtime.effects import Effects
from playbooks.state import events as e

Kind = Literal["steady", "loose", "racy"]
TIMINGS = 5
"""How many other timings are tried before a program counts as steady."""
DOUBTS = 400
"""How many more are tried when a resume of such a program ends otherwise: a race may be rare, and two come together
more rarely."""
_SAMPLED = 0.05
"""Which part of the cuts is also resumed in a fresh process."""
_VERIFIED = 0.1
"""In which part of the resumes fold and live state are compared after each commit; in a whole run always."""


@dataclass(frozen=True)
class Account:
    """What a run came to."""

    ended: tuple[str, str]
    """How, and with what error."""
    messages: dict[str, list[str]]
    results: dict[str, list[Any]]
    variables: dict[str, dict[str, Any]]
    statements: dict[str, list[str]]

    def in_any_order(self) -> Any:
        """All that is in it, without the order."""
        parts = (self.ended, self.messages, self.results, self.variables, self.statements)
        return [sorted(re.findall(r"\w+", repr(part))) for part in parts]

    def differs(self, other: Account) -> str:
        """The first part that is not the same."""
        for name in ("ended", "messages", "results", "variables", "statements"):
            if (mine := getattr(self, name)) != (theirs := getattr(other, name)):
                return f"{name}\n  was  {theirs}\n  came {mine}"
        return "only the order"


@dataclass(frozen=True)
class Expected:
    """What every resume must come to."""

    kind: Kind
    account: Account
    endings: frozenset[str]
    """How a racy program may end."""
    sure: bool = False
    """The kind is known, not found out by trying."""

    def missed(self, other: Account) -> str:
        """How an account is not what it must be; empty when it is."""
        if self.kind == "racy":
            return "" if other.ended[0] in self.endings else f"ended {other.ended}"
        if other == self.account:
            return ""
        if self.kind == "loose" and other.in_any_order() == self.account.in_any_order():
            return ""
        return other.differs(self.account)


def account(run: Run) -> Account:
    """What a run came to."""
    state = run.runtime.state
    messages: dict[str, list[str]] = {}
    for id in sorted(state.messages):
        row = state.message(id)
        messages.setdefault(row.sender, []).append(f"to {', '.join(row.receivers)}: {row.text}")
    variables = {
        agent: {name: plain(run.runtime.values.decode(data)) for name, data in sorted(held.items())}
        for agent, held in sorted(state.variables.items())
    }
    statements: dict[str, list[str]] = {}
    for header in run.headers[1:]:
        row = f"line {header.line}, {header.kind}: {header.statement} {header.text}"
        statements.setdefault(header.agent, []).append(row)
    return Account((run.ended, run.error), messages, run.results, variables, statements)


# -- what may never happen twice ---------------------------------------------------------------------------------------


def doubled(run: Run) -> list[str]:
    """What the checkpoints from the start to the end say happened twice, or was numbered wrongly; of any program."""
    seen: Counter[tuple[Any, ...]] = Counter()
    numbers: dict[str, list[int]] = {"message": [], "model call": []}
    wrong: list[str] = []
    at = run.headers[-1].id if run.headers else ""
    chain = []
    while at:
        chain.append(run.store.read(at))
        at = chain[-1].header.parent
    for checkpoint in reversed(chain):
        for event in e.from_builtins(checkpoint.events):
            match event:
                case e.EffectEnded():
                    seen["effect ended", event.frame, event.unit, event.path, event.n] += 1
                case e.EffectCancelled():
                    del seen["effect ended", event.frame, event.unit, event.path, event.n]
                case e.UnitEnded():
                    pass
                case e.FrameEntered() | e.FrameReturned():
                    seen[type(event).__name__, event.frame] += 1
                case e.AgentCreated():
                    seen["agent created", event.agent] += 1
                case e.MessageSent():
                    numbers["message"].append(event.id)
                case e.MessagesTaken():
                    seen.update(("message taken", event.agent, id) for id in event.ids)
                case e.ModelAsked():
                    numbers["model call"].append(event.call)
                case _:
                    pass
    wrong += [f"{times} times: {what}" for what, times in seen.items() if times > 1]
    wrong += [f"{what}s are numbered {n}" for what, n in numbers.items() if n != list(range(1, len(n) + 1))]
    ids = [header.id for header in run.headers]
    if len(set(ids)) != len(ids):
        wrong.append(f"checkpoints share an id: {[id for id, times in Counter(ids).items() if times > 1]}")
    return wrong


# -- other timings -----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def verified(every_commit: bool) -> Iterator[None]:
    """Within it, the fold of all checkpoints is compared with the live state after each, or never."""
    before, scenarios._VERIFY = scenarios._VERIFY, every_commit
    try:
        yield
    finally:
        scenarios._VERIFY = before


@contextlib.contextmanager
def timed(seed: int) -> Iterator[None]:
    """Within it, every effect and every model takes another time than otherwise."""
    pick = random.Random(seed)
    run, stream = Effects._run, Turns.stream
    # The extremes first: models that answer at once, models slower than anything.
    speeds = ([(0,)], [(12,)])[seed] if seed < 2 else [(0,), (0, 0, 0, 1, 3), (8,)]

    async def pause(rounds: tuple[int, ...] = (0, 0, 1, 2, 4, 8)) -> None:
        for _ in range(pick.choice(rounds)):
            await asyncio.sleep(0)

    async def slower(self: Effects, call: Call, running: Running) -> tuple[bool, Any]:
        inner = call.run

        async def paused(running: Running) -> Any:
            await pause()
            try:
                return await inner(running)
            finally:
                await pause()

        call.run = paused
        return await run(self, call, running)

    async def slower_stream(self: Turns, request: ModelRequest) -> AsyncIterator[Text]:
        speed = pick.choice(speeds)
        await pause()
        async for piece in stream(self, request):
            yield piece
            await pause(speed)

    Effects._run, Turns.stream = slower, slower_stream  # type: ignore[method-assign]
    try:
        yield
    finally:
        Effects._run, Turns.stream = run, stream  # type: ignore[method-assign]


def otherwise_timed(scenario: Scenario, seed: int) -> Account:
    """What the program comes to with other timings."""
    with timed(seed), verified(False):
        return account(start(replace(scenario, chunk=(1000, 3)[seed % 2])))


def ends_so_too(scenario: Scenario, came: Account) -> bool:
    """Whether a run that was never cut comes to the same with some other timing: then the program races after all."""
    return any(otherwise_timed(scenario, seed) == came for seed in range(TIMINGS, TIMINGS + DOUBTS))


def expected(scenario: Scenario, usual: Account, timings: int = TIMINGS) -> Expected:
    """What a resume must come to, seeing what other timings make of the program."""
    others = [otherwise_timed(scenario, seed) for seed in range(timings)]
    kind: Kind = "steady"
    if any(other != usual for other in others):
        loose = usual.in_any_order()
        kind = "loose" if all(other.in_any_order() == loose for other in others) else "racy"
    return Expected(kind, usual, frozenset(other.ended[0] for other in (usual, *others)))


# -- the examination ---------------------------------------------------------------------------------------------------


@dataclass(repr=False)
class Findings:
    """What came of examining one program, or several."""

    kinds: Counter[Kind] = field(default_factory=Counter)
    checkpoints: int = 0
    resumes: int = 0
    again: int = 0
    """Resumes of resumes."""
    fresh: int = 0
    """Resumes in fresh processes."""
    rare: int = 0
    """Resumes that ended as a run with another timing does, of programs in which few timings do."""
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Findings) -> None:
        self.kinds.update(other.kinds)
        for name in ("checkpoints", "resumes", "again", "fresh", "rare"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.wrong += other.wrong

    def __str__(self) -> str:
        kinds = f"{self.kinds['loose']} loose, {self.kinds['racy']} racy"
        parts = (
            f"{sum(self.kinds.values())} programs ({kinds})",
            f"{self.checkpoints} checkpoints",
            f"{self.resumes} resumes",
            f"{self.again} resumes of resumes",
            f"{self.fresh} resumes in fresh processes",
            f"{self.rare} ended as a rarer timing does",
            f"{len(self.wrong)} wrong",
        )
        return ", ".join(parts)


@dataclass(repr=False)
class Sample:
    """Cuts of one run, to be resumed elsewhere."""

    run: Run
    cuts: list[str]
    expected: Expected


def examine(
    scenario: Scenario,
    *,
    again: int = 1,
    again_at: float = 1.0,
    seed: int = 0,
    timings: int = TIMINGS,
    kind: Kind | None = None,
    limit: int = 400,
    samples: list[Sample] | None = None,
) -> Findings:
    """Resumes a run at each of its checkpoints, and its resumes at random ones of theirs.

    Args:
        scenario: What runs.
        again: How many resumes of resumes in a row.
        again_at: At which part of the cuts.
        seed: Of the choice of cuts.
        timings: How many other timings tell whether the program races.
        kind: What it is known to be; then none are tried.
        limit: Most checkpoints of a program that is examined.
        samples: Takes up cuts to be resumed in a fresh process.

    Raises:
        OverflowError: It makes more checkpoints.
    """
    whole = start(scenario)
    if len(whole.headers) > limit:
        raise OverflowError(f"{len(whole.headers)} checkpoints")
    usual = account(whole)
    expects = Expected(kind, usual, frozenset(), sure=True) if kind else expected(scenario, usual, timings)
    found = Findings(Counter([expects.kind]), len(whole.headers))
    found.wrong += doubled(whole)
    pick = random.Random(seed)
    for header in whole.headers[1:-1]:
        source, cut, where = whole, header.id, header.id
        for round in range(1 + (again if pick.random() < again_at else 0)):
            with verified(pick.random() < _VERIFIED):
                resumed, wrong, rare = resumed_at(source, cut, expects)
            found.rare += rare
            found.resumes += round == 0
            found.again += round > 0
            if wrong:
                found.wrong.append(f"resumed after {where} ({expects.kind}): {wrong}")
            later = [later.id for later in resumed.headers if later.sequence > header.sequence][:-1] if resumed else []
            if wrong or rare or not later or resumed is None:
                break
            source, cut = resumed, pick.choice(later)
            where = f"{where}, then {cut}"
    if samples is not None:
        cuts = [header.id for header in whole.headers[1:-1] if pick.random() < _SAMPLED]
        if cuts:
            bare = replace(whole, runtime=None, model=None, notices=[])  # type: ignore[arg-type]
            samples.append(Sample(bare, cuts, expects))
    return found


def resumed_at(source: Run, cut: str, expects: Expected) -> tuple[Run | None, str, bool]:
    """A run gone on with from a checkpoint; what is wrong with it, empty when nothing is; and whether it ended only as
    a rarer timing does."""
    try:
        resumed = resume(source, cut)
    except Exception as error:
        return None, f"{type(error).__name__}: {error}", False
    if twice := doubled(resumed):
        return resumed, "; ".join(twice), False
    came = account(resumed)
    missed = expects.missed(came)
    if missed and expects.kind != "racy" and not expects.sure and ends_so_too(source.scenario, came):
        return resumed, "", True
    return resumed, missed, False


# -- fresh processes ---------------------------------------------------------------------------------------------------


def examine_fresh(samples: list[Sample], hash_seeds: tuple[str, ...] = ("1", "7")) -> Findings:
    """Resumes the samples in one fresh process for each hash seed, in which sets have another order."""
    found = Findings()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "samples.pickle")
        path.write_bytes(pickle.dumps(samples))
        for hash_seed in hash_seeds:
            done = subprocess.run(
                [sys.executable, "-c", f"from runtime.exactness import tell_fresh; tell_fresh({str(path)!r})"],
                env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                found.wrong.append(f"a fresh process failed: {done.stderr.strip()[-2000:]}")
                continue
            told = json.loads(done.stdout)
            found.fresh += told["resumes"]
            found.rare += told["rare"]
            found.wrong += [f"hash seed {hash_seed}: {wrong}" for wrong in told["wrong"]]
    return found


def tell_fresh(path: str) -> None:
    """Resumes the samples in a file and prints what came of it, as JSON."""
    samples: list[Sample] = pickle.loads(Path(path).read_bytes())
    wrong, resumes, rarely = [], 0, 0
    for sample in samples:
        for cut in sample.cuts:
            resumes += 1
            _, what, rare = resumed_at(sample.run, cut, sample.expected)
            rarely += rare
            if what:
                wrong.append(f"resumed after {cut} ({sample.expected.kind}): {what}")
    print(json.dumps({"resumes": resumes, "rare": rarely, "wrong": wrong}))
