"""Statements arrive as they are completed, whatever the chunking, and are those of the whole."""

from __future__ import annotations

import ast
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runtime.python_texts import chunkings, library_files, library_text, programs, random_chunks, with_dollars

from playbooks.runtime import statements
from playbooks.runtime.lexer import Lexer
from playbooks.runtime.source import mark
from playbooks.runtime.statements import Statement, StatementStream

# Generated programs and old modules make the compiler warn; that is not what is tested.
pytestmark = pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")


def split(*chunks: str) -> list[Statement]:
    stream = StatementStream()
    return [*itertools.chain.from_iterable(map(stream.feed, chunks)), *stream.close()]


def sources(*chunks: str) -> list[str]:
    return [statement.source for statement in split(*chunks)]


def check(text: str, delivered: list[Statement]) -> None:
    """They are those of `ast.parse` of the whole, each with its place."""
    whole = ast.parse(mark(text)).body
    assert [statement.error for statement in delivered] == [None] * len(whole)
    for statement, node in zip(delivered, whole, strict=True):
        assert text[statement.start : statement.end] == statement.source
        (alone,) = ast.parse(mark(statement.source)).body
        assert ast.dump(alone) == ast.dump(node)
        assert statement.end_line == node.end_lineno
        assert statement.line == (node.lineno if statement.source[0] != "@" else statement.end_line - breaks(statement))


def breaks(statement: Statement) -> int:
    return statement.source.replace("\r\n", "\n").replace("\r", "\n").count("\n")


@given(st.data())
def test_any_program_in_any_chunking_gives_the_statements_of_the_whole(data: st.DataObject) -> None:
    text = with_dollars(data.draw(programs()))
    check(text, split(*data.draw(chunkings(text))))


@given(st.data())
def test_library_modules_in_any_chunking_give_their_statements(data: st.DataObject) -> None:
    text = library_text(data.draw(st.sampled_from(library_files())))
    start = data.draw(st.integers(0, text.count("\n")))
    lines = text.split("\n")
    while start < len(lines) and not lines[start][:1].isalpha():
        start += 1
    excerpt = "\n".join(lines[start : start + 150])
    stream = StatementStream()
    got = [
        *itertools.chain.from_iterable(map(stream.feed, random_chunks(excerpt, data.draw(st.integers())))),
        *stream.close(),
    ]
    if got and got[-1].error:  # cut off in the middle, or started in a string
        excerpt = excerpt[: got.pop().start]
    check(excerpt, got)


@pytest.mark.parametrize("number", range(0, 160, 40))
def test_whole_library_modules_give_their_statements(number: int) -> None:
    for path in library_files()[number : number + 5]:
        text = library_text(path)
        check(text, split(*random_chunks(text, number)))


@given(st.data())
def test_chunking_changes_nothing_of_what_is_delivered_even_of_what_is_no_python(data: st.DataObject) -> None:
    text = with_dollars(data.draw(programs()))
    at = data.draw(st.integers(0, len(text)))
    text = (
        text[:at]
        + data.draw(st.sampled_from(["", "(", ")", "'", '"""', "\\", "  x", "\nelse", "\0", "\ud800", "$", "{"]))
        + text[at:]
    )
    assert split(*data.draw(chunkings(text))) == split(text)


@given(programs(), st.data())
def test_a_statement_is_delivered_as_soon_as_what_follows_proves_it_complete(program: str, data: st.DataObject) -> None:
    text = with_dollars(program)
    every = split(text)
    if not every:
        return
    last = data.draw(st.sampled_from(every))
    before = text[: last.start]
    if not before.endswith(("\n", "\r")):  # it shares its line
        return
    stream = StatementStream()
    delivered = stream.feed(before) + stream.feed("_")
    assert [statement.start for statement in delivered] == [s.start for s in every if s.start < last.start]


@pytest.mark.parametrize("end", ["\n", "\r\n", "  # why\n", ";\n"])
def test_a_simple_statement_is_delivered_at_its_line_end(end: str) -> None:
    stream = StatementStream()
    assert stream.feed('await Say("user", "hi")') == []
    assert [statement.source for statement in stream.feed(end)] == ['await Say("user", "hi")']


@pytest.mark.parametrize(
    "text", ["def f(): pass\n", "class A: x = 1\n", "async def f(): pass\n", "match = 1\n", "match(x)\n"]
)
def test_a_statement_nothing_can_go_on_with_is_delivered_at_its_line_end(text: str) -> None:
    assert [statement.source for statement in StatementStream().feed(text)] == [text.rstrip()]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("if a:\n    b\n", "x"),
        ("if a:\n    b\n", "elsew"),
        ("if a: b\n", "ex"),
        ("for a in b:\n    c\n", "eli"),
        ("try:\n    b\nexcept E:\n    c\n", "ele"),
        ("try:\n    b\nexcept E:\n    c\n", "("),
        ("with a:\n    b\n", "e"),
        ("def f():\n    b\n", "f"),
        ("match a:\n    case b:\n        c\n", "c"),
        ("@a\n# c\n\n@b\nclass C:\n    c\n# c\n\n", "@"),
    ],
)
def test_a_block_is_delivered_at_the_first_letters_that_cannot_go_on_with_it(text: str, first: str) -> None:
    stream = StatementStream()
    assert stream.feed(text) == []
    assert [stream.feed(letter) for letter in first[:-1]] == [[]] * (len(first) - 1)
    assert len(stream.feed(first[-1])) == 1


@pytest.mark.parametrize(
    "text",
    [
        "if a:\n    b\n\n# c\nelif c:\n    d\nelse:\n    e",
        "for a in b: c\nelse: d",
        "while a:\n\tb\nelse:\n\tc",
        "try:\n    a\nexcept A: b\nexcept B:\n    c\nelse:\n    d\nfinally:\n    e",
        "async for a in b:\n    c\nelse:\n    d",
        'if a:\n    b = """\nx = 1\nelse:\n"""\n    c',
        "if (a and\nb):\n    c",
        "x = [\n1,\n# c\n\n2]",
        "x = 1 + \\\n2",
        '@a(\n"b")\n\n# c\n@c\nasync def f():\n    d',
        "match a:\n    case b:\n        c\n    case _:\n        d",
        'x = f"""{\n1}\n{ {1: 2}[1]:>{w}}"""',
        "if a:\n    b\n  # c\n      # d\n    e",
        "class A:\n    x = 1\n\n    def f(self): pass",
        "if a:\n    b\n\\\nelse:\n    c",
        "def f(): \\\n\n    b",
    ],
)
def test_what_goes_on_stays_one_statement(text: str) -> None:
    assert sources(*text) == [text]
    assert sources(*(text + "\ny = 1\n")) == [text, "y = 1"]


def test_statements_on_one_line_are_statements_of_their_own() -> None:
    a, b, c = split("é = '💥'; $b = 2;c = (\n3) # d\n")
    assert [a.source, b.source, c.source] == ["é = '💥'", "$b = 2", "c = (\n3)"]
    assert [(a.line, a.end_line), (b.line, b.end_line), (c.line, c.end_line)] == [(1, 1), (1, 1), (1, 2)]


def test_complete_is_where_the_unfinished_text_starts() -> None:
    stream = StatementStream()
    stream.feed("# first\n\na = 1 # one\nif b:\n")
    assert stream.text[stream.complete :] == "if b:\n"
    stream.feed("    c\n\nd = ")
    assert stream.text[stream.complete :] == "d = "
    stream.feed("1")
    stream.close()
    assert stream.complete == len(stream.text)


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ("x = (1,\n", "SyntaxError: '(' was never closed (line 3)"),
        ('x = "abc\ny = 1\n', "SyntaxError: unterminated string literal (detected at line 3) (line 3)"),
        ("  x = 1\ny = 1\n", "IndentationError: unexpected indent (line 3)"),
        ("if a:\nb = 1\n", "IndentationError: expected an indented block after 'if' statement on line 3 (line 3)"),
        ("if a:\n    b\n  c\n", "IndentationError: unindent does not match any outer indentation level (line 5)"),
        ("x = = 1\ny = 1\n", "SyntaxError: invalid syntax (line 3)"),
        ("costs $5\n", "SyntaxError: invalid syntax (line 3)"),
        ("x = \0\n", "SyntaxError: source code string cannot contain null bytes (line 3)"),
        ("\ud800 = 1\n", "SyntaxError: source code holds half a surrogate pair (line 3)"),
        ("else:\n    x\n", "SyntaxError: invalid syntax (line 3)"),
        ("x = " + "(" * 250 + ")" * 250 + "\n", "SyntaxError: too many nested parentheses (line 3)"),
    ],
)
def test_an_error_leaves_the_statements_before_it_and_nothing_after(bad: str, error: str) -> None:
    stream = StatementStream()
    delivered = [statement for letter in "a = 1\n\n" + bad for statement in stream.feed(letter)] + stream.close()
    assert [statement.source for statement in delivered[:-1]] == ["a = 1"]
    assert delivered[-1].error == error
    assert delivered[-1].line == 3
    assert str(stream.error) == error
    assert stream.error is not None
    assert stream.error.source == ("a = 1\n\n" + bad).split("\n")[stream.error.line - 1]
    assert stream.feed("z = 1\n") == stream.close() == []


def test_an_error_names_agents_variables_as_the_model_wrote_them() -> None:
    (statement,) = split("$x = $y z\n")
    assert statement.source == "$x = $y z"
    (statement,) = split("f($a=1, b)\n")
    assert "\ua66e" not in str(statement.error)


@pytest.mark.parametrize("text", ["", "\n\n", "# only\n# comments", "   \n\t\f\n", "\r\n\r"])
def test_no_statement_is_made_of_nothing(text: str) -> None:
    assert split(*text) == []


LONG = {
    "a string of many lines": 'x = """' + 'a line with "quotes", $5 and {braces}\n' * 5_000 + '"""\n',
    "a string on one line": 'x = "' + "text " * 20_000 + '"\n',
    "a block": "if a:\n" + "    b = [1, 2]\n" * 10_000 + "c = 1\n",
    "a list": "x = [\n" + "    1,\n" * 20_000 + "]\n",
}


@pytest.mark.parametrize("what", LONG)
def test_a_long_statement_is_read_and_parsed_once_however_it_is_chunked(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    parsed: list[int] = []

    def reading(lexer: Lexer, line: str) -> list[int]:
        read.append(len(line) + 1)
        return original_read(lexer, line)

    def parsing(text: str, *, line: int) -> ast.Module:
        parsed.append(len(text))
        return original_parse(text, line=line)

    original_read, original_parse = Lexer.read, statements.parse_marked
    monkeypatch.setattr(Lexer, "read", reading)
    monkeypatch.setattr(statements, "parse_marked", parsing)
    split(*LONG[what])
    assert sum(read) == sum(parsed) == len(LONG[what])
