"""What the functions of a Python block share: the agent's data by `global`, and what its classes hold."""

from __future__ import annotations

from runtime.written import resumes, said, start, told, variables, written


def test_a_lock_that_is_an_attribute_of_a_blocks_class_is_one_for_all_calls() -> None:
    block = """
    # Clerk
    ```python
    import asyncio
    class Limits:
        one_at_a_time, inside, most = asyncio.Semaphore(1), 0, 0

    @playbook
    async def fetched(n):
        async with Limits.one_at_a_time:
            Limits.inside += 1
            Limits.most = max(Limits.most, Limits.inside)
            await asyncio.sleep(0)
            Limits.inside -= 1
        return n * Limits.most
    ```
    ## Main
    ### Triggers
    - When the program starts
    ### Steps
    - Go
    """
    code = "x = await asyncio.gather(*[fetched(n) for n in range(4)])\nawait Return([*x, await fetched(9)])"
    assert resumes(written(block, {"Main": (code, "await Return('failed')")})).results["1000"] == [[0, 1, 2, 3, 9]]


COUNTS = """
    # Clerk
    ```python
    count, last = 0, None

    def bump(by=1):
        global count, last
        count += by
        for last in range(by):
            pass
        return count

    @playbook
    async def counted(what):
        n = bump(2)
        await Say("user", f"{what} {n} {count}")
        global last
        if what == "c":
            del last
        elif (last := n) != n or [last for _ in "a" if (last := n + 1)] != [n + 1]:
            return "not what was set"
        count_before = bump()
        return [count_before, count]
    ```
    ## Main
    ### Triggers
    - When the program starts
    ### Steps
    - Go
"""


def test_what_a_function_of_a_block_sets_by_global_is_the_agents_and_comes_back_with_it() -> None:
    code = "a = await counted('a')\nb = await counted('b')\nseen = [count, $last]\nc = await counted('c')\n"
    run = resumes(written(COUNTS, {"Main": f"{code}await Return([a, b, c, *seen])"}))
    assert run.results["1000"] == [[[3, 3], [6, 6], [9, 9], 6, 0]]
    assert said(run) == ["a 2 2", "b 5 5", "c 8 8"]
    assert variables(run) == {"count": 9, "last": 0}


MAKES = """
    # Clerk
    ```python
    js, size = None, 0

    def load():
        global js
        if js is None:
            import json as js
        return js

    @playbook
    async def makes(what):
        global size, made
        match what:
            case [first, *size]:
                pass
        def made():
            return len(size)
        size = made()
        return load().dumps(what)

    @playbook
    async def used():
        return [load().loads("[1]"), js.dumps(size), made.__name__]
    ```
    ## Main
    ### Triggers
    - When the program starts
    ### Steps
    - Go
"""


def test_what_an_import_a_definition_or_a_case_sets_by_global_is_the_agents_too() -> None:
    code = "a = await makes([1, 2, 3])\nb = await used()\nawait Return([a, b])"
    run = resumes(written(MAKES, {"Main": (code, "await Return('failed')")}))
    assert run.results["1000"] == [["[1, 2, 3]", [[1], "2", "made"]]]


def test_a_thread_that_reads_the_agents_data_is_told_to_be_given_it() -> None:
    block = """
    # Clerk
    ```python
    import asyncio
    RATE = 3

    def price(n, rate=None):
        return n * (rate or RATE)

    @playbook
    async def priced(n, rate=None):
        return await asyncio.to_thread(price, n, rate)
    ```
    ## Main
    ### Triggers
    - When the program starts
    ### Steps
    - Go
    """
    run = start(written(block, {"Main": ("await Return(await priced(2))", "await Return(await priced(2, RATE))")}))
    assert "NameError: RATE is the agent's data, which no thread sees: hand it over as an argument" in told(run)
    assert run.results["1000"] == [6]
