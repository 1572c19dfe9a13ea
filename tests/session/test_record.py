"""What the record tells of a session: histories, places, hits, prompts, costs, comparisons; and that it never runs."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest

from playbooks import DebugSession
from playbooks.config import Config
from playbooks.errors import UserError
from playbooks.runtime.breakpoint import parse_breakpoint
from playbooks.runtime.notices import BreakpointHit, Notice
from playbooks.session.differences import differences
from playbooks.session.moment import Moment
from playbooks.session.record import Found, PastHit, SessionRecord
from playbooks.session.record.comparing import variables_across
from playbooks.session.record.reader import Reader
from playbooks.session.record.responses import code_at
from playbooks.state.rows import ProgressRow

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A negotiation, and a fork of it in which the price was set lower; with the breakpoints that were hit live."""
    made = tmp_path_factory.mktemp("record")
    for name in ("negotiation.pb", "haggle_model.py"):
        shutil.copy(EXAMPLES / name, made / name)
    return made


BREAKPOINTS = [
    "Haggle:02", "say /80/", "from Buyer", "to Boss", "$price < 97", "len($offers) > 0", "call Haggle",
    "playbook Haggle", "tool Counter", "code /Advise|Counter/", "Boss", "say /./ if $price < 97",
]  # fmt: skip


class Played:
    """The session after its run, open."""

    def __init__(self, session: DebugSession, hits: dict[str, list[str]], fork: str) -> None:
        self.session, self.hits, self.fork = session, hits, fork
        self.record: SessionRecord = session.record

    def id(self, text: str, branch: str = "main", nth: int = 0) -> str:
        """The nth checkpoint of a branch with this in its statement or text."""
        found = [
            header.id
            for header in self.session.timeline
            if header.branch == branch and (text in header.statement or text in header.text)
        ]
        return found[nth]


@pytest.fixture(scope="module")
def played(folder: Path) -> Iterator[Played]:
    async def main() -> Played:
        patch = pytest.MonkeyPatch()
        patch.chdir(folder)
        try:
            kept = {"storage_path": str(folder / ".checkpoints")}
            config = Config.load(overrides={"model": {"token_delay_s": 0}, "durability": kept}).for_debug()
            session = DebugSession.open("negotiation.pb", config=config, breakpoints=BREAKPOINTS)
            await session.__aenter__()
            hits: dict[str, list[str]] = {}

            def told(notice: Notice) -> None:
                if isinstance(notice, BreakpointHit):
                    hits.setdefault(notice.where, []).append(notice.checkpoint)
                    session.go()

            session.subscribe(told)
            assert await session.run() == "finished"
            live = {where: list(at) for where, at in hits.items()}
            at = next(header for header in session.timeline if "Counter(" in header.text)
            branch = await session.fork(at.id, result=84)
            assert await session.run() == "finished"
            return Played(session, live, branch.name)
        finally:
            patch.undo()

    found = asyncio.run(main())
    yield found
    asyncio.run(found.session.__aexit__(None, None, None))


# -- variables -------------------------------------------------------------------------------------------------------


def test_the_history_of_a_variable_is_each_value_it_had_newest_first(played: Played) -> None:
    main = [header for header in played.session.timeline if header.branch == "main"]
    entries = [entry for entry in played.record.history(main[-1].id, "1000", "$price") if entry.where == "past"]
    known: list[object] = []
    for header in main:
        value = played.record.moment(header.id).variables("1000").get("$price")
        if value is not None and (not known or known[-1] != value):
            known.append(value)
    assert [entry.value for entry in reversed(entries)] == known
    for entry in entries:
        assert played.record.moment(entry.header.id).variables("1000")["$price"] == entry.value


def test_what_came_later_and_on_other_branches_is_marked(played: Played) -> None:
    first = played.id("Buyer 1001")
    where = [(entry.where, entry.value) for entry in played.record.history(first, "1000", "$price")]
    assert where[-1] != ("past", 84)
    assert ("past", 100) in where
    assert ("later", 95) in where
    assert ("other", 84) in where
    assert len(set(map(str, where))) == len(where)


def test_who_changed_it_last_is_found_and_then_the_one_before(played: Played) -> None:
    last = [header for header in played.session.timeline if header.branch == "main"][-1]
    values = []
    at = last.id
    while at and (entry := played.record.changed_last(at, "1000", "$price")) is not None:
        values.append(entry.value)
        at = entry.header.parent
    assert values[-1] == 100
    assert values == [
        entry.value for entry in played.record.history(last.id, "1000", "$price") if entry.where == "past"
    ]


def test_a_moment_read_on_from_one_that_is_kept_is_what_its_chain_adds_up_to(played: Played) -> None:
    record, ids = played.record, [header.id for header in played.session.timeline]
    random.Random(1).shuffle(ids)
    reader = Reader(lambda: record.reader.store, lambda: record.reader.headers)
    for id in ids:
        before = {kept: moment.state.copy() for kept, moment in reader._moments.items()}
        moment, folded = reader.moment(id), reader.chain(id).folded
        assert (moment.header, moment.state, moment.trusted) == (folded.header, folded.state, True)
        assert all(moment.state == before.get(kept, moment.state) for kept, moment in reader._moments.items())


def test_the_values_of_a_variable_are_those_that_asking_again_at_each_parent_gives(played: Played) -> None:
    some = 0
    for header in played.session.timeline[::4]:
        for name in ("$price", "$offers", "item"):
            asked, id = [], header.id
            while id and (entry := played.record.changed_last(id, "1000", name)) is not None:
                asked.append(entry.header.id)
                id = entry.header.parent
            assert [entry.header.id for entry in played.record.past(header.id, "1000", name)] == asked
            some += len(asked) > 1
    assert some


def test_what_is_on_its_way_is_what_somebody_has_not_taken(played: Played) -> None:
    some = False
    for header in played.session.timeline:
        moment = played.record.moment(header.id)
        expected: dict[str, list[str]] = {}
        for message in moment.messages:
            for receiver in message.receivers:
                if receiver not in message.delivered:
                    expected.setdefault(receiver, []).append(message.text)
        assert {agent: [row.text for row in rows] for agent, rows in moment.coming.items()} == expected
        some |= bool(expected)
    assert some


def test_the_place_of_a_change_is_the_statement_that_made_it(played: Played) -> None:
    last = [header for header in played.session.timeline if header.branch == "main"][-1]
    entries = list(played.record.history(last.id, "1000", "$price"))
    places = {entry.value: played.record.place(entry).statement for entry in entries if entry.where == "past"}
    assert places[95] == "$price = await Counter(60)"
    offers = played.record.changed_last(last.id, "1000", "$offers")
    assert offers is not None
    assert played.record.place(offers).statement.startswith("$offers.append(")
    assert played.record.place(offers).line > 0


def test_a_bare_name_is_the_frames_and_its_history_begins_with_the_call(played: Played) -> None:
    inside = played.id("Counter(", nth=0)
    entries = [entry for entry in played.record.history(inside, "1000", "item") if entry.where == "past"]
    assert [entry.value for entry in entries] == ["pen"]
    assert entries[0].first


def test_a_variable_that_never_was_has_no_history(played: Played) -> None:
    assert list(played.record.history(played.id("Buyer 1001"), "1000", "$nothing")) == []
    assert played.record.changed_last(played.id("Buyer 1001"), "1000", "$nothing") is None


# -- finding ---------------------------------------------------------------------------------------------------------


def found(played: Played, text: str, start: str = "") -> list[Found]:
    return [hit for hit in played.record.find(text, start) if hit is not None]


def test_statements_messages_and_variables_are_found(played: Played) -> None:
    assert any(hit.what == "statement" and "CreateAgent" in hit.excerpt for hit in found(played, "createagent"))
    said = found(played, "writes UNDER water")
    assert said[0].what == "message"
    assert said[0].excerpt[said[0].start :].lower().startswith("writes under water")
    kept = [hit for hit in found(played, "floor") if hit.what == "variable"]
    assert (kept[0].agent, kept[0].excerpt) == ("1000", "$floor = 70")
    assert found(played, "nowhere to be found") == []
    assert found(played, "") == []


def test_finding_begins_after_a_checkpoint_and_comes_round(played: Played) -> None:
    everywhere = [hit.header.id for hit in found(played, "Step(")]
    second = everywhere[1]
    again = [hit.header.id for hit in found(played, "Step(", second)]
    assert again[0] == everywhere[2]
    assert again[-1] == second
    assert sorted(again) == sorted(everywhere)


# -- breakpoints over the record -------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", BREAKPOINTS)
def test_the_record_gives_the_hits_that_the_live_run_had(played: Played, text: str) -> None:
    head = [header for header in played.session.timeline if header.branch == "main"][-1]
    where = str(parse_breakpoint(text))
    past = [hit for hit in played.record.hits_before(head.id, {1: parse_breakpoint(where)}) if hit is not None]
    assert [hit.header.sequence for hit in past] == sorted((hit.header.sequence for hit in past), reverse=True)
    live = [id for id in dict.fromkeys(played.hits[where]) if id != head.id]
    assert [hit.header.id for hit in reversed(past)] == live


def test_the_last_hit_is_before_where_one_looks_and_the_next_before_that(played: Played) -> None:
    wanted = {7: parse_breakpoint("from Buyer"), 9: parse_breakpoint("error"), 8: parse_breakpoint("Boss off")}
    head = [header for header in played.session.timeline if header.branch == "main"][-1]
    at, stops = head.id, []
    while (hit := next((hit for hit in played.record.hits_before(at, wanted) if hit), None)) is not None:
        stops.append(hit.header)
        assert (hit.id, hit.agent) == (7, "1001")
        at = hit.header.id
    says = [h for h in played.session.timeline if h.branch == "main" and h.agent == "1001" and h.kind == "say"]
    assert [header.id for header in stops] == [header.id for header in reversed(says)]


def test_without_breakpoints_nothing_is_hit(played: Played) -> None:
    hits: list[PastHit | None] = list(played.record.hits_before(played.session.timeline[-1].id, {}))
    assert hits == []


# -- responses -------------------------------------------------------------------------------------------------------


def test_the_prompt_behind_every_checkpoint_is_the_one_that_was_sent(played: Played) -> None:
    seen = set()
    for header in played.session.timeline:
        prompt = played.record.prompt(header.id)
        if prompt is not None:
            assert prompt.exact, header.id
            assert prompt.messages[0][0] == "system"
            seen.add(prompt.call)
    assert len(seen) >= 8


def test_the_code_of_a_checkpoint_tells_what_ran_runs_and_is_left(played: Played) -> None:
    at = played.id('CreateAgent("Buyer")')
    code = played.record.code(at)
    assert code is not None
    states = {line.text: line.state for line in code.lines}
    assert states['await Step("Main:01:EXE")'] == "ran"
    assert states['await CreateAgent("Buyer")'] == "runs"
    assert [line.state for line in code.lines[code.line :]] == ["left"] * (len(code.lines) - code.line)
    assert [line.state for line in code.lines[: code.line - 1]] == ["ran"] * (code.line - 1)
    assert code.lines[code.line - 1].text == 'await CreateAgent("Buyer")'
    assert (code.playbook, code.turn, code.agent) == ("Main", 1, "1000")
    other = played.record.code(played.id("Counter("), "1001")
    assert other is not None
    assert other.agent == "1001"
    assert played.record.code(played.session.timeline[0].id) is None


def test_the_code_of_a_response_under_way_ends_with_its_last_whole_line() -> None:
    text = 'await Say("user", "one")\nprint(1)\nawait Say("user", "tw'

    def lines(text: str, *, ended: bool = False, later: str = "", whole: bool = False) -> list[str]:
        progress = ProgressRow(1, 0, 1, None, ended)
        state = cast(Any, SimpleNamespace(response={1: text}, whole={}, frames={1: ("1000",)}))
        state.progress_of = lambda frame: progress
        state.frame = lambda frame: SimpleNamespace(agent="1000", playbook="Main")
        header = SimpleNamespace(agent="1001", line=0, playbook="Main")
        reader = SimpleNamespace(header=lambda _: header, moment=lambda _: SimpleNamespace(state=state))
        code = code_at(cast(Any, reader), "1001_ckpt_1", "1000", lambda frame, turn: (later, whole))
        assert code is not None and code.ended == (ended or whole)
        return [line.text for line in code.lines]

    assert lines(text) == ['await Say("user", "one")', "print(1)"]
    assert lines(text + 'o")\n') == ['await Say("user", "one")', "print(1)", 'await Say("user", "two")']
    assert lines(text + 'o")', ended=True)[-1] == 'await Say("user", "two")'
    assert lines('await Say("user", "one")\nprint(1)') == ['await Say("user", "one")']
    assert lines(text, later=text + 'o")\n')[2:] == ['await Say("user", "two")'], "what came of it since is known"
    assert lines(text, later=text + 'o")\nawait', whole=True)[2:] == ['await Say("user", "two")', "await"]
    assert lines(text, later="print(2)\nprint(3)\n") == lines(text), "another response's text is not its own"


# -- cost ------------------------------------------------------------------------------------------------------------


def test_what_checkpoints_cost_adds_up_to_what_their_branch_did(played: Played) -> None:
    for branch in ("main", played.fork):
        own = [header for header in played.session.timeline if header.branch == branch]
        whole = played.record.spent_on(branch)
        each = [played.record.spent(header.id) for header in own]
        assert whole.calls == sum(spent.calls for spent in each) > 0
        assert whole.input_tokens == sum(spent.input_tokens or 0 for spent in each)
        assert whole.checkpoints == len(own)
        assert sum(spent.ended for spent in each) == whole.calls
        assert all(spent.ended for spent in each if spent.input_tokens)
    with pytest.raises(UserError, match="there is no branch nowhere"):
        played.record.spent_on("nowhere")


# -- comparing -------------------------------------------------------------------------------------------------------


def test_two_branches_are_set_side_by_side_from_where_they_part(played: Played) -> None:
    found = played.record.compare("main", played.fork)
    assert found.fork is not None
    assert found.fork.id == played.id("Counter(")
    left = [pair.left for pair in found.pairs if pair.left]
    right = [pair.right for pair in found.pairs if pair.right]
    for side, branch in ((left, "main"), (right, played.fork)):
        own = [
            header
            for header in played.session.timeline
            if header.branch == branch and header.sequence > found.fork.sequence
            and header.kind not in ("step", "fork", "start", "interrupt")
        ]  # fmt: skip
        assert side == own
    assert any(not pair.same for pair in found.pairs)
    price = next(change for change in found.variables if change.name == "$price")
    assert price.fork is not None
    assert price.left != price.right
    assert ("1000", "$floor") in found.same
    assert found.spent_left.calls > 0
    assert found.spent_right.calls > 0 and found.spent_right.seconds > 0
    assert found.prompt is not None and found.prompt.left != found.prompt.right


def test_what_is_alike_only_as_far_as_a_row_has_room_is_not_called_the_same(alone: Path) -> None:
    (alone / "long.pb").write_text(
        "---\nmodel: script:model.py\n---\n# Host\n```python\n@playbook\nasync def Twice(text: str) -> str:\n"
        '    """Says it again."""\n    return text + text\n```\n## Main\n### Triggers\n- When the program starts\n'
        "### Steps\n- Tell it twice\n"
    )
    code = [
        "x = await Twice('a' * 150)",
        'await Say("user", x)',
        "y = await Twice(x)",
        "await Say('user', 'b' * 300)",
        "await EndProgram()",
    ]
    (alone / "model.py").write_text(f"def respond(request):\n    return {chr(10).join(code)!r}\n")

    async def main() -> dict[str, list[bool]]:
        config = Config.load(overrides={"model": {"token_delay_s": 0}}).for_debug()
        async with DebugSession.open("long.pb", config=config) as session:
            assert await session.run() == "finished"
            at = next(header for header in session.timeline if header.kind == "tool")
            branch = await session.fork(at.id, result="a" * 299 + "z")
            assert await session.run() == "finished"
            found: dict[str, list[bool]] = {}
            for pair in session.record.compare("main", branch.name).pairs:
                assert pair.left is not None and pair.right is not None and pair.left.text == pair.right.text
                found.setdefault(pair.left.kind, []).append(pair.same)
            return found

    assert asyncio.run(main()) == {"say": [False, True], "tool": [False], "end": [True]}


def test_a_checkpoint_and_an_earlier_one_have_an_empty_side(played: Played) -> None:
    early = played.id("Buyer 1001")
    found = played.record.compare(early, "main")
    assert found.fork is not None
    assert found.fork.id == early
    assert all(pair.left is None for pair in found.pairs)
    assert found.spent_left.calls == 0


def test_a_variable_is_compared_with_itself_where_a_parameter_hides_it_on_one_side() -> None:
    class Stood:
        agents: ClassVar = {"1000": None}
        header = SimpleNamespace(agent="1000")
        state = SimpleNamespace(session={})
        messages = ()

        def __init__(self, **variables: Any) -> None:
            self._variables = {name.replace("own_", "$"): value for name, value in variables.items()}

        def variables(self, agent: str) -> dict[str, Any]:
            return self._variables

    inside, after = Stood(own_countries=[1], countries=[1], own_price=1), Stood(own_countries=[1], own_price=2)
    changes = differences(cast(Moment, inside), cast(Moment, after), (None, None), None).variables
    assert [(change.name, change.a is None, change.b is None) for change in changes] == [
        ("countries", False, True),
        ("price", False, False),
    ]
    across = list(variables_across(changes, cast(Moment, inside), cast(Moment, after), cast(Moment, inside)))
    assert [(one.name, one.fork and one.fork["value"]) for one in across] == [("countries", [1]), ("$price", 1)]


def test_a_hit_in_a_python_playbook_whose_statement_is_not_recorded_does_not_call_without_arguments(
    alone: Path,
) -> None:
    for name in ("country_facts.pb", "country_facts_model.py"):
        shutil.copy(EXAMPLES / name, alone / name)

    async def main() -> set[str]:
        config = Config.load(overrides={"model": {"token_delay_s": 0}}).for_debug()
        async with DebugSession.open("country_facts.pb", config=config) as session:
            assert await session.run() == "finished"
            points = {1: parse_breakpoint("call CountryFact", session.program)}
            found = session.record.hits_before(session.timeline[-1].id, points)
            return {hit.text for hit in found if hit is not None}

    assert asyncio.run(main()) == {"call CountryFact at await CountryFact(…)"}


# -- watches ---------------------------------------------------------------------------------------------------------


def test_watches_have_the_value_of_their_moment_or_say_why_not(played: Played) -> None:
    at = played.id("Counter(")
    values = played.record.watch(at, "1000", ["$price - 1", "item", "len($offers)", "nothing", "1 +"])
    assert [(one.value, one.error) for one in values[:3]] == [("99", ""), ("'pen'", ""), ("1", "")]
    assert values[3].error == "there is no variable nothing here"
    assert "is no expression" in values[4].error


def test_what_is_not_there_is_one_line(played: Played) -> None:
    for act in (
        lambda: played.record.moment("1000_ckpt_999"),
        lambda: list(played.record.history("1000_ckpt_999", "1000", "$price")),
        lambda: list(played.record.find("x", "1000_ckpt_999")),
        lambda: played.record.compare("main", "nowhere"),
        lambda: played.record.prompt("1000_ckpt_999"),
    ):
        with pytest.raises(UserError, match="there is no checkpoint"):
            act()


def test_the_place_of_a_change_is_found_though_its_text_was_taken_up_with_a_later_await(alone: Path) -> None:
    (alone / "shop.pb").write_text(
        "---\nmodel: script:model.py\n---\n# Shop\nSells.\n"
        "## Main\n### Triggers\n- When the program starts\n### Steps\n"
        "- Sell\n"
    )
    said = 'await Say("user", "open")\\n$sold = 3\\n$left = 4\\nawait Say("user", "sold")\\nawait EndProgram()\\n'
    (alone / "model.py").write_text(f"def respond(request):\n    return '{said}'\n")
    config = Config.load(env={}, overrides={"model": {"token_delay_s": 0.005}}).for_debug()

    async def played() -> None:
        async with DebugSession.open("shop.pb", config=config) as session:
            assert await session.run() == "finished"
            last = session.timeline[-1].id
            for name, line in (("$sold", 2), ("$left", 3)):
                change = session.record.changed_last(last, "1000", name)
                assert change is not None and session.record.place(change).line == line

    asyncio.run(played())
