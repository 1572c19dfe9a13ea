"""The text form of breakpoints: read, refused in one line, and printed back to what reads the same."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from playbooks.errors import UserError
from playbooks.language import parse_program
from playbooks.language.model import Program, SourceFile
from playbooks.runtime.breakpoint import Breakpoint, parse_breakpoint, same_step

PROGRAM = """# Seller
```python
@playbook
async def Counter(offer: int) -> int:
    return offer
```
## Main
### Triggers
- When the program starts
### Steps
- Go
- If it rains
  - Stay
## Haggle($item)
### Steps
- Haggle

# Buyer
startup_mode: standby
## Deal
### Steps
- Deal
"""


@pytest.fixture(scope="module")
def program() -> Program:
    return parse_program([SourceFile("shop.pb", PROGRAM)], lambda path: "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Main:02", Breakpoint("step", "Main:02")),
        ("Main:02.01:EXE", Breakpoint("step", "Main:02.01:EXE")),
        ("Seller", Breakpoint("agent", "Seller")),
        ("1001", Breakpoint("agent", "1001")),
        ("playbook Haggle", Breakpoint("playbook", "Haggle")),
        ("line Haggle:12", Breakpoint("line", "Haggle", 12)),
        ("code /Say\\(/", Breakpoint("code", "Say\\(")),
        ("say /a\\/b/", Breakpoint("say", "a/b")),
        ("say//", Breakpoint("say", "")),
        ("from Seller", Breakpoint("from", "Seller")),
        ("to Buyer", Breakpoint("to", "Buyer")),
        ("call Haggle", Breakpoint("call", "Haggle")),
        ("tool Counter", Breakpoint("tool", "Counter")),
        ("error", Breakpoint("error")),
        ("$price < 80", Breakpoint("when", "$price < 80")),
        ("'pen' in $items", Breakpoint("when", "'pen' in $items")),
        ("when sold", Breakpoint("when", "sold")),
        ("$a < off", Breakpoint("when", "$a < off")),
        ("to == 3", Breakpoint("when", "to == 3")),
        ("$x == ' if '", Breakpoint("when", "$x == ' if '")),
        ("Main:02 of Seller", Breakpoint("step", "Main:02", agent="Seller")),
        (
            "say /x/ of 1001 if $p > 'a if b' hit 3 off log p is {$p} if any",
            Breakpoint("say", "x", 0, "1001", "$p > 'a if b'", 3, "p is {$p} if any", False),
        ),
        ("error log", Breakpoint("error", log="")),
        ("$a log {b}", Breakpoint("when", "$a", log="{b}")),
        ("agent off off", Breakpoint("agent", "off", enabled=False)),
    ],
)
def test_a_breakpoint_is_read_as_written_and_printed_back(text: str, expected: Breakpoint) -> None:
    found = parse_breakpoint(text)
    assert found == expected
    assert parse_breakpoint(str(found)) == expected


_WORDS = st.from_regex(r"[A-Za-z_]\w{0,6}", fullmatch=True) | st.sampled_from(
    ["of", "if", "off", "log", "error", "to", "say"]
)
_CONDITIONS = st.sampled_from(
    [
        "$price < 80",
        "sold",
        "off",
        "if_ == 'x if y'",
        "len(l) > 2 and not log",
        "x in [of, hit]",
        '$a[0] == "off log"',
        "hit",
    ]
)


def _regex(text: str) -> bool:
    try:
        re.compile(text)
    except (re.error, OverflowError):
        return False
    return "\n" not in text and "\r" not in text


@st.composite
def _breakpoints(draw: st.DrawFn) -> Breakpoint:
    kind: Any = draw(
        st.sampled_from(
            ["step", "agent", "playbook", "line", "code", "say", "from", "to", "call", "tool", "error", "when"]
        )
    )
    what, line = "", 0
    if kind == "step":
        what = f"{draw(_WORDS)}:{draw(st.integers(1, 99)):02d}"
    elif kind in ("say", "code"):
        what = draw(st.text(max_size=12).filter(_regex) | st.sampled_from(["a/b", r"\\", r"a\/b", "/", " if ", r"\\/"]))
    elif kind == "when":
        what = draw(_CONDITIONS)
    elif kind != "error":
        what = draw(_WORDS)
    if kind == "line":
        line = draw(st.integers(1, 999))
    logs = st.none() | st.sampled_from(["", "off", "{$price} now", "{{x}}", "if hit 3"])
    return Breakpoint(
        kind, what, line, draw(st.just("") | _WORDS), draw(st.just("") | _CONDITIONS), draw(st.integers(1, 20)),
        draw(logs), draw(st.booleans()),
    )  # fmt: skip


@given(_breakpoints())
def test_what_is_printed_reads_as_the_same_breakpoint(breakpoint: Breakpoint) -> None:
    # `a\/b` and `a/b` are one pattern: what is kept is the plain one
    once = parse_breakpoint(str(breakpoint))
    assert replace(once, what="") == replace(breakpoint, what="")
    assert parse_breakpoint(str(once)) == once
    assert once.what.replace("\\/", "/") == breakpoint.what.replace("\\/", "/")


@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            ["say", "/", "\\", " of ", " if ", " hit ", " log ", "off", "$a", "<", "3", "{", "}", "'", "Main:01", " "]
        ),
        max_size=14,
    ).map("".join)
)
def test_any_text_is_a_breakpoint_or_one_line_that_says_why_not(text: str) -> None:
    try:
        found = parse_breakpoint(text)
    except UserError as error:
        assert "\n" not in str(error)
        return
    assert parse_breakpoint(str(found)) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a breakpoint is missing; such as"),
        ("say deal", "a pattern stands between slashes; say /deal/"),
        ("say /deal", "the / that ends the pattern is missing"),
        ("say /(/", "is no regular expression: missing )"),
        ("call", "call needs a name"),
        ("line Haggle", "such as line Haggle:12"),
        ("line Refund:x", "such as line Refund:12"),
        ("$price = 80", "compare with =="),
        ("$price < 80 hit x", "hit needs a number"),
        ("error of", "of needs an agent"),
        ("error if", "an expression is missing"),
        ("error log {", "{ has no partner"),
        ("say /x/ nonsense", "'nonsense' is not understood"),
        ("Sellr", "there is no agent or playbook Sellr; did you mean Seller?"),
        ("to Nobody", "there is no agent Nobody; there are: Seller, Buyer"),
        ("playbook Hagle", "there is no playbook Hagle; did you mean Haggle?"),
        ("tool Haggle", "there is no tool Haggle; there are: Counter"),
        ("Main:07", "there is no step Main:07; Main has Main:01, Main:02, Main:02.01"),
        ("Man:01", "there is no step Man:01; there is no playbook Man"),
        ("error of Sellr", "there is no agent Sellr; did you mean Seller?"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(text: str, said: str, program: Program) -> None:
    with pytest.raises(UserError) as caught:
        parse_breakpoint(text, program)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bare_name_is_the_agent_or_playbook_that_the_program_has(program: Program) -> None:
    assert parse_breakpoint("Haggle", program).kind == "playbook"
    assert parse_breakpoint("Buyer", program).kind == "agent"
    assert parse_breakpoint("1007", program).kind == "agent"


def test_a_step_is_named_with_or_without_its_code_and_zeros() -> None:
    assert same_step("Main:02.01:CND", "Main:02.01")
    assert same_step("Main:02:CND", "Main:2")
    assert same_step("Main:10:CND", "Main:10:CND")
    assert not same_step("Main:01:CND", "Main:10")
    assert not same_step("Main:02.01:CND", "Main:02")
