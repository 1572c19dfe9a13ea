"""The text of a literal `Say` is shown as it is written, and never anything that will not be said."""

from __future__ import annotations

import ast
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.runtime.literal_say import SayScanner
from playbooks.runtime.response import Response

TEXTS = st.text(
    st.sampled_from("ab \n\r\t\"'\\{}é💥\x07\x00N") | st.characters(exclude_categories=["Cs"]), max_size=12
)  # fmt: skip


def shown(text: str) -> list[tuple[str, str] | None]:
    """What is shown after each character."""
    scanner = SayScanner()
    return [scanner.feed(letter) for letter in text]


def growing(views: list[tuple[str, str] | None]) -> str:
    """The last text; each shown before was the beginning of the next."""
    texts = [view[1] for view in views if view is not None]
    for earlier, later in itertools.pairwise(texts):
        assert later.startswith(earlier)
    return texts[-1]


def encoded(text: str, quote: str, how: int) -> str:
    """A literal's inside, its characters escaped one way or another."""
    out = ""
    for number, character in enumerate(text):
        way = (how >> (number % 8)) & 3
        if way == 0 and character not in "\\\n\r\0" and character != quote[0]:
            out += character
        elif way == 1 and ord(character) < 256:
            out += f"\\x{ord(character):02x}"
        elif way == 2 and ord(character) < 256 and (number + 1 == len(text) or text[number + 1] not in "01234567"):
            out += f"\\{ord(character):o}"
        elif ord(character) < 0x10000:
            out += f"\\u{ord(character):04X}"
        else:
            out += f"\\U{ord(character):08x}"
    return out


@given(TEXTS, st.sampled_from(['"', "'", '"""', "'''"]), st.integers(0, 2**16))
def test_every_literal_is_shown_as_python_reads_it(text: str, quote: str, how: int) -> None:
    literal = quote + encoded(text, quote, how) + quote
    assert ast.literal_eval(literal) == text
    views = shown(f'await Say("agent 1001", {literal})')
    assert growing(views) == text
    assert views[-1] == ("agent 1001", text)


@pytest.mark.filterwarnings("ignore")
@given(
    st.lists(
        st.sampled_from(
            ["a", " ", "\\n", "\\t", "\\\\", "\\'", '\\"', "\\N{BULLET}", "\\\n", "\\q", "'", "\\0", "\\18", "é"]
        )
    )
)
def test_escapes_are_shown_as_python_reads_them(pieces: list[str]) -> None:
    literal = '"' + "".join(pieces) + '"'
    want = ast.literal_eval(literal)
    assert growing(shown(f"await Say('user', {literal})")) == want


@given(TEXTS)
def test_each_character_is_shown_as_soon_as_it_is_known(text: str) -> None:
    text = text.replace("\\", "").replace('"', "").replace("\n", "").replace("\r", "")
    start = 'await Say("user", "'
    scanner = SayScanner()
    scanner.feed(start)
    for end in range(1, len(text) + 1):
        assert scanner.feed(text[end - 1]) == ("user", text[:end])


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ('await Say("user", f"a {{b}} {c} d")', "a {b} "),
        ('await Say("user", f"""{c}""")', ""),
        ('await Say("user", "a" "b"\n  \'c\')', "abc"),
        ('await Say("user", "a" + b)', "a"),
        ('await Say("user", "", "x")', ""),
        ('await self.Say(\n    "user",  # to whom\n    "hi"\n)', "hi"),
        ('await Say("user", """a\r\n"b""")', 'a\n"b'),
        ("await Say('user', r'\\d\\'')", "\\d\\'"),
        ('await Say("user", "it costs $5 # {x}")', "it costs $5 # {x}"),
        ('await Say("user", "\\ud83d")', "\ufffd"),
    ],
)
def test_what_is_known_of_the_text_is_shown(code: str, text: str) -> None:
    views = shown(code)
    assert growing(views) == text
    assert views[-1] == ("user", text)


@pytest.mark.parametrize(
    "code",
    [
        'await Say(target, "hi")',
        'await Say(f"agent {n}", "hi")',
        'await Say("user", text)',
        'await Say("user", b"hi")',
        'await SayHello("user", "hi")',
        'x = await Say("user", "hi")',
        'if a:\n    await Say("user", "hi")',
        'Say("user", "hi")',
        '# await Say("user", "hi")',
    ],
)
def test_what_is_no_literal_say_shows_nothing(code: str) -> None:
    assert set(shown(code)) == {None}


@pytest.mark.parametrize("code", ['"%s" % x)', '"{}".format(x))', '"a" if x else "b")', '"a"[0])', '"a\n'])
def test_a_literal_that_is_not_the_text_is_taken_back(code: str) -> None:
    assert shown('await Say("user", ' + code)[-1] is None


def test_the_next_statement_starts_anew() -> None:
    response = Response()
    seen = []
    for piece in ('await Say("user", "one', '")\n', 'await Say("1001", "tw', 'o")\nx = 1', "\n"):
        response.feed(piece)
        response.scan()
        seen.append(response.writing)
    assert seen == [("user", "one"), None, ("1001", "tw"), None, None]


@pytest.mark.parametrize(
    "before", ["", "# first\n\n", "x = [\n  1]\n", "Sure:\n\n```python\n", "if a:\n    b\n\n\n", "\r\n\r\n"]
)
def test_what_is_written_is_seen_however_it_is_chunked(before: str) -> None:
    text = before + 'await Say("user", "It costs é90: yes or no")'
    for size in (1, 2, 3, 7, len(text)):
        response = Response()
        for start in range(0, len(text), size):
            response.feed(text[start : start + size])
            response.scan()
        assert response.writing == ("user", "It costs é90: yes or no")


@pytest.mark.parametrize(
    "long",
    ['x = "' + "text " * 4_000, 'await Say("user", "' + "text " * 4_000, 'x = """' + "a line\n" * 3_000],
)
def test_a_long_text_costs_no_more_than_its_length(long: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in characters that were handed on to be looked at, copied into a view, or joined."""
    handed: list[int] = []
    original = SayScanner.feed

    def feed(scanner: SayScanner, piece: str) -> tuple[str, str] | None:
        view = original(scanner, piece)
        handed.append(len(piece))
        return view

    monkeypatch.setattr(SayScanner, "feed", feed)
    response, views = Response(), 0
    for start in range(0, len(long), 4):
        response.feed(long[start : start + 4])
        if response.scan() and response.writing:
            views += len(response.writing[1])
    assert sum(handed) <= len(long)
    assert views <= 150 * len(long)
