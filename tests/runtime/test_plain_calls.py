"""A plain call goes a shorter way than other statements, and means the same."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runtime.python_texts import programs
from runtime.written import main, resumes, said, start, told

from playbooks.runtime import statements
from playbooks.runtime.plain_calls import plain_call
from playbooks.runtime.rewrite import Rewriter
from playbooks.runtime.source import compile_call
from playbooks.runtime.statements import StatementStream

PIECES = (
    "await ", "Say", "self.state.x", "x", "None", "not", "lambda", "def", "(", ")", ", ", ",", " ", '"', "'", '""',
    "a b", "f", "r", "{", "}", "{x}", "{{", "\\", "\\n", "\\d", "$x", "$", "é", "²", "\0", "\ud800", "\x0c", "#", ";",
    "=", "*", "-", "0", "07", "7.5", "1e3", "await x", ":=", ".",
)  # fmt: skip
ARGUMENTS = ('"user"', "'it'", 'f"{x} of {y}"', "x", "self.state.x", "-7.5", '"two\\nlines"', '"$5"', "True", '"{x}"')
lines = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=8).map(lambda pieces: f"await Say({''.join(pieces)})"),
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    st.lists(st.sampled_from(ARGUMENTS), max_size=4).map(lambda found: f"await Say({', '.join(found)})"),
)


@given(lines)
def test_what_is_taken_for_a_plain_call_is_one_and_needs_no_rewriting(line: str) -> None:
    found = plain_call(line)
    if found is None:
        return
    (statement,) = ast.parse(line).body
    assert isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Await)
    call = statement.value.value
    assert isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == found
    assert statement.end_col_offset == len(line.encode())
    (rewritten,) = Rewriter("<model>").block(ast.parse(line).body)
    assert ast.unparse(rewritten) == f"await __await__({ast.unparse(call)})"
    assert compile_call(line, filename="<model>", line=7).co_firstlineno == 7


@pytest.mark.parametrize("argument", ARGUMENTS)
def test_the_usual_arguments_are_plain(argument: str) -> None:
    assert plain_call(f"await Say({argument})") == plain_call(f'await Say("user", {argument})') == "Say"


@given(programs(), st.lists(lines, max_size=3), st.data())
def test_a_plain_call_is_told_from_what_is_around_it_as_every_statement(
    program: str, calls: list[str], data: st.DataObject
) -> None:
    rows = program.split("\n")
    for line in calls:
        rows.insert(data.draw(st.integers(0, len(rows))), line)
    text = "\n".join(rows)
    short = StatementStream()
    found = short.feed(text) + short.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statements, "plain_call", lambda line: None)
        long = StatementStream()
        wanted = long.feed(text) + long.close()
    assert [_place(statement) for statement in found] == [_place(statement) for statement in wanted]
    assert (short.complete, short.begun, str(short.error)) == (long.complete, long.begun, str(long.error))


def _place(statement: statements.Statement) -> tuple[object, ...]:
    return statement.source, statement.line, statement.end_line, statement.start, statement.end, statement.error


def test_a_variable_of_the_name_of_a_builtin_is_called_and_not_the_builtin() -> None:
    run = resumes(
        main("""
            async def Step(label):
                await Say("user", "my own")
            await Step("Main:01")
            await Return(1)
        """)
    )
    assert said(run) == ["my own"]


def test_an_error_in_a_plain_call_is_told_with_its_line() -> None:
    run = start(
        main(
            """
            await Say("user", "one")

            await Say("user", missing)
            """,
            "await Return(1)",
        )
    )
    assert said(run) == ["one"]
    assert "line 3" in told(run) and "missing" in told(run)
