"""What befalls the files of a session, and what a resume makes of it: nothing is half used, nothing foreign is run."""

from __future__ import annotations

import errno
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from session.crashes import CRASHED, Bench, Played, committed, nth, waits_for_person

from playbooks.checkpoints.chain import fold
from playbooks.checkpoints.filesystem import FileStore
from playbooks.checkpoints.record import Checkpoint
from playbooks.checkpoints.store import SessionOpen, StorageError
from playbooks.cli.entry import run_command
from playbooks.errors import UserError
from playbooks.session.chains import Foreign

COUNTS = {
    "Main": """
    for n in [1, 2, 3, 4, 5]:
        await do(n)
        await Say("user", f"said {n}")
    await Return(n)
    """
}
ASKS = {
    "Main": """
    await Say("user", "Who?")
    name = await Yld("user")
    await Say("user", f"Hello {name}")
    await Return(name)
    """
}
TALK = {
    "Main": """
    for n in [1, 2, 3]:
        await Say("Worker", f"offer {n}")
        answer = await Yld("Worker")
        await Say("user", answer)
    await EndProgram()
    """,
    "Work": """
    while True:
        x = await Yld("Lead")
        await Say("Lead", f"no to {x}")
    """,
}
TEAM = """
    # Lead
    ## Main
    ### Triggers
    - When the program starts
    ### Steps
    - Go
    # Worker
    ## Work
    ### Triggers
    - When the program starts
    ### Steps
    - Go
"""


def file_of(id: str, storage: str = CRASHED) -> Path:
    return Path(storage, id.partition("_")[0], f"{id}.pkl")


def newest(played: Played, storage: str = CRASHED, agent: str = "") -> str:
    """Id of the newest checkpoint that the crash left, of one agent or of any."""
    there = [header for header in played.headers if file_of(header.id, storage).exists()]
    return [header.id for header in there if agent in ("", header.agent)][-1]


def lose_index(storage: str = CRASHED) -> None:
    """An index knows what a file was; a reader without it looks into the file."""
    Path(storage, "catalog.db").unlink(missing_ok=True)


def test_newest_file_truncated_goes_to_the_newest_whole_one_and_says_what_had_been_said_after_it() -> None:
    bench = Bench(COUNTS)
    whole = bench.play(crash=committed("say", "said 3"))
    damaged = newest(whole)
    file = file_of(damaged)
    store = FileStore(CRASHED)
    store.headers()  # as any command that lists: its index still knows what the file said
    store.close()
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    resumed = bench.play(storage=CRASHED, resume=True)
    assert resumed.ending == whole.ending
    assert resumed.resumed is not None
    before = [header.id for header in whole.headers]
    assert resumed.resumed.checkpoint == before[before.index(damaged) - 1]
    assert [line.partition(":")[0] for line in resumed.resumed.skipped] == [damaged]
    assert resumed.resumed.said_after == ("1000: said 3",)
    assert resumed.did == ["4", "5"], "what completed before the damaged file is not done again"


def test_newest_file_truncated_and_the_index_lost() -> None:
    bench = Bench(COUNTS)
    whole = bench.play(crash=committed("say", "said 3"))
    damaged = newest(whole)
    file = file_of(damaged)
    file.write_bytes(file.read_bytes()[:-1])
    lose_index()
    resumed = bench.play(storage=CRASHED, resume=True)
    assert resumed.ending == whole.ending
    assert resumed.resumed is not None
    (skipped,) = resumed.resumed.skipped
    assert skipped.startswith(f"{damaged}: cut off") and skipped.endswith("what it said can't be told")


@pytest.mark.parametrize("before", [0, 1])
def test_the_file_of_the_first_statement_corrupt_and_the_index_lost_is_told_and_the_session_goes_on(
    before: int,
) -> None:
    other, bench = Bench(COUNTS, name="other"), Bench(COUNTS)
    for _ in range(before):
        other.play()
    whole = bench.play(crash=committed("tool", "do(1)"))
    damaged = newest(whole)
    file_of(damaged).write_bytes(b"")
    lose_index()
    resumed = bench.play(storage=CRASHED, resume=True)
    assert resumed.ending == whole.ending and resumed.id == whole.id
    assert resumed.resumed is not None
    (skipped,) = resumed.resumed.skipped
    assert skipped.startswith(f"{damaged}: ") and skipped.endswith("what it said can't be told")


def test_a_damaged_file_of_another_session_is_no_matter_of_this_one() -> None:
    one, two = Bench(COUNTS, name="one"), Bench(COUNTS, name="two")
    one.play(interrupt=committed("say", "said 2"))
    other = two.play(interrupt=committed("say", "said 3"))
    file_of(other.headers[-1].id, ".checkpoints").write_bytes(b"")
    lose_index(".checkpoints")
    resumed = one.play(resume=True)
    assert resumed.resumed is not None and resumed.resumed.skipped == ()


def test_a_damaged_file_of_an_agent_that_an_earlier_session_had_not_is_told_by_the_one_it_is_of() -> None:
    Bench(COUNTS, name="one").play()
    two = Bench(TALK, TEAM, name="two")
    damaged = newest(two.play(interrupt=committed("say", "no to offer 2")), ".checkpoints", "1001")
    file_of(damaged, ".checkpoints").write_bytes(b"")
    lose_index(".checkpoints")
    resumed = two.play(resume=True).resumed
    assert resumed is not None and [line.partition(":")[0] for line in resumed.skipped if damaged in line]


def test_one_agents_file_corrupt_takes_all_agents_back_to_the_same_cut() -> None:
    bench = Bench(TALK, TEAM)
    whole = bench.play(crash=committed("say", "offer 3"))
    damaged = newest(whole, agent="1001")
    file = file_of(damaged)
    data = bytearray(file.read_bytes())
    data[len(data) // 3] ^= 0xFF
    file.write_bytes(bytes(data))
    lose_index()
    resumed = bench.play(storage=CRASHED, resume=True)
    assert resumed.resumed is not None
    at = [header.id for header in whole.headers].index(damaged)
    assert resumed.resumed.checkpoint == whole.headers[at - 1].id
    assert damaged in "".join(resumed.resumed.skipped)
    assert "1000: offer 3" in resumed.resumed.said_after
    assert resumed.ending == whole.ending, "no message is lost or doubled"


def test_planted_pickle_runs_nothing_and_is_named(alone: Path) -> None:
    class Boom:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(alone / "pwned"),)

    bench = Bench(COUNTS)
    whole = bench.play(crash=committed("say", "said 2"))
    planted = newest(whole)
    file_of(planted).write_bytes(pickle.dumps(Boom()))
    lose_index()
    resumed = bench.play(storage=CRASHED, resume=True)
    assert not (alone / "pwned").exists()
    assert resumed.resumed is not None and planted in "".join(resumed.resumed.skipped)
    assert resumed.ending == whole.ending


def test_planted_checkpoint_of_another_user_is_resumed_only_with_trust() -> None:
    bench = Bench(COUNTS)
    whole = bench.play(crash=committed("say", "said 2"))
    shutil.rmtree(Path(os.environ["PLAYBOOKS_STATE_DIR"]))  # the key goes with it: everything is another user's now
    before = {path: path.read_bytes() for path in Path(CRASHED).rglob("*.pkl")}
    with pytest.raises(Foreign, match="--trust"):
        bench.play(storage=CRASHED, resume=True)
    assert {path: path.read_bytes() for path in Path(CRASHED).rglob("*.pkl")} == before
    assert bench.play(storage=CRASHED, resume=True, trust=True).ending == whole.ending


def test_program_edited_is_named_and_what_was_recorded_runs() -> None:
    bench = Bench(COUNTS)
    whole = bench.play(crash=committed("say", "said 2"))
    program = Path(bench.file)
    program.write_text(program.read_text("utf-8").replace("return what", "return what * 2"), "utf-8")
    resumed = bench.play(storage=CRASHED, resume=True)
    assert resumed.resumed is not None and resumed.resumed.changed_files
    assert resumed.ending == whole.ending


def test_program_gone_is_resumed_from_what_was_recorded() -> None:
    bench = Bench(COUNTS)
    whole = bench.play(crash=committed("say", "said 2"))
    Path(bench.file).unlink()
    resumed = bench.play(storage=CRASHED, resume="s1")
    assert resumed.ending == whole.ending


def test_clock_set_back_changes_neither_the_order_nor_which_session_is_the_newest() -> None:
    bench = Bench(ASKS, person=["Ann"])
    bench.play(interrupt=waits_for_person(), clock=lambda: 2_000_000_000.0)
    bench.play(interrupt=waits_for_person(), clock=lambda: 1_000_000_000.0)
    resumed = bench.play(resume=True, clock=lambda: 500_000_000.0)
    assert resumed.id == "s2", "begun last, whatever the clock said"
    sequences = [header.sequence for header in resumed.headers]
    times = [header.time for header in resumed.headers]
    assert sequences == sorted(sequences) and len(set(sequences)) == len(sequences)
    assert times == sorted(times)
    assert resumed.ending.status == "finished"


def test_10_comes_before_2_in_no_order_and_a_resume_goes_on_from_the_highest() -> None:
    bench = Bench({"Main": 'for n in range(14):\n    await Say("user", f"{n}")\nawait Return(n)\n'})
    whole, resumed = bench.crashed_and_resumed(nth(12, committed("say")))
    assert resumed.resumed is not None and resumed.resumed.checkpoint == "1000_ckpt_12"
    assert [header.number for header in resumed.headers if header.agent == "1000"] == list(range(1, 16))
    assert resumed.said == whole.said


def test_two_programs_in_one_folder_are_resumed_each_by_its_own_name() -> None:
    one = Bench(
        {"Main": 'await Say("user", "one?")\nx = await Yld("user")\nawait Return(x)\n'}, person=["1"], name="one"
    )
    two = Bench(
        {"Main": 'await Say("user", "two?")\nx = await Yld("user")\nawait Return(x)\n'}, person=["2"], name="two"
    )
    for bench in (one, two):
        bench.play(interrupt=waits_for_person())
    first, second = one.play(resume=True), two.play(resume=True)
    assert (first.id, second.id) == ("s1", "s2")
    assert sorted(first.said) == ["1", "one?"] and sorted(second.said) == ["2", "two?"]
    ids = [header.id for played in (first, second) for header in played.headers]
    assert len(set(ids)) == len(ids), "no number is used twice, whatever the session"
    alone = one.play(interrupt=waits_for_person())
    assert alone.id == "s3"


def test_two_processes_at_once_write_two_whole_sessions() -> None:
    Bench(COUNTS)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PLAYBOOKS_MODEL__TOKEN_DELAY_S": "0"}
    environment |= {"PLAYBOOKS_DURABILITY__ENABLED": "true", "PLAYBOOKS_DURABILITY__KEEP_LAST_N": "0"}
    command = [sys.executable, "-m", "playbooks", "run", "program.pb"]
    processes = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    store = FileStore()
    assert [(session.id, session.status) for session in store.sessions()] == [("s1", "finished"), ("s2", "finished")]
    for branch in (*store.branches("s1"), *store.branches("s2")):
        assert len(fold(store.read, branch.head).state.messages) == 5
    ids = [header.id for header in store.headers()]
    assert len(ids) == len(set(ids)) == 24
    store.close()


def test_a_session_open_in_a_living_process_is_not_resumed_by_a_second_one() -> None:
    bench = Bench(ASKS, person=["Ann"])
    refused: list[str] = []

    def second(notice: Any) -> bool:
        if waits_for_person()(notice) and not refused:
            before = sorted(Path(".checkpoints").rglob("*.pkl"))
            try:
                bench.opened(resume="s1")._open()
            except SessionOpen as error:
                refused.append(str(error))
            assert sorted(Path(".checkpoints").rglob("*.pkl")) == before
        return False

    played = bench.play(interrupt=second)
    assert refused and str(os.getpid()) in refused[0]
    assert played.ending.status == "finished"


class FillsUp(FileStore):
    """A store on a disk that is full after four checkpoints: for the next one, or already for its number."""

    left = 4

    def write(self, checkpoint: Checkpoint) -> None:
        self._take()
        super().write(checkpoint)

    def _take(self) -> None:
        if not self.left:
            raise StorageError.of(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), self._base)
        self.left -= 1


class GivesNoNumber(FillsUp):
    def next_number(self, agent: str) -> int:
        self._take()
        return super().next_number(agent)

    def write(self, checkpoint: Checkpoint) -> None:
        FileStore.write(self, checkpoint)


@pytest.mark.parametrize("kind", [FillsUp, GivesNoNumber])
def test_disk_full_in_code_that_swallows_every_exception_stops_the_run_and_keeps_what_was_there(
    kind: type[FillsUp],
) -> None:
    bench = Bench(
        {
            "Main": """
            for n in [1, 2, 3, 4, 5, 6, 7]:
                try:
                    await do(n)
                    await Say("user", f"said {n}")
                except Exception:
                    pass
                finally:
                    await do(f"after {n}")
            await Say("user", "all done")
            await Return(n)
            """
        }
    )
    store = kind()
    stopped = bench.play(store=store)
    store.close()
    assert stopped.ending.status == "failed"
    assert stopped.ending.error == (
        ".checkpoints: checkpoints can't be kept: No space left on device; make room; every earlier checkpoint is whole"
    )
    assert stopped.said == ["said 1"]
    assert stopped.did == ["1", "after 1", "2"], "nothing goes on once a checkpoint could not be kept"
    resumed = bench.play(resume=True)
    assert resumed.ending.status == "finished", resumed.ending.error
    assert resumed.said == [*(f"said {n}" for n in range(1, 8)), "all done"]
    assert resumed.did[0] == "2", "it may have run, and was not kept"


@pytest.mark.parametrize(
    ("command", "status", "told"),
    [
        (["run", "program.pb", "--resume", "s1"], 2, "there is no session s1"),
        (["fork", "1000_ckpt_3"], 1, "1000_ckpt_3"),
    ],
)
def test_what_cannot_be_restored_stops_with_the_reason_and_leaves_the_files(
    command: list[str], status: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = Bench(COUNTS)
    whole = bench.play(crash=committed("say", "said 2"))
    for header in whole.headers:
        if file_of(header.id).exists():
            file_of(header.id).write_bytes(b"nothing of it")
    lose_index()
    shutil.rmtree(".checkpoints")
    Path(CRASHED).rename(".checkpoints")
    before = {path: path.read_bytes() for path in Path(".checkpoints").rglob("*.pkl")}
    assert run_command(command) == status
    err = capsys.readouterr().err
    assert told in err and len(err.splitlines()) == 1
    assert {path: path.read_bytes() for path in Path(".checkpoints").rglob("*.pkl")} == before


def test_a_user_error_is_what_damage_is_told_as() -> None:
    bench = Bench(COUNTS)
    bench.play(crash=committed("say", "said 2"))
    for file in Path(CRASHED).glob("*/*.pkl"):
        file.write_bytes(b"")
    lose_index()
    with pytest.raises(UserError):
        bench.play(storage=CRASHED, resume="s1")


def test_all_but_the_start_damaged_it_goes_on_from_there_and_every_tool_may_have_run() -> None:
    bench = Bench(COUNTS)
    whole = bench.play(crash=committed("say", "said 2"))
    damaged = list(Path(CRASHED, "1000").glob("*.pkl"))
    for file in damaged:
        file.write_bytes(b"")
    lose_index()
    resumed = bench.play(storage=CRASHED, resume=True)
    assert resumed.ending == whole.ending and resumed.resumed is not None
    assert {line.partition(":")[0] for line in resumed.resumed.skipped} == {file.stem for file in damaged}
    assert [line.partition(" of ")[0] for line in resumed.resumed.may_have_run] == ["do(1)", "do(2)"]
    assert [header.text for header in resumed.headers if header.again] == ["do(1) = 1", "do(2) = 2"]


def test_a_checkpoint_that_was_named_is_resumed_itself_or_not_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    bench = Bench(COUNTS, settings={"durability": {"storage_path": CRASHED, "enabled": True, "keep_last_n": 0}})
    bench.play()
    Path(CRASHED).rename(".checkpoints")
    for id in ("1000_ckpt_4", "1000_ckpt_6"):  # itself, and one that builds on it
        file = file_of("1000_ckpt_4", ".checkpoints")
        file.write_bytes(file.read_bytes()[:-5])
        before = {path: path.read_bytes() for path in Path(".checkpoints").rglob("*.pkl")}
        assert run_command(["run", bench.file, "--resume", id]) == 1
        told = capsys.readouterr().err.rstrip("\n")
        assert told.startswith(f"{id} can't be resumed: .checkpoints/1000/1000_ckpt_4.pkl: cut off")
        assert told.endswith("--resume s1 goes on from the newest whole one")
        assert {path: path.read_bytes() for path in Path(".checkpoints").rglob("*.pkl")} == before
