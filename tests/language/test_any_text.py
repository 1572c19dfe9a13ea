"""What holds for every text: it is a program or is told why not, and a program is what its compiled text reads as."""

from __future__ import annotations

from hypothesis import event, given
from hypothesis import strategies as st
from language.same import same_program

from playbooks.errors import UserError
from playbooks.language import Program, SourceFile, compile_program, parse_program

_WORDS = st.sampled_from(
    [
        "Ask the user for $name",
        "If $x > 3",
        "Return",
        "Wait",
        "Shop.Price($x)",
        "é中\u2028文",
        "{$x}",
        "{{",
        "{f'{$x}'}",
        "{",
        "}",
        "key: value",
        "public: true",
        "hidden",
        "metadata:",
        "remote:",
        "  type: mcp",
        "required_attendees: [A, human]",
        "execution_mode: raw",
        "startup_mode: standby",
        'note: "a, b" # c',
        "list: [a, 'b, c']",
        "01:QUE Ask",
        "01.01:CND If",
        "02:RET",
        "T1:BGN At the beginning",
        "When the program starts",
        "---",
        "***",
        "<!--",
        "-->",
        "<!-- a -->",
        "<rules>",
        "</rules>",
        "```",
        "```python",
        "~~~~",
        "````public.json",
        "[]",
        '[{"name": "F"}]',
        "!import other.pb",
        "!import 'a/b.pb'",
        "def F(a, *b, c=1, **d):",
        "    return $x",
        "@playbook",
        "@playbook(triggers=['T1:CND a', 'b'], public=True)",
        "async def G() -> int: pass",
        "x = '''",
        "\\",
        "\t",
        "\x0b",
        "\x00",
        "\ufeff",
        "a\r",
        " \u2003",
    ]
)
_OPENINGS = st.sampled_from(
    [
        "# A",
        "# B:AI",
        "# Tools:MCP",
        "# Me:Human",
        "# two words",
        "## F",
        "## G($a:str, b=10, c={'k': [1]}) -> dict[str, int]",
        "## do a thing ##",
        "### Triggers",
        "### Trigger",
        "### Steps",
        "### Notes",
        "### Else",
        "#### deep",
        "- ",
        "- ",
        "- ",
        "* ",
        "2. ",
        "-",
        "",
        "",
        "",
    ]
)
_INDENTS = st.sampled_from(["", "", "", " ", "  ", "   ", "    ", "      ", "\t"])


@st.composite
def _line(draw: st.DrawFn) -> str:
    opening = draw(_OPENINGS)
    if opening.startswith("#"):
        return opening
    return draw(_INDENTS) + opening + draw(st.one_of(_WORDS, st.just(""), st.text(max_size=8)))


_SOUP = st.lists(_line(), max_size=25).map("\n".join)
_PIECES = st.sampled_from(
    [
        "",
        "",
        "Plain words, é中文.",
        "  indented",
        "It is {$x} and {f'{$y:>{w}}'}, {{not}} this, {}.",
        "price: 10",
        "public: true",
        "hidden",
        "remember: never tell.",
        "metadata:\n  author: me # a comment\n  mcp:\n    url: 'a # b'\n---",
        "metadata:\n---",
        "remote:\n  type: mcp",
        "tags:\n  - a\n  - 'b, c'",
        "---",
        "<!-- gone\n# no agent\n-->",
        "a <!-- b --> c",
        "<rules>\n- x\n# no heading\n```\n</rules>",
        "```json\n{ # no heading\n  <!-- kept\n```",
        "~~~\n```\n!import kept\n\n~~~~",
        "```python\nx = {'a': $y}\n```",
        "  ```python\n  y = f'{$y}'\n\n  ```",
        "#### deep",
        "- a list",
        "!import piece.pb",
        "01:QUE no step",
        "\u2028\x0b\x1c",
    ]
)
_BODY = st.lists(_PIECES, max_size=4).map("\n".join)
_SAID = st.sampled_from(
    [
        "Ask the user",
        "If $x > 3",
        "Return",
        "# no heading",
        "- nested",
        "---",
        "``` no fence",
        "<rules>",
        "key: value",
        "a\n  second line\n\n      third",
        "run\n  ```\n  - code\n# more\n  ```",
        "run\n```\ncode\n```",
        "a <!-- b -->",
        "1:2",
        "\u2003wide",
        "When the user says so",
    ]
)
_LIST = st.lists(st.tuples(_INDENTS, st.sampled_from(["- ", "* ", "3) "]), _SAID).map("".join), min_size=1, max_size=6)
_STEPS = st.one_of(
    _LIST.map("\n".join),
    st.just("- 01:CND If\n  - 01.01:RET\n\n    more\n- 02:QUE Say(user, hi); YLD for user"),
    st.just("01:CND While\n01.01:EXE x\n01.01.01:RET\n3:JMP 01"),
)
_TRIGGERS = st.one_of(_SAID.map(lambda said: f"- {said}\n- {said}"), st.just("T1:BGN At the beginning\n- T7:CND x"))


@st.composite
def _likely(draw: st.DrawFn) -> str:
    """Text in the order programs have it, so that many are sound."""
    parts: list[str] = []
    if draw(st.booleans()):
        title, tag = draw(st.text(max_size=8)), draw(_SAID).split("\n")[0]
        parts.append(
            f"---\ntitle: '{title}'\ntags: [{tag}, \"x, y\"]\nnumbers:\n  - 1.5e3\n  - -0.5\nm:\n  k: {tag}\n---"
        )
    for agent in draw(
        st.lists(st.sampled_from(["# A", "# B", "# C c:AI", "# T:MCP"]), unique=True, min_size=1, max_size=3)
    ):
        parts += [agent, draw(_BODY)]
        for playbook in draw(
            st.lists(st.sampled_from(["F", "G g", "H($a:int=1, b=')') -> str"]), unique=True, max_size=2)
        ):
            parts += ["## " + playbook, draw(_BODY)]
            if draw(st.booleans()):
                parts += ["### Triggers", draw(_TRIGGERS)]
            if draw(st.booleans()):
                parts += ["### Steps", draw(_STEPS)]
            if draw(st.booleans()):
                parts += ["### Notes", draw(_BODY)]
            if draw(st.booleans()):
                parts += ["```python\n@playbook\ndef P" + playbook[0] + "(): return $x\n```"]
    return "\n".join(parts)


_TEXTS = st.one_of(_likely(), _SOUP, st.text())


def _parse(*texts: str, others: dict[str, str] | None = None) -> Program | None:
    """The program, or None when it is told what is wrong; any other exception is the failure of a test."""

    def read(path: str) -> str:
        if path in (others or {}):
            return (others or {})[path]
        raise FileNotFoundError(2, "no such file", path)

    try:
        return parse_program([SourceFile(f"p{i}.pb", text) for i, text in enumerate(texts)], read)
    except UserError as error:
        assert str(error).strip()
        assert "__agent_variable_" not in str(error)
        return None


@given(st.lists(_TEXTS, min_size=1, max_size=2), _TEXTS, _TEXTS)
def test_no_text_is_more_than_a_user_error(texts: list[str], other: str, deeper: str) -> None:
    program = _parse(*texts, others={"other.pb": other, "a/b.pb": deeper})
    event("a program" if program else "a mistake")


@given(st.lists(st.one_of(_likely(), _likely(), _SOUP), min_size=1, max_size=1), _TEXTS)
def test_compiled_text_reads_as_the_same_program_and_compiles_to_itself(texts: list[str], other: str) -> None:
    program = _parse(*texts, others={"other.pb": other, "piece.pb": "- piece\n\n  of text"})
    event("a program" if program else "a mistake")
    if program is None:
        return
    compiled = compile_program(program)
    again = _parse(compiled)
    assert again is not None, compiled
    assert same_program(program, again), compiled
    assert compile_program(again) == compiled


@given(_TEXTS)
def test_reading_twice_gives_equal_programs(text: str) -> None:
    assert _parse(text) == _parse(text)
