"""What a run looks like in a pipe and in a terminal, and how it hears the person."""

from __future__ import annotations

import asyncio
import io
import os
import re
from pathlib import Path

import pytest
from cli.fake_session import BUYER, SELLER, FakeSession, ask, said
from rich.console import Console

from playbooks.checkpoints.record import Header
from playbooks.console.answers import Answers
from playbooks.console.live import LiveConsole
from playbooks.console.plain import PlainConsole
from playbooks.console.transcript import Taste, Transcript, clean
from playbooks.runtime.notices import (
    AgentChanged,
    AgentView,
    Asked,
    Committed,
    MessageSent,
    ModelAnswered,
    ModelCalled,
    ModelRetried,
    Notice,
    Output,
    Question,
    StatusChanged,
    Writing,
    WritingDropped,
)

AGENTS = {"1000": SELLER, "1001": BUYER}
TALK: list[Notice] = [
    Committed(Header("1000_ckpt_1", "1000", 1, "s1", 2, "", "main", 1, "…", "create", text="Buyer 1001")),
    Writing("1000", "agent 1001", "This pen"),
    MessageSent(said("1000", "1001", "This pen is $100.")),
    Committed(Header("1000_ckpt_2", "1000", 2, "s1", 3, "", "main", 2, "…", "tool", text="Counter(60) = 95")),
    Output("1000", "looked at the shelf\n"),
    MessageSent(said("1000", "human", "The pen:\nsold at 80.")),
]


def plain(taste: Taste, notices: list[Notice]) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    console = PlainConsole(Transcript(taste, AGENTS), out=out, err=err)
    for notice in notices:
        console.listen(notice)
    console.end()
    return out.getvalue(), err.getvalue()


def drawn(taste: Taste, notices: list[Notice], width: int = 60) -> str:
    file = io.StringIO()
    rich = Console(
        file=file, width=width, force_terminal=True, color_system=None, highlight=False, legacy_windows=False
    )
    console = LiveConsole(Transcript(taste, AGENTS), console=rich)
    for notice in notices:
        console.listen(notice)
    console.end()
    return file.getvalue()


def test_without_snoop_only_what_is_said_to_the_person_and_printed_is_shown() -> None:
    out, _ = plain(Taste(), TALK)
    assert out == "Seller: looked at the shelf\nSeller → you: The pen:\n    sold at 80.\n"


def test_snoop_shows_what_agents_say_and_do() -> None:
    out, _ = plain(Taste(snoop=True), TALK)
    assert out.splitlines()[:3] == [
        "    Seller + Buyer 1001",
        "Seller → Buyer: This pen is $100.",
        "    Seller ◆ Counter(60) = 95",
    ]


def test_quiet_prints_the_bare_words_said_to_the_person() -> None:
    assert plain(Taste(snoop=True, quiet=True), TALK) == ("The pen:\nsold at 80.\n", "")


def test_a_pipe_gets_no_escape_codes_and_nothing_that_is_not_final() -> None:
    out, _ = plain(Taste(snoop=True), [Writing("1000", "agent 1001", "This p"), WritingDropped("1000")])
    assert out == ""


def test_warnings_and_errors_go_to_stderr() -> None:
    failed = AgentView("1000", "Seller", "failed", error="no more turns")
    out, err = plain(Taste(), [ModelRetried("1000", 2, 1.514457, "429"), AgentChanged(failed), AgentChanged(failed)])
    assert out == ""
    assert err.splitlines() == [
        "Seller: 429; the model is asked again in 1.5 s (attempt 2)",
        "Seller 1000: failed: no more turns",
    ]


def test_a_network_that_is_down_is_told_once_until_the_model_answers_again() -> None:
    def answered(error: str) -> ModelAnswered:
        return ModelAnswered("1000", 1, None, None, None, 0.1, error)

    down = [*(ModelRetried("1000", attempt, 0.4 * attempt, "no connection") for attempt in (1, 2, 3))]
    turn: list[Notice] = [*down, answered("no connection; check the network")]
    once = [
        "Seller: no connection; the model is asked again in 0.4 s (attempt 1)",
        "Seller: the model gave no whole answer: no connection; check the network",
    ]
    assert plain(Taste(), turn * 3)[1].splitlines() == once
    assert plain(Taste(), [*turn, answered(""), *turn])[1].splitlines() == once * 2
    assert len(plain(Taste(verbose=True), turn * 3)[1].splitlines()) == 12
    assert plain(Taste(quiet=True), turn)[1] == ""


def test_a_long_wait_for_a_model_is_told_each_time() -> None:
    waits: list[Notice] = [ModelRetried("1000", 1, 0.5, "429"), ModelRetried("1000", 2, 30.0, "429")]
    assert plain(Taste(), waits)[1].splitlines()[1] == "Seller: 429; the model is asked again in 30 s (attempt 2)"


def test_log_lines_are_shown_only_when_asked_for() -> None:
    notice: list[Notice] = [Output("1000", "cache miss", "log")]
    assert plain(Taste(), notice) == ("", "")
    assert plain(Taste(verbose=True), notice) == ("", "Seller: cache miss\n")


def test_agents_of_one_class_are_told_apart_by_their_ids() -> None:
    twin = AgentView("1002", "Buyer", "running")
    out, _ = plain(Taste(snoop=True), [AgentChanged(twin), MessageSent(said("1000", "1002", "Hello"))])
    assert out == "Seller → Buyer 1002: Hello\n"


def test_a_meeting_is_named_as_the_one_spoken_to() -> None:
    out, _ = plain(Taste(snoop=True), [MessageSent(said("1000", "1001", "Hello", meeting="101"))])
    assert out == "Seller → meeting 101: Hello\n"


def test_what_a_model_says_cannot_steer_the_terminal() -> None:
    assert clean("a\x1b[31mred\x07\r\nb\x9b2J\tc") == "a[31mred\nb2J\tc"
    assert clean("pay \u202e001\u202c, \u2067not 1\u2069") == "pay 001, not 1"
    assert "\x1b[31m" not in drawn(Taste(), [MessageSent(said("1000", "human", "\x1b[31mred"))])


def test_a_closed_pipe_is_told_once_and_what_comes_after_is_dropped() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    told: list[bool] = []
    console = PlainConsole(Transcript(Taste(), AGENTS), out=Closed(), on_closed=lambda: told.append(True))
    for _ in range(3):
        console.listen(MessageSent(said("1000", "human", "Hello")))
    assert told == [True]
    assert console.closed


def test_a_terminal_shows_what_is_being_written_before_it_is_said() -> None:
    text = drawn(Taste(snoop=True), [Writing("1000", "agent 1001", "This pen is"), WritingDropped("1000")])
    assert "This pen is▌" in text


def test_a_terminal_keeps_agents_talk_to_itself_without_snoop() -> None:
    text = drawn(Taste(), [Writing("1000", "agent 1001", "This pen is"), MessageSent(said("1000", "1001", "This pen"))])
    assert "This pen" not in text


def test_a_long_text_stays_beside_its_head() -> None:
    text = drawn(Taste(), [MessageSent(said("1000", "human", "word " * 30))], width=50)
    lines = [line for line in text.split("\n") if "word" in line]
    assert len(lines) > 2
    assert all(line.startswith(" " * len("Seller → you  ")) for line in lines[1:])


def test_a_terminal_says_what_goes_on_and_takes_it_back_at_the_end() -> None:
    text = drawn(Taste(), [StatusChanged("running", "Boss writes · 2 agents wait")])
    assert "Boss writes · 2 agents wait" in text
    assert text.endswith("\x1b[2K")


def test_what_goes_on_is_told_from_who_writes_and_who_waits() -> None:
    transcript = Transcript(Taste(), AGENTS)
    assert transcript.activity() == ""
    for notice in (
        ModelCalled("1000", 1, "m"),
        AgentChanged(BUYER),
        AgentChanged(AgentView("1002", "Boss", "waiting")),
    ):
        transcript.lines(notice)
    assert transcript.activity() == "Seller writes · 2 agents wait"
    transcript.lines(ModelAnswered("1000", 1, None, None, None, 0.1))
    transcript.lines(AgentChanged(AgentView("1001", "Buyer", "running")))
    assert transcript.activity() == "1 agent waits"


def test_typed_lines_are_not_shown_a_second_time() -> None:
    file = io.StringIO()
    console = LiveConsole(Transcript(Taste(), AGENTS), console=Console(file=file, force_terminal=True, width=60))
    console.ask("Seller")
    console.answered("75")
    console.listen(MessageSent(said("human", "1000", "75")))
    console.end()
    assert file.getvalue() == "you → Seller › "


def test_of_several_questions_the_one_that_is_answered_stands_above_the_line_once() -> None:
    file = io.StringIO()
    console = LiveConsole(Transcript(Taste(), AGENTS), console=Console(file=file, force_terminal=True, width=60))
    read, write = os.pipe()
    answers = Answers(FakeSession(), on_wait=lambda _, question: console.ask("Seller", question), stdin=read)
    price, day = Question("Main", "Which price?"), Question("Main", "Which day?")

    async def play() -> None:
        answers.listen(Asked(("1000",), (price,)))
        answers.listen(Asked(("1000", "1000"), (price, day)))
        answers.listen(Asked(("1000", "1000", "1000"), (price, day, day)))
        console.tell(["And one more thing."])
        answers.listen(Asked(("1000", "1000", "1000", "1000"), (price, day, day, day)))
        answers.stop()

    asyncio.run(play())
    os.close(read)
    os.close(write)
    assert re.sub(r"\x1b\[\d*[A-Za-z]|\r", "", file.getvalue()).split("you → Seller › ") == [
        "",
        "Seller asks “Which price?”\n",
        "And one more thing.\n",
        "Seller asks “Which price?”\n",
        "",
    ]


def test_the_last_of_several_questions_is_told_again_when_its_turn_comes() -> None:
    read, write = os.pipe()
    session, told = FakeSession(), []
    answers = Answers(session, on_wait=lambda _, question: told.append(question), stdin=read)
    price, day = Question("Main", "Which price?"), Question("Main", "Which day?")

    async def play() -> None:
        answers.listen(Asked(("1000", "1000"), (price, day)))
        for question in ((day,), (price,)):
            session._stirred.clear()
            os.write(write, b"80\n")
            await asyncio.wait_for(session._stirred.wait(), 60)
            answers.listen(Asked(("1000",), question))
        answers.stop()

    asyncio.run(play())
    os.close(read)
    os.close(write)
    assert told == ["“Which price?”", "“Which day?”", ""], "one that asks alone stands right above"


def answered(session: FakeSession, stdin: int | None) -> list[tuple[str, str | None]]:
    async def play() -> None:
        answers = Answers(session, stdin=stdin)
        session.subscribe(answers.listen)
        async with asyncio.timeout(60):
            await session.run()
        answers.stop()

    asyncio.run(play())
    return session.heard


@pytest.fixture
def pipe() -> tuple[int, int]:
    return os.pipe()


def test_each_question_takes_one_line_of_a_pipe(pipe: tuple[int, int]) -> None:
    os.write(pipe[1], "drei\nzwei\nü".encode())
    os.close(pipe[1])
    session = FakeSession([ask("1000"), ask("1001"), ask("1000"), ask("1000")])
    assert answered(session, pipe[0]) == [("drei", "1000"), ("zwei", "1001"), ("ü", "1000")]
    assert session.input_closed


def test_who_asked_first_is_answered_first(pipe: tuple[int, int]) -> None:
    os.write(pipe[1], b"yes\n")
    assert answered(FakeSession([ask("1001", "1000")]), pipe[0]) == [("yes", "1001")]


def test_answers_in_a_file_are_read_line_by_line() -> None:
    Path("answers").write_bytes(b"one\r\ntwo\n")
    stdin = os.open("answers", os.O_RDONLY)
    session = FakeSession([ask("1000"), ask("1000"), ask("1000")])
    assert answered(session, stdin) == [("one", "1000"), ("two", "1000")]
    assert session.input_closed


@pytest.mark.parametrize("stdin", [None, -1], ids=["none", "closed"])
def test_without_stdin_a_question_ends_the_input(stdin: int | None) -> None:
    session = FakeSession([ask("1000")])
    assert answered(session, stdin) == []
    assert session.input_closed


def test_a_program_that_asks_nothing_leaves_stdin_alone(pipe: tuple[int, int]) -> None:
    os.write(pipe[1], b"for the next command\n")

    async def turns_of_the_loop(session: FakeSession) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    answered(FakeSession([MessageSent(said("1000", "human", "Hello")), Asked(()), turns_of_the_loop]), pipe[0])
    assert os.read(pipe[0], 100) == b"for the next command\n"
