"""The one workload: every checkpoint adds a message of 200 bytes and changes one of 20 variables of 250 bytes.

Apart from who is measured because all are given the same text. Messages and variables are words, as people's and
models' are; `noise` makes them of random letters, which nothing can make smaller.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

VARIABLES = 20
MESSAGE_BYTES = 200
VARIABLE_BYTES = 250
_SYLLABLES = (
    "an ar be ca co da de di el en er es fi for ga gen ha her in is it ka la le li lo ma men mi na ne no o per pla pri "
    "qui ra re ri ro sa se sha si so sta su ta te ter ti to tra tu u un ver vi"
)


def words(pick: random.Random, count: int = 800) -> list[str]:
    """A vocabulary: as many words as people use most of the time, the shorter the more often."""
    syllables, made = _SYLLABLES.split(), dict[str, None]()
    while len(made) < count:
        made["".join(pick.choice(syllables) for _ in range(pick.choice((1, 2, 2, 3))))] = None
    return sorted(made, key=len)


def texts(size: int, seed: int, *, noise: bool = False) -> Iterator[str]:
    """Texts of exactly `size` ASCII characters, without end, the same for a seed."""
    pick = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"
    vocabulary = words(random.Random(0))
    while True:
        if noise:
            yield "".join(pick.choices(letters, k=size))
            continue
        text = ""
        while len(text) < size:
            text += vocabulary[min(int(pick.expovariate(1 / 200)), len(vocabulary) - 1)] + " "
        yield text[:size]


def steps(count: int, *, noise: bool = False) -> list[tuple[str, str, str]]:
    """For each checkpoint: its message, the name of the variable it changes and what to."""
    messages, values = texts(MESSAGE_BYTES, 1, noise=noise), texts(VARIABLE_BYTES, 2, noise=noise)
    return [(next(messages), f"v{place % VARIABLES}", next(values)) for place in range(count)]


TRIES = 5
"""How often a thousand checkpoints are written, by each who is measured."""


def quietest(runs: list[list[float]]) -> list[float]:
    """Of several runs of the same, the least that each checkpoint took: other work on the machine only adds."""
    return [min(times) for times in zip(*runs, strict=True)]


def quietest_ms(act: Callable[[], object], turns: int = 15) -> float:
    """Milliseconds of one call: the least of several, each after a rest, as a person asks for one."""
    times = []
    for _ in range(turns):
        time.sleep(0.02)
        before = time.perf_counter()
        act()
        times.append(time.perf_counter() - before)
    return 1e3 * min(times)


def first_and_last(times: list[float]) -> tuple[float, float]:
    """Mean microseconds of a checkpoint in the first tenth, and in the last; the very first few warm up."""
    tenth = max(len(times) // 10, 1)
    return 1e6 * sum(times[5 : tenth + 5]) / tenth, 1e6 * sum(times[-tenth:]) / tenth
