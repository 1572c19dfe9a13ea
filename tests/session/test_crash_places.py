"""A crash in each place that earlier engines did not come back from: the resume ends as the run that nobody stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
from session.crashes import CRASHED, TEAM, Bench, committed, model_called, nth, waits_for_person

from playbooks.runtime.notices import ModelCalled, Notice


def test_crash_at_item_2_of_3_in_a_loop() -> None:
    bench = Bench(
        {
            "Main": """
            items = ["a", "b", "c"]
            done = []
            for item in items:
                await Say("user", f"now {item}")
                done.append(await do(item))
            await Say("user", f"did {done}")
            await Return(done)
            """
        }
    )
    whole, resumed = bench.crashed_and_resumed(committed("tool", "do('b')"))
    assert whole.did == ["a", "b", "c"]
    assert resumed.did == ["c"]
    assert resumed.said == ["now a", "now b", "now c", "did ['a', 'b', 'c']"]


def test_crash_inside_sub_3_called_by_main_whose_next_line_runs() -> None:
    bench = Bench(
        {
            "Main": """
            $before = 1
            x = await Sub(3)
            await Say("user", f"Main goes on with {x}")
            await Return(x + $before)
            """,
            "Sub": """
            await do(f"first of {n}")
            y = n * 10
            await do(f"second of {n}")
            await Return(y + n)
            """,
        },
        """
        # Clerk
        ```python
        {python}
        ```
        ## Main
        ### Triggers
        - When the program starts
        ### Steps
        - Go
        ## Sub($n)
        ### Steps
        - Go
        """,
    )
    _, resumed = bench.crashed_and_resumed(committed("tool", "first of 3"))
    assert resumed.did == ["second of 3"]
    assert resumed.said == ["Main goes on with 33"]


def test_crash_between_a_say_to_an_agent_and_its_receipt() -> None:
    bench = Bench(
        {
            "Main": """
            await Say("Worker", "one")
            await Say("Worker", "two")
            x = await Yld("Worker")
            await Say("user", x)
            await Return(x)
            """,
            "Work": """
            x = await Yld("Lead")
            while "two" not in x:
                x += " " + await Yld("Lead")
            await Say("Lead", f"I heard: {x}")
            await Return(x)
            """,
        },
        TEAM,
    )
    _, resumed = bench.crashed_and_resumed(committed("say", "one", "1000"))
    assert [text.split() for text in resumed.said] == [["I", "heard:", "one", "two"]]
    assert [text for sender, _, text in resumed.ending.messages if sender == "1000"][:2] == ["one", "two"]


def test_crash_during_yld_user() -> None:
    bench = Bench(
        {
            "Main": """
            await Say("user", "Who?")
            name = await Yld("user")
            await Say("user", f"Hello {name}")
            await Return(name)
            """
        },
        person=["Ann"],
    )
    _, resumed = bench.crashed_and_resumed(waits_for_person())
    assert resumed.said == ["Who?", "Hello Ann", "Ann"], "by sender"
    assert resumed.asked == [], "the response was all there"


def test_crash_mid_response_and_the_model_is_not_asked_again_for_what_it_had_said() -> None:
    script = """
        import asyncio
        from pathlib import Path

        async def respond(request):
            with open("program.asked", "a") as file:
                import json
                file.write(json.dumps([request.agent_id, request.playbook, request.turn, request.executed]) + "\\n")
            if request.executed:
                yield 'await Say("user", "two")\\nawait Return(2)\\n'
                return
            yield 'await do("one")\\nawait Say("user", "one")\\nawait Say("user", "tw'
            while not Path("one is said").exists():
                await asyncio.sleep(0)
            yield 'o")\\nawait Return(2)\\n'
        """
    bench = Bench({}, script=script)
    said = committed("say", "one")

    def crash(notice: Notice) -> bool:
        if not said(notice):
            return False
        Path("one is said").touch()
        return True

    whole, resumed = bench.crashed_and_resumed(crash)
    assert whole.asked == [["1000", "Main", 0, ""]]
    assert resumed.asked == [["1000", "Main", 0, 'await do("one")\nawait Say("user", "one")']]
    assert resumed.did == []
    assert resumed.said == ["one", "two"]


def test_crash_inside_a_python_playbook_at_country_3() -> None:
    bench = Bench(
        {
            "Main": """
            facts = await CollectFacts(["France", "Japan", "Kenya", "Peru"])
            await Say("user", "; ".join(facts))
            await Return(facts)
            """,
            "CountryFact": """
            await do(country)
            await Return(f"a fact of {country}")
            """,
        },
        """
        # Clerk
        ```python
        {python}
        ```
        ## Main
        ### Triggers
        - When the program starts
        ### Steps
        - Go
        ## CountryFact($country)
        ### Steps
        - Go
        """,
        python="""
        @playbook
        async def CollectFacts(countries):
            facts = []
            for country in countries:
                facts.append(await CountryFact(country))
            return facts
        """,
    )
    whole, resumed = bench.crashed_and_resumed(committed("tool", "Kenya"))
    assert whole.did == ["France", "Japan", "Kenya", "Peru"]
    assert resumed.did == ["Peru"]
    assert len(resumed.asked) == 1


def test_crash_inside_a_cross_agent_call() -> None:
    bench = Bench(
        {
            "Main": """
            $mine = "Lead's"
            price = await Worker.Quote("pen")
            await Say("user", f"{price}, {$mine}")
            await Return(price)
            """,
            "Work": """
            $mine = "Worker's"
            await Return(1)
            """,
            "Quote": """
            await do("looked up")
            $asked = what
            await do("worked out")
            await Return(f"{what} of {$mine}: 90")
            """,
        },
        TEAM,
    )
    _, resumed = bench.crashed_and_resumed(committed("tool", "looked up"))
    assert resumed.did == ["worked out"]
    assert resumed.said == ["pen of Worker's: 90, Lead's"]
    assert resumed.ending.variables["1001"]["asked"] == "'pen'"


def test_crash_in_a_meeting() -> None:
    bench = Bench(
        {
            "Main": """
            plan = await Standup("release")
            await Say("user", plan)
            await Return(plan)
            """,
            "Lead.Standup": """
            await Say("meeting", f"About the {topic}: what is done?")
            answer = await Yld("meeting")
            await Say("meeting", "And what is left?")
            left = await Yld("meeting")
            await Return(f"{answer} / {left}")
            """,
            "Builder.Standup": """
            n = 0
            while not (x := await Yld("meeting")).endswith("has ended"):
                n += 1
                await Say("meeting", f"answer {n}")
            await Return(n)
            """,
        },
        """
        # Lead
        ## Main
        ### Triggers
        - When the program starts
        ### Steps
        - Go
        ## Standup($topic)
        meeting: true
        required_attendees: [Builder]
        ### Steps
        - Go
        # Builder
        startup_mode: standby
        ## Standup($topic)
        meeting: true
        ### Steps
        - Go
        """,
    )
    _, resumed = bench.crashed_and_resumed(committed("say", "answer 1"))
    assert "answer 1" in resumed.said[-1] and "answer 2" in resumed.said[-1]
    assert resumed.ending.counts["meeting"] == 101


def test_crash_right_after_create_agent_with_the_name_mw1() -> None:
    bench = Bench(
        {
            "Main": """
            worker = await CreateAgent("Worker", name="MW1", pay=7)
            await Say("MW1", "go")
            x = await Yld("MW1")
            await Say("user", x)
            await Return(x)
            """,
            "Work": """
            x = await Yld("Lead")
            await Say("Lead", f"{$name} does it for {$pay}: {x}")
            await Return(x)
            """,
        },
        TEAM.replace("# Worker\n", "# Worker\n    startup_mode: standby\n"),
    )
    _, resumed = bench.crashed_and_resumed(committed("create"))
    assert resumed.said == ["MW1 does it for 7: go"]
    assert resumed.ending.variables["1001"] == {"name": "'MW1'", "pay": "7"}
    assert resumed.ending.counts["agent"] == 1002


def test_crash_at_call_49_of_50() -> None:
    bench = Bench(
        {"Main": 'if True:  # ends with the response\n    $n = $n + 1\n    await Say("user", f"{$n}")\n'},
        python="n = 0",
        settings={"max_llm_calls": 50},
    )
    whole, resumed = bench.crashed_and_resumed(nth(49, committed("say")))
    assert len(whole.asked) == 50
    assert len(resumed.asked) == 1
    assert resumed.said == [str(n) for n in range(1, 51)]
    assert "limit of 50 model calls" in resumed.ending.error


def test_crash_at_turn_400_of_an_endless_conversation_and_the_resume_does_not_replay_it() -> None:
    bench = Bench(
        {
            "Main": """
            n = 0
            while True:
                q = await Yld("user")
                note(q)
                n += 1
                await Say("user", f"{n}: {q}")
                if q == "bye":
                    break
            await Return(n)
            """
        },
        person=[*(f"q{n}" for n in range(1, 402)), "bye"],
    )
    whole, resumed = bench.crashed_and_resumed(committed("say", "400: q400"), verify=False)
    assert len(whole.did) == 402
    assert resumed.did == ["q400", "q401", "bye"], "only the turn in flight runs again, served from the record"
    assert resumed.asked == []
    assert [text for text in resumed.said if ":" in text] == [text for text in whole.said if ":" in text]


def test_crash_while_two_branches_of_a_gather_both_wait_for_the_person() -> None:
    bench = Bench(
        {
            "Main": """
            import asyncio
            async def ask(what):
                await Say("user", f"{what}?")
                return what, await Yld("user")
            both = await asyncio.gather(ask("name"), ask("town"))
            await Say("user", f"{both}")
            await Return(both)
            """
        },
        person=["Ann", "Rome"],
    )
    _, resumed = bench.crashed_and_resumed(waits_for_person(2), together=2)
    assert "[('name', 'Ann'), ('town', 'Rome')]" in resumed.said
    assert resumed.asked == [], "the response was all there"


def test_a_finally_with_an_await_at_ctrl_c_is_done_once_and_by_the_resume() -> None:
    bench = Bench(
        {
            "Main": """
            try:
                await Say("user", "Who?")
                name = await Yld("user")
            finally:
                await Say("user", "the end")
            await Return(name)
            """
        },
        person=["Ann"],
    )
    stopped = bench.play(interrupt=waits_for_person())
    assert (stopped.ending.status, stopped.said) == ("interrupted", ["Who?"])
    resumed = bench.play(resume=True)
    assert resumed.ending.status == "finished"
    assert sorted(resumed.said) == ["Ann", "Who?", "the end"]


def test_crash_after_two_resumes_in_a_row() -> None:
    bench = Bench(
        {
            "Main": """
            total = 0
            for n in [1, 2, 3, 4]:
                total += await do(n)
            await Say("user", f"{total}")
            await Return(total)
            """
        }
    )
    whole = bench.play(crash=committed("tool", "do(1)"))
    once = bench.play(storage=CRASHED, resume=True, crash=committed("tool", "do(2)"), copy="twice")
    twice = bench.play(storage="twice", resume=True, crash=committed("tool", "do(3)"), copy="thrice")
    thrice = bench.play(storage="thrice", resume=True)
    assert once.ending == twice.ending == thrice.ending == whole.ending
    assert [run.did for run in (once, twice, thrice)] == [["2", "3", "4"], ["3", "4"], ["4"]]


def test_crash_after_the_model_defined_a_helper_function_with_a_default() -> None:
    bench = Bench(
        {
            "Main": """
            rate = 3
            def price(x, by=rate * 2):
                return x * by
            rate = 100
            await do("defined")
            await Say("user", f"{price(1)} {price(1, 5)}")
            await Return(price(2))
            """
        }
    )
    _, resumed = bench.crashed_and_resumed(committed("tool", "defined"))
    assert resumed.said == ["6 5"], "the default is not evaluated anew"


def test_crash_after_the_model_defined_a_class_with_a_counter() -> None:
    bench = Bench(
        {
            "Main": """
            class Ticket:
                count = 0
                def __init__(self):
                    Ticket.count += 1
                    self.number = Ticket.count
            first, second = Ticket(), Ticket()
            await do("made")
            third = Ticket()
            await Say("user", f"{first.number} {second.number} {third.number} of {Ticket.count}")
            await Return(type(first) is Ticket)
            """
        }
    )
    _, resumed = bench.crashed_and_resumed(committed("tool", "made"))
    assert resumed.said == ["1 2 3 of 3"]


def test_crash_with_a_value_that_is_a_socket_says_what_was_lost_and_keeps_the_rest() -> None:
    bench = Bench(
        {
            "Main": (
                """
                import socket
                link = socket.socket()
                price = 80
                await do("open")
                x = link.fileno()
                link.close()
                await Say("user", "it is open")
                """,
                """
                await Say("user", f"price {price}")
                await Return(price)
                """,
            )
        }
    )
    whole = bench.play(crash=committed("tool", "open"))
    assert whole.said[0] == "it is open"
    resumed = bench.play(storage=CRASHED, resume=True)
    assert resumed.ending.status == "finished"
    assert resumed.said == ["price 80"]
    (told,) = [h.text for h in resumed.headers if h.kind == "error"]
    assert "link" in told and "socket" in told


def test_no_model_is_asked_while_a_resume_stands_in_a_response_that_was_all_there() -> None:
    bench = Bench({"Main": 'await do("a")\nif True:\n    await do("b")\n    await do("c")\nawait Return(1)\n'})
    _, resumed = bench.crashed_and_resumed(committed("tool", "do('b')"))
    assert resumed.did == ["c"]
    assert not [notice for notice in resumed.notices if isinstance(notice, ModelCalled)]


def test_crash_while_the_model_is_asked_asks_it_once_more_for_the_same() -> None:
    bench = Bench({"Main": ("await do(1)\n", "await do(2)\nawait Return(2)\n")})
    _, resumed = bench.crashed_and_resumed(model_called(2))
    assert resumed.asked == [["1000", "Main", 1, ""]]
    assert resumed.did == ["2"]


@pytest.mark.parametrize(
    ("defined", "used"),
    [
        (
            "from dataclasses import dataclass\n@dataclass\nclass Offer:\n    price: int = 3",
            "Offer(4), Offer() == Offer(3)",
        ),
        (
            "class Refused(Exception):\n    pass\nmade = Refused(7)",
            "Refused.__name__, made.args, isinstance(made, Refused)",
        ),
        ("import enum\nclass Color(enum.Enum):\n    RED = 1\nred = Color.RED", "red is Color.RED, Color(1)"),
        (
            "class Base:\n    n = 4\nclass More(Base):\n    @property\n    def twice(self):\n        return 2 * self.n",
            "More().twice",
        ),
        ("class Bare:\n    pass\nbare = Bare()\nbare.n = 3", "bare.n, isinstance(bare, Bare)"),
    ],
)
def test_a_class_of_the_model_without_a_method_of_its_own_comes_back_after_a_crash(defined: str, used: str) -> None:
    bench = Bench({"Main": f"{defined}\nawait do(1)\nawait Say('user', f'{{({used},)}}')\nawait EndProgram()\n"})
    whole, resumed = bench.crashed_and_resumed(committed("tool"))
    assert resumed.said == whole.said and len(whole.said) == 1
    assert not [header.degraded for header in resumed.headers if header.degraded]
    assert not [header.text for header in resumed.headers if header.kind == "error"]


def test_a_class_that_was_made_without_a_statement_is_told_as_one_that_cannot_be_stored() -> None:
    bench = Bench({"Main": "T = type('T', (), {})\nt = T()\nawait do(1)\nawait EndProgram()\n"})
    whole = bench.play()
    assert whole.ending.status == "finished"
    assert whole.headers[1].degraded == ("$T", "$t")
