"""What comes out of a response is its code, whole and unchanged, however it arrives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runtime.python_texts import chunkings, library_files, library_text, programs, random_chunks, with_dollars

from playbooks.runtime.fences import CodeExtractor

# Generated programs make the compiler warn; that is not what is tested.
pytestmark = pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")


def extract(*chunks: str) -> tuple[str, str]:
    """The code, and the prose around it."""
    extractor = CodeExtractor()
    return "".join([*map(extractor.feed, chunks), extractor.close()]), extractor.prose


PROSE = st.lists(
    st.sampled_from(
        [
            "Sure!",
            "Sure",
            "I'll greet them (first):",
            "",
            "# Plan",
            "1. greet\n2. ask",
            "- greet",
            "* the user",
            "It's $5.",
            'Say "hi"',
            "Note: this",
            "Here is the code:",
            "`await Say(...)` greets.",
            "Plan (see below)",
            "if you agree:",
            "é…",
        ]
    ),
    max_size=4,
).map(lambda rows: "".join(f"{row}\n" for row in rows))
OPENINGS = st.sampled_from(["```python\n", "```\n", "```py\n", "```Python title=x\n", "````tool_code\n", "~~~python\n"])


@given(st.data())
def test_code_without_fences_comes_out_as_it_went_in(data: st.DataObject) -> None:
    text = with_dollars(data.draw(programs()))
    assert extract(*data.draw(chunkings(text))) == (text, "")


@given(st.data())
def test_fenced_code_comes_out_exactly_and_prose_does_not(data: st.DataObject) -> None:
    code, before, after = with_dollars(data.draw(programs())), data.draw(PROSE), data.draw(PROSE)
    opening = data.draw(OPENINGS)
    if code and not code.endswith(("\n", "\r")):
        code += "\n"
    closing = opening.split(opening.strip("`~"))[0] + data.draw(
        st.sampled_from(["\n", "  \n", "```\n" if opening[0] == "`" else "\n"])
    )
    text = before + opening + code + closing + after
    assert extract(*data.draw(chunkings(text))) == (code, before + after)


@given(st.data())
def test_any_text_is_taken_alike_in_any_chunking(data: st.DataObject) -> None:
    rows = st.sampled_from(
        [
            "```",
            "``",
            "```python",
            "  ```",
            "x = 1",
            "'''",
            "    a",
            "Sure!",
            "",
            "# c",
            "~~~",
            "```json",
            "f(",
            "\ufeff",
            "`",
        ]
    )
    text = "".join(
        row + data.draw(st.sampled_from(["\n", "\r\n", "\r", ""])) for row in data.draw(st.lists(rows, max_size=8))
    )
    assert extract(*data.draw(chunkings(text))) == extract(text)


@pytest.mark.parametrize("number", range(8))
def test_a_library_module_comes_out_as_it_went_in_bare_or_fenced(number: int) -> None:
    text = library_text(library_files()[number * 7]).replace("\ufeff", "")
    assert extract(*random_chunks(text, number)) == (text, "")
    assert extract(*random_chunks(f"Sure:\n```python\n{text}```\nDone.\n", number)) == (text, "Sure:\nDone.\n")


def test_a_fence_in_a_string_neither_opens_nor_closes() -> None:
    code = 'text = """\n```python\nx\n```\n"""\nawait Say("user", text)\n'
    assert extract(code) == (code, "")
    assert extract(f"```python\n{code}```\n") == (code, "")
    docstring = '"""\n```\nx\n```\n"""\n'
    assert extract(docstring) == (docstring, "")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("```python\na()\n```\nand\n```python\nb()\n```\n", "a()\nb()\n"),
        ('```json\n{"a": 1}\n```\n```python\na()\n```\n', "a()\n"),
        ("1. First:\n   ```python\n   if a:\n       b()\n   ```\n", "if a:\n    b()\n"),
        ("Here you are: ```python\na()\n```\n", "a()\n"),
        ("```python\na()\nb", "a()\nb"),
        ("```python\na()\n``", "a()\n"),
        ("```", ""),
        ("````python\nx = '''\n```\n'''\n```\n````\n", "x = '''\n```\n'''\n```\n"),
        ("\n\n```python\r\na()\r\n```\r\n", "a()\r\n"),
        ("\ufeffa()\n", "a()\n"),
    ],
)
def test_what_is_in_fences_is_the_code(text: str, code: str) -> None:
    assert extract(text)[0] == extract(*text)[0] == code


@pytest.mark.parametrize(
    "text", ["I don't know.\n", "Sure!\nawait Say('user', 'hi')\n", "# nothing\n\n", "Sure", "", "\r"]
)
def test_without_a_fence_all_is_code_and_prose_becomes_an_error_told_to_the_model(text: str) -> None:
    assert extract(*text) == (text, "")


@pytest.mark.parametrize(
    "text",
    [
        "await Say(",
        "$total +=",
        "x = await ",
        "answer = [",
        "if a:\n",
        "x = '''\n",
        "import a\n",
        "# c\n\nf(1,\n",
        "pass\n",
    ],
)
def test_code_is_not_held_back_once_it_is_known(text: str) -> None:
    assert CodeExtractor().feed(text) == text
    extractor = CodeExtractor()
    assert "".join(map(extractor.feed, text)) == text


def test_a_line_is_judged_alike_whole_and_in_pieces() -> None:
    text = "x = 'it is code```\n```\n"
    assert extract(*text) == extract(text) == (text, "")


def test_a_line_in_a_fence_is_given_back_while_it_is_written() -> None:
    extractor = CodeExtractor()
    extractor.feed("```python\n")
    assert [extractor.feed(piece) for piece in ("  ", "aw", "ait ", "`", "x")] == ["", "  aw", "ait ", "`", "x"]
