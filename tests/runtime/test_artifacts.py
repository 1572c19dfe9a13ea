"""Long texts: kept by name, shown by one line; and files."""

from __future__ import annotations

from pathlib import Path

import pytest
from runtime.written import main, prompts, resumes, start, told, written

from playbooks.runtime.runtime import RunSettings

LONG = "x" * 600
TOOLS = """
    # Clerk
    ```python
    @playbook
    async def Report(n):
        return "line of the report. " * n

    @playbook
    async def Rows(n):
        return list(range(n))
    ```
    ## Main
    ### Triggers
    - When the program starts
    ### Steps
    - Go

    ## Other
    ### Steps
    - Go
"""


def clerk(*turns: str, other: str = "await Return(1)", settings: RunSettings | None = None):  # type: ignore[no-untyped-def]
    return written(TOOLS, {"Main": turns, "Other": other}, settings=settings)


@pytest.mark.rule("R-ARTIFACT")
@pytest.mark.parametrize("builtin", ["SaveArtifact", "Artifact"])
def test_an_artifact_is_kept_and_shown_by_its_name_and_line_alone(builtin: str) -> None:
    run = resumes(
        clerk(
            f'name = await {builtin}("report", "Sales of May", "secret " * 99)',
            'x = await Other()\ntext = await LoadArtifact("report")\nawait Return([name, len(text), x])',
        )
    )
    assert run.results["1000"] == [["report", 693, 1]]
    assert "Artifact report is saved: Sales of May" in prompts(run)[1]
    for prompt in (prompts(run)[1], prompts(run, "Other")[0]):
        assert "    report: Sales of May" in prompt
        assert "secret secret" not in prompt.replace('"secret " * 99', "")


@pytest.mark.rule("R-ARTIFACT")
def test_a_loaded_artifact_is_shown_whole() -> None:
    run = resumes(
        clerk(
            f'await SaveArtifact("report", "Sales", "{LONG}")',
            'text = await LoadArtifact("report")',
            "await Return(len(text))",
        )
    )
    assert f"Artifact report holds: {LONG}" in told(run)
    assert run.results["1000"] == [600]


def test_an_artifact_that_does_not_exist_is_told_with_those_that_do() -> None:
    run = resumes(clerk('await SaveArtifact("a", "one", "1")\nawait LoadArtifact("b")', "await Return(1)"))
    assert "LookupError: there is no artifact b; there are: a" in told(run)


def test_an_artifact_saved_again_is_replaced() -> None:
    run = resumes(
        clerk(
            """
            await SaveArtifact("a", "one", "1")
            await SaveArtifact("a", "two", "2")
            await Return(await LoadArtifact("a"))
            """
        )
    )
    assert run.results["1000"] == ["2"]


@pytest.mark.rule("R-ARTIFACT")
def test_a_result_too_long_to_show_becomes_an_artifact_and_the_code_has_all_of_it() -> None:
    run = resumes(clerk("x = await Report(200)", "await Return(len(x))"))
    assert run.results["1000"] == [4000]
    assert "Report(200) gave a long result, kept as artifact Report_result_1" in told(run)
    assert "    Report_result_1: what Report(200) gave, 4000 characters" in told(run)
    assert "line of the report. " * 20 not in told(run).split("This call's own:")[0]


def test_where_long_begins_is_the_configurations() -> None:
    run = start(clerk("x = await Report(2)", "await Return(x)", settings=RunSettings(artifact_result_threshold=10)))
    assert "kept as artifact Report_result_1" in told(run)
    run = start(clerk("x = await Report(2)", "await Return(x)"))
    assert "artifact" not in told(run)


def test_long_results_at_the_same_time_have_names_of_their_own() -> None:
    run = resumes(
        clerk(
            """
            await asyncio.gather(Report(100), Rows(500), Report(200))
            await Return(len(await LoadArtifact("Report_result_1")) + len(await LoadArtifact("Report_result_3")))
            """
        )
    )
    assert run.results["1000"] == [6000]
    assert sorted(run.runtime.state.artifacts["1000"]) == ["Report_result_1", "Report_result_3", "Rows_result_2"]


def test_a_name_the_program_took_itself_is_not_taken_by_a_long_result() -> None:
    run = resumes(
        clerk(
            """
            await SaveArtifact("other", "", "x")
            await SaveArtifact("Report_result_3", "mine", "x")
            text = await Report(100)
            await Return(await LoadArtifact("Report_result_3"))
            """
        )
    )
    assert run.results["1000"] == ["x"]
    assert len(run.runtime.state.artifacts["1000"]) == 3


@pytest.mark.rule("R-FILE")
def test_loadfile_gives_what_a_file_holds(alone: Path) -> None:
    (alone / "notes.md").write_text("Grüße\n", "utf-8")
    run = resumes(main('text = await Loadfile("notes.md")', "await Return(text)"))
    assert run.results["1000"] == ["Grüße\n"]
    assert "Loadfile(notes.md) returned 'Grüße" in told(run)


@pytest.mark.rule("R-FILE")
def test_a_long_file_is_an_artifact_to_the_model(alone: Path) -> None:
    (alone / "notes.md").write_text("long " * 200, "utf-8")
    run = resumes(main('text = await Loadfile("notes.md")', "await Return(len(text))"))
    assert run.results["1000"] == [1000]
    assert "kept as artifact Loadfile_result_1" in told(run)


@pytest.mark.rule("R-FILE")
def test_a_file_that_can_not_be_read_is_an_error_the_model_is_told(alone: Path) -> None:
    (alone / "binary").write_bytes(b"\xff\xfe\x00\x81")
    run = resumes(main('await Loadfile("missing.md")', 'await Loadfile("binary")', "await Return(1)"))
    assert "FileNotFoundError" in prompts(run)[1]
    assert "missing.md" in prompts(run)[1]
    assert "binary" in prompts(run)[2].split("missing.md")[-1]
    assert run.results["1000"] == [1]
    assert run.ended == "finished"
