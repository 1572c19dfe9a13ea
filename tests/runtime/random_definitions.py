"""What random programs define: classes of every kind and functions of every kind, each used again after an await.

Apart from the other lines because it is the part of Python in which models are most inventive.
"""

from __future__ import annotations

CLASSES = (
    """
    class {c}:
        made = 0
        def __init__(self, n):
            self.n, self.own = n, [n]
            {c}.made += 1
        def up(self, by=1):
            self.n += by
            self.own.append(self)
            return self.n
    {o} = {c}(len(v))
    same = {o}
    v.append([same.up(), {awaited}])
    v.append([{o}.up(2), {o} is same, {o}.own[-1] is same, {c}.made])
    """,
    """
    from dataclasses import dataclass, field, replace
    @dataclass(order=True, slots=True)
    class {c}:
        n: int
        own: list = field(default_factory=list, compare=False)
    {o} = {c}(1, v[:1])
    v.append([{o} < {c}(2), {awaited}])
    {o}.own.append(replace({o}, n=5).n)
    v.append([repr({o}), {o} == {c}(1), {c}(7).own])
    """,
    """
    from dataclasses import dataclass
    @dataclass(frozen=True)
    class {c}:
        n: int = 3
        def more(self):
            return {c}(self.n + 1)
    {o} = {{{c}(4): 'four'}}
    v.append({awaited})
    match {c}().more():
        case {c}(n=found):
            v.append([{o}[{c}(4)], found, {o}.get({c}(9))])
    """,
    """
    import enum
    class {c}(enum.Enum):
        ONE = 1
        TWO = enum.auto()
        UN = 1
        @classmethod
        def _missing_(cls, value):
            return cls.TWO
    {o} = [{c}.ONE, {{{c}.TWO: 'two'}}]
    v.append({awaited})
    v.append([{o}[0] is {c}.UN, {o}[1][{c}(9)], [each.name for each in {c}]])
    """,
    """
    import enum
    class {c}(enum.Flag):
        R = enum.auto()
        W = enum.auto()
    {o} = {c}.R | {c}.W
    v.append({awaited})
    v.append([{c}.W in {o}, ({o} & ~{c}.W) is {c}.R, {o} is {c}(3)])
    """,
    """
    from typing import NamedTuple, Optional
    class {c}(NamedTuple):
        a: int
        b: Optional[int] = None
        def both(self):
            return [self.a, self.b]
    {o} = {c}({awaited})
    v.append({awaited})
    v.append([{o}.both(), {c}(1, 2)._replace(b=3) == (1, 3), *{o}])
    """,
    """
    from typing import Protocol, TypedDict, Generic, TypeVar
    class Has(Protocol):
        def go(self): ...
    class {c}(Generic[TypeVar('T')]):
        def go(self):
            return Row(n=1)
    class Row(TypedDict, total=False):
        n: int
    {o}: {c}[int] = {c}()
    v.append({awaited})
    v.append([{o}.go(), Row(), isinstance({o}, {c})])
    """,
    """
    class {c}(dict):
        __getattr__ = dict.__getitem__
        __setattr__ = dict.__setitem__
    {o} = {c}(a=1)
    v.append({awaited})
    {o}.b = {o}.a + 1
    v.append([dict({o}), {o}['b']])
    """,
    """
    class {c}(Exception):
        def __init__(self, code):
            super().__init__('code ' + str(code))
            self.code = code
    try:
        try:
            {{}}['k']
        except KeyError:
            raise {c}(7)
    except {c} as error:
        {o} = error
    v.append({awaited})
    v.append([str({o}), {o}.code, repr({o}.__context__)])
    """,
)
"""Of a class `{c}` and an object `{o}`; `{awaited}` is an await that gives a value."""

FUNCTIONS = (
    """
    def {f}(n, times=[2]):
        times.append(len(times))
        return (n, sum(times))
    """,
    """
    def make(k):
        def inner(n):
            nonlocal k
            k += 1
            return (n, k)
        return inner
    {f} = make(5)
    """,
    """
    {f} = lambda n, more=v: (n, len(more))
    """,
    """
    def {f}(n):
        {f}.calls = getattr({f}, 'calls', 0) + 1
        return (n, {f}.calls)
    """,
    """
    def {f}(n):
        global counted
        counted = counted + 1
        return (n, counted)
    counted = 0
    """,
    """
    import functools
    def {f}_again(function):
        @functools.wraps(function)
        def inner(*arguments, **named):
            inner.calls += 1
            return [function(*arguments, **named), inner.calls]
        inner.calls = 0
        return inner
    @{f}_again
    def {f}(n):
        return n
    """,
    """
    from functools import singledispatch
    @singledispatch
    def {f}(n):
        return 'some'
    @{f}.register
    def _(n: int):
        return ['int', n]
    """,
    """
    from functools import partial
    {f} = partial(lambda kept, n: kept.append(n) or list(kept), [])
    """,
)
"""Of a function `{f}` of one argument."""

ITERATORS = (
    "iter([1, 2, 3])", "iter({'a': 1, 'b': 2}.items())", "map(str, [4, 5, 6])", "zip('abc', [1, 2, 3])",
    "enumerate(reversed([7, 8, 9]))", "filter(None, [0, 1, 0, 2, 3])", "itertools.chain('ab', [3])",
    "itertools.islice(itertools.count(3), 1, None, 2)", "itertools.accumulate([1, 2, 3])",
    "iter(kept.values())",
)  # fmt: skip
"""Of which a program takes one now and one after an await; `kept` is a dict of two."""

CHANCE = (
    """
    if True:
        import random, time, uuid, datetime
        {drawn} = [random.random(), time.time(), uuid.uuid4().hex, datetime.datetime.now().isoformat()]
        $kept_{drawn} = {drawn}
        v.append({awaited})
        v.append({drawn} == $kept_{drawn})
        {drawn} = None
        del $kept_{drawn}
    """,
    """
    import random
    random.seed({n})
    v.append([random.randint(1, 99), {awaited}])
    {drawn} = random.Random({n})
    v.append(random.sample(range(50), 2) + [{drawn}.random()])
    if True:
        v.append([{drawn}.choice('abc'), {awaited}])
        v.append([random.random(), {drawn}.getrandbits(9)])
    """,
    """
    if True:
        import random, secrets
        {drawn} = [random.Random(), secrets.token_hex(4)]
        $kept_{drawn} = [{drawn}[0].random(), {drawn}[1]]
        v.append({awaited})
        v.append([{drawn}[1] == $kept_{drawn}[1], $kept_{drawn}[0] < 1])
        del $kept_{drawn}, {drawn}
    """,
)
"""Drawn once: a replay that draws again finds what it drew differ from what the agent was told."""

MANAGERS = (
    """
    class {m}:
        async def __aenter__(self):
            v.append({awaited})
            return self
        async def __aexit__(self, kind, error, where):
            v.append([str(error), await Wait(1, 3)])
            return True
    async with {m}() as held:
        v.append(isinstance(held, {m}))
        await fails(2)
    """,
    """
    import contextlib
    @contextlib.contextmanager
    def {m}(n):
        v.append(n)
        try:
            yield [n]
        finally:
            v.append('out')
    with {m}(3) as held, contextlib.suppress(KeyError):
        v.append({awaited})
        raise KeyError
    """,
    """
    import contextlib
    @contextlib.asynccontextmanager
    async def {m}(n):
        v.append({awaited})
        yield n
        v.append(await Wait(1, 6))
    async with {m}(4) as held:
        v.append([held, await Wait(2, 2)])
    """,
    """
    class {m}:
        def __enter__(self):
            v.append('in')
            return v
        def __exit__(self, kind, error, where):
            v.append(kind.__name__ if kind else 'out')
            return True
    with {m}() as held:
        held.append({awaited})
        raise ValueError({n})
    """,
)
"""Of a context manager `{m}`."""

LOCKS = (
    """
    if True:
        lock = asyncio.Lock()
        async def {turn}(k):
            async with lock:
                v.append(k)
                v.append(await Wait(2, k))
        await asyncio.gather({turn}(1), {turn}(2))
    """,
    """
    queue{turn} = asyncio.Queue()
    async def {turn}():
        for k in range(2):
            await queue{turn}.put(await Wait(k, k))
        await queue{turn}.put(None)
    async def taken{turn}():
        while (k := await queue{turn}.get()) is not None:
            v.append([k, await Wait(1, k)])
    await asyncio.gather({turn}(), taken{turn}())
    v.append(queue{turn}.empty())
    """,
    """
    gate{turn} = asyncio.Event()
    few{turn} = asyncio.Semaphore(2)
    async def {turn}(k):
        await gate{turn}.wait()
        async with few{turn}:
            v.append(await Wait(k, k))
    async def open{turn}():
        await Wait(2)
        gate{turn}.set()
    await asyncio.gather({turn}(1), {turn}(4), open{turn}())
    v.append(gate{turn}.is_set())
    """,
    """
    async def {turn}(k):
        return await Wait(k, k)
    async def walk{turn}():
        for found in asyncio.as_completed([{turn}(9), {turn}(1)], timeout=60):
            v.append(await found)
        tasks = {{asyncio.create_task({turn}(k)) for k in (1, 2)}}
        done, pending = await asyncio.wait(tasks, timeout=60 * {n} or None)
        for task in done:
            v.append([task.result(), len(pending), await Wait(1, 1)])
    await walk{turn}()
    """,
)
"""Of tasks that wait for one another, within one statement and over several."""
