"""The prompt teaches what the engine does: its examples are valid, its messages are those sent, its rules tested."""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.models.prompt import PROMPT_VERSION, continued, failed, system_prompt

TESTS = Path(__file__).parents[1]
PROMPTS = Path(__file__).parents[2] / "engine/playbooks/models/prompts"
BUILTINS = (
    *("Say", "Yld", "Step", "Return", "Var", "Artifact", "LoadArtifact", "SaveArtifact", "Trigger"),
    *("CreateAgent", "InviteToMeeting", "EndProgram", "Exit", "Loadfile"),
)


def rules() -> dict[str, str]:
    """The prompt's rules by id, in the order in which they stand; each with its text, examples included."""
    found = re.finditer(r"^\[(R-[A-Z]+)\] (.+?)(?=^\[R-|^# |\Z)", system_prompt(), re.MULTILINE | re.DOTALL)
    return {rule[1]: rule[2].strip() for rule in found}


def code(source: str) -> ast.Module:
    """Parses an answer as the engine would: `$x` is a name, `await` may stand at the top."""
    tree = compile(source.replace("$", "agent_"), "answer", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    assert isinstance(tree, ast.Module)
    return tree


def test_every_rule_is_held_by_a_test() -> None:
    marked = {
        rule
        for path in TESTS.rglob("test_*.py")
        for rule in re.findall(r"""mark\.rule\(\s*["'](R-[A-Z]+)["']""", path.read_text("utf-8"))
    }
    untested, unknown = sorted(set(rules()) - marked), sorted(marked - set(rules()))
    assert not untested, f"no test is marked with {' '.join(untested)}"
    assert not unknown, f"the prompt has no rule {' '.join(unknown)}"


def test_ids_are_unique_and_every_rule_says_something() -> None:
    ids = re.findall(r"^\[(R-[A-Z]+)\]", system_prompt(), re.MULTILINE)
    assert ids == list(rules())
    assert all(len(text) > 40 for text in rules().values())


@pytest.mark.parametrize("name", BUILTINS)
def test_every_builtin_is_taught_with_an_await(name: str) -> None:
    assert re.search(rf"await {name}\(|`{name}\(", system_prompt())


@pytest.mark.rule("R-PYTHON")
@pytest.mark.rule("R-AWAIT")
def test_every_example_is_an_answer_by_the_prompts_own_rules() -> None:
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", system_prompt(), re.MULTILINE)
    answers = [
        textwrap.dedent(block).strip("\n") for block in blocks if "await" in block and "answer" not in block[:40]
    ]
    inline = [
        span
        for span in re.findall(r"`([^`]+)`", system_prompt())
        if span.startswith(("await ", "$")) or "= await" in span
    ]
    assert len(answers) + len(inline) > 15
    for source in (*answers, *inline):
        if source == "await":
            continue
        for node in ast.walk(code(source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BUILTINS:
                assert f"await {node.func.id}(" in source


def test_the_prompt_shows_no_fence_for_it_forbids_them() -> None:
    assert "```" not in system_prompt()


@pytest.mark.rule("R-CONTINUE")
def test_the_message_that_asks_to_go_on_is_the_one_the_prompt_shows() -> None:
    shown = textwrap.indent(continued('await Say("user", "Welcome!")\nname = await Yld("user")'), "    ")
    assert shown in system_prompt()
    assert "{continued}" not in system_prompt()


@pytest.mark.rule("R-ERROR")
def test_the_message_that_tells_an_error_is_the_one_the_prompt_shows() -> None:
    message = failed(
        "NameError: name 'prise' is not defined", 'await Say("user", f"It costs {prise}.")', "price = 90", line=2
    )
    assert textwrap.indent(message, "    ") in system_prompt()
    assert "{failed}" not in system_prompt()


@given(st.lists(st.sampled_from(["x = 1", "if x:\n    y = 2", 's = """a\n\nb"""']), min_size=1))
def test_what_ran_can_be_read_back_from_the_message(statements: list[str]) -> None:
    executed = "\n".join(statements)
    body = continued(executed).partition("\n\n")[2].rpartition("\n\n")[0]
    assert textwrap.dedent(body) == executed


def test_when_nothing_ran_the_answer_is_asked_for_from_its_beginning() -> None:
    assert "from its beginning" in continued("\n")
    assert failed("E: x", "a", "").startswith("This failed:")


def test_what_a_failed_statement_had_done_is_told() -> None:
    assert "await Say" in failed("E: x", "a", "", finished='await Say("user", "hi")')


def test_every_version_that_a_recorded_call_may_name_is_still_there() -> None:
    versions = sorted(path.stem for path in PROMPTS.glob("*.md"))
    assert versions[-1] == PROMPT_VERSION
    assert all(system_prompt(version) for version in versions)
