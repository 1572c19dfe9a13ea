"""Programs that were written because an engine without the rule they need once failed them; each is resumed everywhere.

Apart from the random ones because each has a name and a reason: what breaks one of them says which promise is broken.
"""

from __future__ import annotations

from runtime.scenario import Part, Scenario, model

TWO_AGENTS = Scenario(
    {
        "Seller": Part(
            turns=(
                """\
items = ["A", "B", "C"]
seen = []
for item in items:
    await Say("user", f"hé {item}")
    seen.append(await Fact(item))
facts = await process(items)
""",
                """\
price = 100
while price > 70:
    await Say("1001", f"offer {price}")
    answer = await Yld("1001")
    if answer == "ok":
        break
    price -= 10
""",
                """\
x, *rest = seen
await Agent1["1001"].SetBudget(50)
await Say("1001", "bye")
await Return((price, facts, seen, x, rest))
""",
            )
        ),
        "Buyer": Part(
            turns=(
                """\
$budget = 100
n = 0
while (offer := await Yld("1000")) != "bye":
    n += 1
    await Say("1000", "ok" if "80" in offer else "no")
await Return((n, $budget, f"{$budget} $budget"))
""",
            )
        ),
        "SetBudget": Part(("amount",), ("await Wait(2)\n$budget = amount\nawait Wait(1)\nawait Return($amount)\n",)),
        "Fact": Part(("item",), ('note = "thinking"\nawait Say("user", note)\nawait Return("fact of " + item)\n',)),
        "boom": Part(python='async def boom():\n    raise ValueError("boom")\n'),
        "process": Part(
            python="""\
async def process(items):
    facts = []
    for item in items:
        facts.append(await Fact(item))
        await Say("user", f"{item}: {facts[-1]}")
    facts += await asyncio.gather(Fact("X"), Fact("Y"))
    $facts = facts
    try:
        await boom()
    except ValueError as error:
        facts.append(str(error))
    return facts
"""
        ),
    },
    ("Seller", "Buyer"),
)
"""Two agents that haggle, playbooks of both kinds within one another, a call of the other agent's."""

SHARED_STATE = Scenario(
    {
        "Main": Part(
            turns=(
                """\
$total = 0
$orders = []
mine = 7
if True:
  async def add(k):
    for j in range(k):
        await Wait(j + k)
        $total += 1
        $orders.append(await Wait(j))
  await asyncio.gather(add(1), add(3), Add(2), Add(3))
$orders.append("pad")
await Say("user", "$total is " + str($total) + f" {$total} {{$total}}")
total += 100
del $orders[0]
(w := $total)
mine = 8
$mine = 9
mine = 10
self.state.seen = $mine
await Wait(1)
await Return((total, sorted(map(str, orders)), mine, seen, w))
""",
            )
        ),
        "Add": Part(
            ("k",),
            ("for i in range(k):\n    await Wait(i)\n    $total += await Wait(1)\n    t = $total\nawait Return(0)\n",),
        ),
    }
)
"""The agent's variables, written by four branches at once: in any form, and read back."""

LOOPS = Scenario(
    model(
        """\
out = []
items = [1, 2, 3]
alias = items
for n in items:
    await Wait(1)
    if n < 3:
        items.append(n + 3)
    out.append(n)
else:
    out.append(await Wait(1, "else"))
for i, (a, b) in enumerate(zip(items, alias)):
    out.append((i, a, await Wait(1, b)))
    if i == 2: continue
    if i == 3: break
else:
    out.append("never")
""",
        """\
d = {"b": 1, "a": 2}
for k, v in d.items():
    d[k] = await Wait(1, v + 1)
    d[k + k] = 0 if len(k) < 2 else 1
for s in {"x"}:
    out.append(s)
    await Wait(1)
for g in (lambda: (yield from (1, 2, 3)))():
    out.append(await Wait(1, g))
    for h in "ab":
        await Wait(2)
        if h == "b": break
n = 0
while n < await Wait(1, 3):
    n += 1
    if n == 1:
        continue
    await Wait(1)
else:
    out.append(await Wait(1, "while-else"))
for n in []:
    pass
else:
    await Wait(1)
for d["z"], *rest in [(1, 2, 3)]:
    await Wait(1)
await Return((out, items, alias is items, d, n, rest))
""",
    )
)
"""Loops by the turn, over what grows meanwhile and over what has no cursor, with `break`, `continue` and `else`."""

KINDS_OF_AWAIT = Scenario(
    model(
        """\
v = []
if True:
    async def get():
        v.append(await Wait(1, 1))
        return v
    async def slow():
        try:
            v.append("slow")
            await asyncio.sleep(9)
        finally:
            await Wait(2)
            v.append("cleaned")
    async def many():
        for i in range(3):
            yield await Wait(i, i)
    (await get()).append(2)
    await asyncio.sleep(0, 3)
    await get()
    await Wait(1)
    (await get()).append(5)
    try:
        await asyncio.wait_for(slow(), 0.001)
    except TimeoutError:
        v.append(await Wait(1, "late"))
    await asyncio.wait_for(get(), 60)
    async with asyncio.TaskGroup() as group:
        group.create_task(get())
        group.create_task(get())
        await Wait(3)
    async for i in many():
        v.append(i)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(slow())
            await Wait(2)
            raise ValueError(1)
    except* ValueError:
        v.append(await Wait(1, "group"))
    try:
        Say("user", "dropped")
    except Exception as e:
        v.append(str(e))
    try:
        get()
    except Exception as e:
        v.append(str(e))
    try:
        async with asyncio.timeout(3):
            pass
    except Exception as e:
        v.append(str(e))
    v.append(await asyncio.to_thread(len, "abc"))
    t = asyncio.create_task(get())
    c = Wait(2, 8)
await Wait(3)
v.append(await t is v)
d = [await c]
await Wait(1)
await Return((str(v), d))
"""
    )
)
"""Everything that can be awaited in one unit, and what is refused; a task and a call kept beyond their statement."""

KEPT_TASK = Scenario(
    model(
        """\
v = []
async def later(k):
    v.append(await Wait(k, k))
    return await Wait(1, 2)
task = asyncio.create_task(later(2))
await SaveArtifact("paper", "all so far", v)
v.append(len(await LoadArtifact("paper")))
v.append(await task)
await Return(v)
"""
    ),
    chunk=1,
)
"""A task that works while the next statements run: a replay has their text at once, and must not run ahead of it."""

FINISHED_TASKS = Scenario(
    model(
        """\
async def double(n):
    if n > 2:
        raise ValueError(n)
    return [n, await Wait(1, n)]
tasks = [asyncio.create_task(double(n)) for n in (1, 2, 3)]
await asyncio.wait(tasks)
""",
        """\
first = await tasks[0]
first.append(tasks[0].done())
try:
    await tasks[2]
except ValueError as error:
    await Say("user", f"no {error}")
await Return([first, await asyncio.gather(*tasks[:2]), await tasks[0] is first])
""",
    )
)
"""Tasks kept in a list and awaited when their statement is long over."""

TASKS_OF_CALLS = Scenario(
    model(
        """\
kept = asyncio.create_task(Wait(2, 5))
many = [asyncio.create_task(Wait(k, k)) for k in (2, 1)]
async with asyncio.TaskGroup() as group:
    grouped = group.create_task(Wait(1, "g"))
late = asyncio.create_task(Wait(99))
late.cancel()
await Return([await kept, await asyncio.gather(*many), grouped.result(), await asyncio.ensure_future(Wait(1, 3))])
"""
    )
)
"""Tasks made of calls themselves, without a coroutine around them."""

MISTAKE_AT_THE_END = Scenario(
    model(
        'await Say("user", "one")\nawait Say("user", "two")\nprint(\n',
        'await Say("user", "three")\nawait Return(1 // 0)\n',
        "await Return(3)\n",
    ),
    chunk=1,
)
"""What the model is told of a mistake names the same line, whether or not the response was cut off before it."""

CHANCE = Scenario(
    model(
        """\
import random, time, uuid, datetime
if True:
    drawn = [random.random(), random.sample(range(9), 3), time.time(), uuid.uuid4().hex, datetime.datetime.now()]
    $kept = drawn
    await Wait(1)
    more = random.choice(range(99))
    await SaveArtifact("more", "what was drawn", more)
    same = [drawn == $kept, more == await LoadArtifact("more")]
del $kept, drawn, more
await SaveArtifact("more", "nothing now", 0)
await Return(same)
"""
    )
)
"""What was drawn once stays drawn: a replay that draws again finds what it wrote down to differ."""

ENGINE_ERRORS = Scenario(
    {
        **model(
            """\
told = []
for n in range(2):
    try:
        await Say("nobody", "hello")
    except Exception as error:
        told.append([type(error).__name__, str(error)])
        await Wait(1)
    try:
        await Failing()
    except Exception as error:
        await Wait(1)
        told.append([type(error).__name__, str(error)])
await Return(told)
"""
        ),
        "Failing": Part(turns=("await Wait(1)\nnothing()\n",)),
    }
)
"""The engine's own errors, caught by model code: the same classes with the same words on a replay."""

DEFINITIONS = Scenario(
    {
        **model(
            """\
def add(n, kept=[]):
    kept.append(n)
    return sum(kept)
def counter():
    n = 0
    def up():
        nonlocal n
        n += 1
        return n
    return up
class Basket:
    made = 0
    def __init__(self):
        self.items = []
        Basket.made += 1
up, mine = counter(), Basket()
also = mine
mine.items.append(mine)
first = [add(await Wait(1, 1)), up()]
also.items.append([add(await Wait(1, 2)), up()])
mine.items.append(await tidy(add(3)))
await Say("user", f"{first} {len(also.items)} {also is mine} {also.items[0] is mine} {Basket.made}")
other = Basket()
await Return([first, also.items[1:], up(), add(4), Basket.made])
"""
        ),
        "tidy": Part(
            python="""\
async def tidy(n):
    return Tidied(n)
class Tidied:
    def __init__(self, n):
        self.n = n
"""
        ),
    }
)
"""Functions with defaults and closures, classes with a counter, and objects of them, used after a resume."""

PERSON = Scenario(
    model(
        """\
$heard = []
async def ask(what):
    await Say("user", what)
    $heard.append(await Yld("user"))
await asyncio.gather(ask("name?"), ask("age?"))
while (said := await Yld("user")) != "stop":
    $heard.append(said)
await Return($heard)
"""
    ),
    person=("Ann", "7", "more", "stop"),
)
"""Two branches that wait for the person at once, then a conversation."""

NEW_AGENTS = Scenario(
    {
        **model(
            """\
ids = []
for n in range(2):
    ids.append(await CreateAgent("Agent1", start=n))
for id in ids:
    await Say(id, "hello")
    ids.append(await Yld(id)) if len(ids) < 4 else None
    if len(ids) == 4: break
answers = [await Agent1[id].Double(4) for id in ids[:2]]
await Say("agent 1001", "hello")
await Return([ids, answers, await Yld("agent 1001")])
"""
        ),
        "Wait4": Part(
            turns=(
                """\
said = await Yld("agent 1000")
await Say("agent 1000", f"{said} from {$start}")
await Return(said)
""",
            )
        ),
        "Double": Part(("n",), ("$start += await Wait(1, n)\nawait Return($start * 2)\n",)),
        "data": Part(python="async def data():\n    pass\nstart = 100\n"),
    },
    ("Main", "Wait4"),
)
"""Agents made at run time, with what they were given, spoken to and called."""

SPECIAL = {
    "two agents": TWO_AGENTS,
    "shared state": SHARED_STATE,
    "loops": LOOPS,
    "kinds of await": KINDS_OF_AWAIT,
    "kept task": KEPT_TASK,
    "tasks of calls": TASKS_OF_CALLS,
    "finished tasks": FINISHED_TASKS,
    "mistake at the end": MISTAKE_AT_THE_END,
    "chance": CHANCE,
    "engine errors": ENGINE_ERRORS,
    "definitions": DEFINITIONS,
    "person": PERSON,
    "new agents": NEW_AGENTS,
}
