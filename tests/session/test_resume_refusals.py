"""What a resume says before it goes on: what was asked last, and what it can't take."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from session.crashes import CRASHED, Bench, committed

from playbooks import DebugSession
from playbooks.cli.entry import run_command
from playbooks.config import Config
from playbooks.errors import UserError
from playbooks.runtime.notices import Asked

pytestmark = pytest.mark.usefixtures("alone")
ASKS = """
    await Say("user", "Which order?")
    number = await Yld("user")
    await Say("user", f"{number} is on its way.")
    await Yld("call")
    await EndProgram()
    """


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = run_command(["run", *arguments])
    return status, *capsys.readouterr()


def test_a_resume_says_again_what_the_person_was_asked_last_as_long_as_no_answer_came() -> None:
    bench = Bench({"Main": ASKS}, person=["1001"])
    bench.play(interrupt=lambda notice: isinstance(notice, Asked) and bool(notice.agents))
    resumed = bench.play(resume=True, crash=committed("say", "1001", "human")).resumed
    assert resumed is not None and [message.text for message in resumed.asked] == ["Which order?"]
    answered = bench.play(storage=CRASHED, resume=True).resumed
    assert answered is not None and not answered.asked


def test_the_command_shows_it_before_it_waits(capsys: pytest.CaptureFixture[str]) -> None:
    bench = Bench({"Main": ASKS})
    bench.play(interrupt=lambda notice: isinstance(notice, Asked) and bool(notice.agents))
    _, out, _ = ran(capsys, bench.file, "--resume", "--quiet")
    assert out == "Which order?\n"


def test_a_finished_session_that_is_named_is_said_to_be_finished(capsys: pytest.CaptureFixture[str]) -> None:
    bench = Bench({"Main": "await EndProgram()\n"})
    last = bench.play().headers[-1].id
    for id in ("s1", last):
        status, out, err = ran(capsys, bench.file, "--resume", id)
        assert (status, out) == (0, "")
        assert err.startswith("session s1 of program.pb is finished: nothing to resume; `playbooks timeline s1` shows")


def test_a_session_of_another_program_is_refused_and_one_of_a_moved_file_goes_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench = Bench({"Main": ASKS}, name="tea")
    bench.play(interrupt=lambda notice: isinstance(notice, Asked) and bool(notice.agents))
    Path("coffee.pb").write_text(Path("tea.pb").read_text() + "\n")
    assert ran(capsys, "coffee.pb", "--resume", "s1") == (
        2, "", "s1 is a session of tea.pb, not of coffee.pb; name tea.pb, or another session\n"
    )  # fmt: skip
    Path("tea.pb").rename("other.pb")
    assert ran(capsys, "other.pb", "--resume", "s1")[2] == (
        "s1 is a session of tea.pb, not of other.pb; tea.pb is not there any more: "
        "give other.pb its name again, or `playbooks fork CHECKPOINT --program other.pb`\n"
    )
    Path("other.pb").rename("tea.pb")
    Path("moved").mkdir()
    for file in ("tea.pb", "tea_model.py"):
        Path(file).rename(f"moved/{file}")
    Path("tea_model.py").symlink_to("moved/tea_model.py")  # what was recorded runs, and names it
    assert ran(capsys, "moved/tea.pb", "--resume", "s1")[0] == 3


def test_an_id_alone_resumes_and_the_program_is_named_in_the_next_line_as_long_as_it_is_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench = Bench({"Main": ASKS})
    played = bench.play(interrupt=lambda notice: isinstance(notice, Asked) and bool(notice.agents))
    for id in ("s1", played.headers[-1].id):
        status, out, err = ran(capsys, "--resume", id)
        assert (status, "Which order?" in out) == (3, True)
        assert err.splitlines()[-1] == "Resume with: playbooks run program.pb --resume s1"
    Path("program.pb").write_text(Path("program.pb").read_text() + "\n")
    assert "program.pb has changed since; what was recorded runs." in ran(capsys, "--resume", "s1")[2]
    Path("program.pb").write_text("no program")
    assert ran(capsys, "--resume", "s1")[0] == 3
    Path("program.pb").unlink()
    assert ran(capsys, "--resume", "s1")[2].splitlines()[-1] == "Resume with: playbooks run --resume s1"
    assert ran(capsys, "--resume", "s7")[2] == ("there is no session s7; `playbooks sessions` lists those there are\n")


def test_that_another_model_answers_from_here_on_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    bench = Bench({"Main": ASKS})
    bench.play(interrupt=lambda notice: isinstance(notice, Asked) and bool(notice.agents))
    Path("other.py").write_text(Path("program_model.py").read_text())
    said = "script:other.py answers from here on; script:program_model.py did so far."
    assert said in ran(capsys, bench.file, "--resume", "--model", "script:other.py")[2].splitlines()
    assert "answers from here on" not in ran(capsys, bench.file, "--resume")[2]
    Path("playbooks.toml").write_text('[model]\nprovider = "script"\npath = "other.py"\n')
    assert said in ran(capsys, bench.file, "--resume")[2].splitlines()


def test_a_resume_from_an_older_checkpoint_with_another_model_asks_that_one_and_records_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench = Bench({"Main": ['await Say("user", "one")\n', 'await Say("user", "two")\nawait EndProgram()\n']})
    at = next(header.id for header in bench.play().headers if header.text == "one")
    Path("other.py").write_text("""def respond(request):\n    return 'await Say("user", "2")\\nawait EndProgram()'\n""")
    status, out, err = ran(capsys, bench.file, "--resume", at, "--quiet", "--model", "script:other.py")
    assert (status, out) == (0, "2\n")
    assert "script:other.py answers from here on; script:program_model.py did so far." in err
    run_command(["timeline"])
    assert "model = script:other.py" in capsys.readouterr().out


def test_what_only_a_start_can_take_is_refused_by_a_resume(capsys: pytest.CaptureFixture[str]) -> None:
    bench = Bench({"Main": ASKS})
    bench.play(interrupt=lambda notice: isinstance(notice, Asked) and bool(notice.agents))
    for given in (("--set", "number=3"), ("--message", "hi")):
        status, out, err = ran(capsys, bench.file, "--resume", *given)
        assert (status, out) == (2, "")
        assert err.startswith("--set and --message are for a program that begins")


def test_what_only_a_start_can_take_begins_no_branch_at_an_older_checkpoint(capsys: pytest.CaptureFixture[str]) -> None:
    bench = Bench({"Main": ['await Say("user", "one")\n', 'await Say("user", "two")\nawait EndProgram()\n']})
    at = next(header.id for header in bench.play().headers if header.text == "one")
    run_command(["timeline", "--json"])
    before = capsys.readouterr().out
    for given in (("--set", "number=3"), ("--message", "hi")):
        status, _, err = ran(capsys, bench.file, "--resume", at, *given)
        assert (status, err.partition(",")[0]) == (2, "--set and --message are for a program that begins")
    run_command(["timeline", "--json"])
    assert capsys.readouterr().out == before


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"set": {"Say": 1}}, "--set Say: Say is what every agent has"),
        ({"set": {"$Yld": 1}}, "Yld is what every agent has"),
        ({"message": ""}, "the message says nothing"),
        ({"message": " \n"}, "the message says nothing"),
    ],
)
def test_what_could_only_be_lost_at_a_start_is_refused(given: dict[str, object], says: str) -> None:
    bench = Bench({"Main": ASKS})
    with pytest.raises(UserError, match=says):
        bench.play(**given)
    assert not list(Path(".checkpoints").glob("*/*.pkl"))


def test_two_programs_that_name_two_models_need_to_be_told_which_one() -> None:
    Bench({"Main": ASKS}, name="one")
    Path("more").mkdir()
    two = (
        Path("one.pb")
        .read_text()
        .replace("script:one_model.py", "script:../one_model.py")
        .replace("# Clerk", "# Other")
    )
    Path("more/two.pb").write_text(two)
    programs = ("one.pb", "more/two.pb")

    async def opened(model: str | None = None, settings: dict[str, dict[str, str]] | None = None) -> None:
        config = Config.load(env={}, overrides=settings or {})
        async with DebugSession.open(*programs, config=config, model=model):
            pass

    asyncio.run(opened())  # both mean the same file
    Path("more/two.pb").write_text(two.replace("script:../one_model.py", "openai/gpt"))
    with pytest.raises(UserError, match=r"one.pb names the model script:one_model.py, and more/two.pb openai/gpt; say"):
        asyncio.run(opened())
    asyncio.run(opened(model="script:one_model.py"))
    asyncio.run(opened(settings={"model": {"provider": "script", "path": "one_model.py"}}))


def test_a_whole_file_that_is_skipped_is_told_with_the_damaged_one_it_builds_on() -> None:
    bench = Bench({"Main": "for n in range(4):\n    await do(str(n))\nawait EndProgram()\n"})
    whole = bench.play(crash=committed("tool", "do('2')"))
    newest = next(place for place, header in enumerate(whole.headers) if "do('2')" in header.text)
    last, damaged = whole.headers[newest].id, whole.headers[newest - 1].id
    Path(CRASHED, "1000", f"{damaged}.pkl").write_bytes(b"")
    resumed = bench.play(storage=CRASHED, resume=True).resumed
    assert resumed is not None and resumed.skipped[0].startswith(f"{last}: {damaged}, which it builds on: ")
    assert resumed.skipped[1].startswith(f"{damaged}: ")
