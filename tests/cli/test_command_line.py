"""What the commands take, what they say of mistakes, and what they leave the process with."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
import types
from pathlib import Path
from typing import Any

import click
import pytest
from cli.fake_session import SELLER, FakeSession, Row, ask, found, said
from click.testing import CliRunner

from playbooks import cli
from playbooks.cli import debug, entry
from playbooks.cli.arguments import RunCommand, assignment, shared_options, typed_name
from playbooks.cli.leaving import leaving
from playbooks.cli.run import play
from playbooks.console.transcript import Taste
from playbooks.errors import ExitStatus, UserError
from playbooks.runtime.decisions import decision_of
from playbooks.runtime.notices import AgentView, MessageSent
from playbooks.session.resume import FailedAgent, ResumedAgent

EXAMPLES = Path(__file__).parents[2] / "examples"


def taken(*arguments: str) -> dict[str, Any]:
    """What a command with the shared options makes of arguments."""
    seen: dict[str, Any] = {}

    @click.command(cls=RunCommand)
    @click.argument("programs", nargs=-1)
    @shared_options
    def command(**given: Any) -> None:
        seen.update(given)

    command.main(list(arguments), standalone_mode=False)
    return seen


@pytest.mark.parametrize(
    ("arguments", "resume", "programs"),
    [
        (["a.pb"], None, ("a.pb",)),
        (["a.pb", "--resume"], True, ("a.pb",)),
        (["--resume", "a.pb"], True, ("a.pb",)),
        (["a.pb", "--resume", "s3"], "s3", ("a.pb",)),
        (["--resume", "1000_ckpt_12", "a.pb", "b.pb"], "1000_ckpt_12", ("a.pb", "b.pb")),
        (["--resume", "human_ckpt_1", "a.pb"], "human_ckpt_1", ("a.pb",)),
        (["a.pb", "--resume=s3"], "s3", ("a.pb",)),
        (["a.pb", "--resume", "--trust"], True, ("a.pb",)),
        (["--", "--resume", "s3"], None, ("--resume", "s3")),
    ],
)
def test_resume_takes_a_word_only_when_it_is_an_id(arguments: list[str], resume: object, programs: object) -> None:
    given = taken(*arguments)
    assert (given["resume"], given["programs"]) == (resume, programs)


def test_resume_of_something_that_is_no_id_says_what_an_id_is() -> None:
    with pytest.raises(click.BadParameter, match="s3 is a session"):
        taken("a.pb", "--resume=1000")


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("price=80", "price", 80),
        ("$price=80", "price", 80),
        ("1001.mood=grim", "1001.mood", "grim"),
        ("1001.$mood='80'", "1001.mood", "80"),
        ("offers=[60, 75]", "offers", [60, 75]),
        ("note=a=b", "note", "a=b"),
        ("note=", "note", ""),
        ("none=None", "none", None),
        ("keys={[60]: 75}", "keys", "{[60]: 75}"),
        ("members={[60]}", "members", "{[60]}"),
        ("deep=" + "(" * 500, "deep", "(" * 500),
        ("deep=" + "-" * 9_000 + "1", "deep", "-" * 9_000 + "1"),
    ],
)
def test_a_value_is_a_python_literal_or_else_text(text: str, name: str, value: object) -> None:
    assert assignment(text) == (name, value)
    assert decision_of(f"= {text.partition('=')[2]}") == ("result", value)


@pytest.mark.parametrize("text", ["price", "=80", "1price=3", "Buyer.price=80", "for=1", "a b=1", "1000.=1"])
def test_what_sets_nothing_is_a_mistake(text: str) -> None:
    with pytest.raises(UserError, match="sets nothing; write NAME=VALUE"):
        assignment(text)


def ran(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "playbooks", *arguments], capture_output=True, text=True, timeout=300, **options
    )


@pytest.mark.parametrize("command", ["run", "fork", "debug"])
def test_where_a_run_cant_be_interrupted_none_begins(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert entry.run_command([command, "a.pb"]) == 2
    assert capsys.readouterr().err == f"playbooks {command}: runs on Linux and macOS; on Windows, in WSL\n"


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell closes them")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_what_is_closed_is_neither_missed_nor_a_file_of_ours(closed: str) -> None:
    Path("a.pb").write_text("# A\n## B\n### Steps\n- Say hi\n")
    command = [sys.executable, "-m", "playbooks", "compile", "a.pb"]
    done = subprocess.run(["sh", "-c", f'"$@" {closed}', "sh", *command], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")


TALKS = "---\nmodel: script:m.py\n---\n# A\n## M\n### Triggers\n- When the program starts\n### Steps\n- Say hi\n"
HI = """def respond(request):
    return 'await Say("user", "hi")\\nawait Say("user", "ho")\\nawait EndProgram()\\n'
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("command", ["compile", "run"])
def test_a_full_disk_below_stdout_is_one_line_and_no_mistake_of_the_program(command: str) -> None:
    Path("a.pb").write_text(TALKS)
    Path("m.py").write_text(HI)
    arguments = [sys.executable, "-m", "playbooks", command, "a.pb"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(arguments, stdout=full, stderr=subprocess.PIPE, text=True, timeout=300)
    said = "standard output can't be written: No space left on device; make room, or write elsewhere"
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, said)
    assert "a.pb" not in done.stderr and "mistake" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said_about_it"),
    [
        (["rum"], "playbooks: no command 'rum'; did you mean run?"),
        (["./x.pb"], "playbooks: no command './x.pb'; write playbooks run ./x.pb"),
        (["run"], "playbooks run: missing argument 'PROGRAM...'; see playbooks run --help"),
        (["run", "--resume"], "playbooks run: --resume without an id needs PROGRAM; see playbooks run --help"),
        (["run", "--loud", "a.pb"], "playbooks run: no such option '--loud'"),
        (["fork", "1000_ckpt_2", "--result"], "playbooks fork: option '--result' requires an argument; see"),
        (["run", "a.pb", "--snoop", "maybe"], "'--snoop': 'maybe' is neither true nor false; see playbooks run --help"),
        (["compile", "missing.pb"], "missing.pb: no such file"),
        (["run", "a.pb", "--resume", "s-1"], "playbooks run: 's-1' is no id to resume; one looks like s3 or"),
        (["debug", "a.pb"], "debug needs a terminal; without one: playbooks run a.pb --snoop true"),
        (["debug", "a.pb", "--resume"], "without one: playbooks run a.pb --snoop true --resume"),
        (["debug", "--resume", "s1"], "without one: playbooks timeline s1"),
        (["debug", "--resume", "1000_ckpt_2"], "without one: playbooks show 1000_ckpt_2"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_line_on_stderr_and_status_2(arguments: list[str], said_about_it: str) -> None:
    done = ran(*arguments, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout) == (2, "")
    assert said_about_it in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_debug_says_that_a_dumb_terminal_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = types.SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr(debug, "sys", types.SimpleNamespace(stdin=terminal, stdout=terminal))
    monkeypatch.setenv("TERM", "dumb")
    assert debug.command.callback is not None
    with pytest.raises(UserError, match=r"TERM is dumb; without one: .*playbooks run a.pb --snoop true"):
        debug.command.callback(("a.pb",), (), None, None, (), None, False, False, False)


@pytest.mark.parametrize(
    ("typed", "found", "said"),
    [
        (".venv/bin/playbooks", None, ".venv/bin/playbooks"),
        ("/here/bin/playbooks", "/here/bin/playbooks", "playbooks"),
        ("/here/playbooks/__main__.py", None, "playbooks"),
    ],
)
def test_a_command_to_be_typed_is_one_the_shell_finds(
    typed: str, found: str | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [typed])
    monkeypatch.setattr("shutil.which", lambda name: found)
    assert typed_name() == said


def test_the_help_of_every_command_names_what_the_contract_fixes() -> None:
    flags = {
        "run": ["--resume", "--snoop", "--model", "--set", "--message", "--trust", "--quiet", "-v"],
        "debug": ["--resume", "--break", "--model", "--set", "--message", "--trust", "--pause"],
        "compile": ["--output"],
        "sessions": ["--json"],
        "timeline": ["[SESSION]", "--json"],
        "show": ["CHECKPOINT", "--json"],
        "diff": ["A B", "--json"],
        "fork": ["--before", "--result", "--set", "--say", "--response", "--regenerate", "--model", "--temperature",
                 "--program", "--label", "--plan", "--trust"],
        "label": ["CHECKPOINT|SESSION TEXT"],
        "export": ["[SESSION]", "--format", "md|html"],
        "prune": ["--keep", "--session", "--all", "--dry-run"],
        "doctor": ["--fix"],
    }  # fmt: skip
    for command, names in flags.items():
        help_text = CliRunner().invoke(entry.playbooks, [command, "--help"]).output
        assert [name for name in names if name not in help_text] == []


def test_importing_and_helping_load_no_screen_no_provider_and_no_markdown() -> None:
    code = (
        "import sys, playbooks\n"
        "from playbooks.cli.entry import run_command\n"
        "for words in (['--help'], ['run', '--help'], ['compile', sys.argv[1]]): run_command(words)\n"
        "heavy = {'textual', 'litellm', 'rich.markdown', 'playbooks_tui', 'openai'}\n"
        "print('loaded:', sorted(heavy & set(sys.modules)))\n"
    )
    program = str(EXAMPLES / "negotiation.pb")
    done = subprocess.run([sys.executable, "-c", code, program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded: []"


def test_compile_prints_every_step_with_its_number() -> None:
    done = ran("compile", str(EXAMPLES / "negotiation.pb"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "- 01:EXE Create a Buyer and a Boss" in done.stdout


def test_compile_writes_to_a_folder_and_says_where() -> None:
    done = ran("compile", str(EXAMPLES / "negotiation.pb"), "--output", "out/deep")
    assert done.stdout == "out/deep/negotiation.pbasm\n"
    again = ran("compile", "out/deep/negotiation.pbasm")
    assert again.stdout == Path("out/deep/negotiation.pbasm").read_text()


def test_a_reader_that_leaves_early_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "playbooks", "compile", str(EXAMPLES / "negotiation.pb")]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=300)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def unexpected(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    secret = types.ModuleType("playbooks.cli.compile")

    @click.command(context_settings={"ignore_unknown_options": True})
    @click.argument("rest", nargs=-1)
    def command(rest: tuple[str, ...]) -> None:
        token = "sk-very-secret"
        raise RuntimeError(f"broke after {len(token)} letters")

    secret.command = command  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "playbooks.cli.compile", secret)
    assert entry.run_command(["compile", *arguments]) == ExitStatus.FAILED
    return capsys.readouterr().err


def test_a_mistake_of_ours_is_a_short_line_without_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = unexpected(monkeypatch, capsys).splitlines()
    assert lines[0] == "playbooks: unexpected RuntimeError: broke after 14 letters"
    assert len(lines) == 2
    assert "report it" in lines[1]


def test_its_traceback_comes_with_v_and_never_shows_locals(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = unexpected(monkeypatch, capsys, "-v")
    assert "Traceback" in shown
    assert "token = 'sk" not in shown


def played(
    session: FakeSession, capsys: pytest.CaptureFixture[str], taste: Taste | None = None
) -> tuple[int, str, str]:
    async def playing() -> int:
        async with asyncio.timeout(60):
            return await play(session, taste or Taste(), ["playbooks", "run", "my pen.pb"])  # type: ignore[arg-type]

    status = asyncio.run(playing())
    out, err = capsys.readouterr()
    return status, out, err


def test_a_resume_prints_what_the_guide_shows(capsys: pytest.CaptureFixture[str]) -> None:
    resumed = found(ResumedAgent("1000", "1000_ckpt_7", 'await Say("user", "hi")'), ResumedAgent("1002", "", ""))
    _, out, _ = played(FakeSession(id="s1", resumed=resumed), capsys)
    assert out == (
        "🔄 Found checkpoint for agent 1000\n"
        "   Checkpoint: 1000_ckpt_7\n"
        '   Last statement: await Say("user", "hi")\n'
        "✅ Resumed execution for agent 1000\n"
        "⚠️  No checkpoints found for agent 1002\n"
    )


def test_a_resume_says_what_it_skipped_and_what_had_been_said_after_it(capsys: pytest.CaptureFixture[str]) -> None:
    resumed = found(
        skipped=("1000_ckpt_8: truncated",),
        said_after=("1000: 80, and it is yours.",),
        changed_files=("pen.pb",),
        failed=(FailedAgent("1001", "Buyer", "Main failed 3 times", "1001_ckpt_4"),),
        models=("anthropic/claude-haiku-4-5", "openai/gpt-5"),
    )
    _, _, err = played(FakeSession(id="s1", resumed=resumed), capsys)
    assert err.splitlines() == [
        "Skipped 1000_ckpt_8: truncated",
        "Going on from 1000_ckpt_7.",
        "After it this had already been said:",
        "  1000: 80, and it is yours.",
        "pen.pb has changed since; what was recorded runs.",
        "What is there now runs with: playbooks fork 1000_ckpt_7 --program pen.pb",
        "openai/gpt-5 answers from here on; anthropic/claude-haiku-4-5 did so far.",
        "Buyer 1001 has failed and stays so: Main failed 3 times",
        "Ask its model anew from before that with: playbooks fork 1001_ckpt_4 --regenerate",
    ]


def test_a_resume_without_a_session_warns_as_the_guide_shows_and_starts_afresh(
    capsys: pytest.CaptureFixture[str],
) -> None:
    session = FakeSession([MessageSent(said("1000", "human", "Hello"))])
    session.agents = {"human": AgentView("human", "human", "ready"), "1000": SELLER}
    asyncio.run(play(session, Taste(), [], resuming=True))  # type: ignore[arg-type]
    assert capsys.readouterr().out == (
        "\n⚠️  No checkpoints found for agent 1000\n⚠️  No checkpoints found for agent human\nSeller → you: Hello\n"
    )


def test_an_interrupt_says_on_stderr_how_to_resume(capsys: pytest.CaptureFixture[str]) -> None:
    async def pressed(session: FakeSession) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    session = FakeSession([pressed], id="s1", timeline=[Row("human_ckpt_1"), Row("1000_ckpt_7")])
    status, out, err = played(session, capsys)
    assert (status, out) == (130, "")
    assert err == "Interrupted at 1000_ckpt_7.\nResume with: playbooks run 'my pen.pb' --resume s1\n"


def test_an_interrupt_with_nothing_kept_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    async def pressed(session: FakeSession) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    status, _, err = played(FakeSession([pressed]), capsys)
    assert status == 130
    assert re.search(r"Nothing was kept: \[durability\] enabled = true", err)


def test_a_failed_run_says_why_and_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    why = "Seller 1000 failed 3 turns in a row"
    session = FakeSession(id="s2", exit_status=ExitStatus.FAILED, error=why, timeline=[Row("1000_ckpt_1")])
    status, _, err = played(session, capsys)
    assert (status, err.splitlines()[0]) == (1, why)
    assert err.splitlines()[1].endswith("--resume s2")


def test_where_an_agent_was_given_up_no_resume_is_named_which_would_leave_it_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def last(checkpoint: str) -> str:
        failed = (FailedAgent("1000", "Seller", "Main failed", checkpoint),)
        rows = [Row("1000_ckpt_4")]
        session = FakeSession(id="s2", exit_status=ExitStatus.FAILED, error="no", timeline=rows, failed=failed)
        return played(session, capsys)[2].splitlines()[-1]

    assert last("1000_ckpt_3").endswith("playbooks fork 1000_ckpt_3 --regenerate")
    assert last("") == (
        "Seller had done nothing yet that can be gone back to; run it again with: playbooks run 'my pen.pb'"
    )


def test_no_resume_is_named_where_nothing_was_kept_or_what_was_is_gone(capsys: pytest.CaptureFixture[str]) -> None:
    why = "no room"
    assert played(FakeSession(id="s2", exit_status=ExitStatus.FAILED, error=why), capsys)[2] == "no room\n"
    failed = [FailedAgent("1000", "Seller", "Main failed", "1000_ckpt_3")]
    for status in (ExitStatus.FAILED, ExitStatus.INTERRUPTED):
        session = FakeSession(
            id="s2", exit_status=status, timeline=[Row("1000_ckpt_1")], taken_away=True, failed=failed
        )
        last = played(session, capsys)[2].splitlines()[-1]
        assert last == "Nothing can be resumed: the checkpoints of s2 are not in .checkpoints any more."
    session = FakeSession(exit_status=ExitStatus.INTERRUPTED, durable=True)
    assert played(session, capsys)[2].splitlines()[-1] == "Nothing was kept: no await had completed yet."


@pytest.mark.parametrize("quiet", [False, True])
@pytest.mark.parametrize(
    ("turn", "why"),
    [
        ("raise KeyError('x')", "m.py:2: KeyError: 'x'"),
        ("return 'await Say(1)'", "Main failed 3 times in a row"),
        ("return ''", "the response held no code"),
    ],
)
def test_why_a_run_failed_is_one_line(turn: str, why: str, quiet: bool, capsys: pytest.CaptureFixture[str]) -> None:
    Path("p.pb").write_text("# Host\n## Main\n### Triggers\n- When the program starts\n### Steps\n- Go\n")
    Path("m.py").write_text(f"def respond(request):\n    {turn}\n")
    status = entry.run_command(["run", "p.pb", "--model", "script:m.py", *(["--quiet"] if quiet else [])])
    out, err = capsys.readouterr()
    assert (status, out) == (1, "")
    assert len(err.splitlines()) == 1 and why in err


def test_a_run_whose_agent_failed_names_the_fork_that_goes_otherwise(capsys: pytest.CaptureFixture[str]) -> None:
    session = FakeSession(id="s2", exit_status=ExitStatus.FAILED, error="Seller failed")
    session.failed = [FailedAgent("1000", "Seller", "Main failed", "1000_ckpt_3")]
    assert played(session, capsys)[2].splitlines() == [
        "Seller failed",
        "Ask its model anew from before that with: playbooks fork 1000_ckpt_3 --regenerate",
    ]


def test_a_finished_run_prints_nothing_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    session = FakeSession([MessageSent(said("1000", "human", "Hello"))], id="s1")
    assert played(session, capsys) == (0, "Seller → you: Hello\n", "")


def test_a_question_nobody_can_answer_ends_with_status_3(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    status, _, _ = played(FakeSession([ask("1000")]), capsys)
    assert status == 3


def test_the_second_signal_is_ignored_and_the_third_kills() -> None:
    code = (
        "import os, signal, sys\n"
        "from playbooks.cli.leaving import leaving\n"
        "with leaving(lambda: print('sealing', flush=True)):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    print('still leaving', flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    print('never printed', flush=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout) == (130, "sealing\nstill leaving\n")


def test_after_a_run_signals_mean_again_what_they_meant_before() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with leaving(lambda: None):
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_command_can_be_called_in_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "is_process", False)
    ended: list[object] = []

    def call() -> None:
        try:
            cli.main(["compile", "--help"])
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    assert [getattr(error, "code", error) for error in ended] == [0]
