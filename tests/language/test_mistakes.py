"""Every mistake in a program is told with its file, its line, what is wrong and what to do; all of them at once."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from playbooks.errors import ExitStatus, UserError, UserErrors
from playbooks.language import SourceFile, parse_program


def mistakes(*texts: str, others: Mapping[str, str] | None = None) -> list[UserError]:
    """What is told about a program; the empty list when it is sound."""

    def read(path: str) -> str:
        if others and path in others:
            return others[path]
        raise FileNotFoundError(2, "No such file or directory", path)

    try:
        parse_program([SourceFile(f"{'abc'[place]}.pb", text) for place, text in enumerate(texts)], read)
    except UserErrors as several:
        return list(several.errors)
    except UserError as one:
        return [one]
    return []


def agent(*lines: str) -> str:
    return "\n".join(["# A", *lines])


def playbook(*lines: str) -> str:
    return "\n".join(["# A", "## F", *lines])


def python(*lines: str) -> str:
    return "\n".join(["# A", "```python", *lines, "```"])


ONE_MISTAKE = {
    "an empty program": ("", 0, "the program is empty"),
    "a program of blank lines": ("\n \n\t\n", 0, "the program is empty"),
    "a program without an agent for a model": ("# Ann:Human", 0, "no agent that a model plays"),
    "text before the first agent": ("Hello\n# A", 1, "text before the first agent"),
    "Python before the first agent": ("```python\nx = 1\n```\n# A", 1, "text before the first agent"),
    "a playbook outside an agent": ("## F\n# A", 1, "the playbook F stands outside an agent"),
    "an agent without a name": ("# \n# A", 1, "an agent has no name"),
    "an agent whose name is no name": ("# 3 wishes", 1, "3 wishes cannot be the name of an agent"),
    "an agent named by a word of Python": ("# None", 1, "cannot be called None: None is a word of Python"),
    "an agent named like a builtin": ("# Say", 1, "cannot be called Say: Say is a builtin"),
    "an unknown kind of agent": ("# A:Robot", 1, "Robot is no kind of agent"),
    "a kind of agent left open": ("# A:", 1, "nothing is no kind of agent"),
    "two agents of one name": ("# A\n# B\n# A", 3, "there is already an agent A: it stands at a.pb:1"),
    "two agents whose names become one": ("# Two words\n# TwoWords", 2, "there is already an agent TwoWords"),
    "a second human": ("# A\n# Ann:Human\n# Ben:Human", 3, "Ben is a second human; Ann is the person"),
    "a human with playbooks": ("# A\n# Ann:Human\n## F", 2, "Ann is a human and has playbooks"),
    "a heading without its space": (agent("##F"), 2, "##F has no space after the #"),
    "a heading that is indented": (agent("  ## F"), 2, "this heading is indented: ## F"),
    "a section right under an agent": (agent("### Steps", "- a"), 2, "Steps cannot stand right under an agent"),
    "a playbook without a name": (agent("## ($x)"), 2, "a playbook has no name"),
    "a playbook whose name is no name": (agent("## 1st"), 2, "1st cannot be the name of a playbook"),
    "a playbook named by a word of Python": (agent("## class"), 2, "cannot be called class"),
    "a playbook named like a builtin": (agent("## Yld"), 2, "cannot be called Yld"),
    "two playbooks of one name": (agent("## F", "## F"), 3, "there is already a playbook F, at a.pb:2"),
    "a parameter list never closed": (agent("## F($a"), 2, "the parameter list is never closed"),
    "a parameter that is none": (agent("## F(3)"), 2, "3 is no parameter"),
    "a starred parameter": (agent("## F(*a)"), 2, "*a is no parameter"),
    "a parameter named by a word of Python": (agent("## F($if)"), 2, "$if is no parameter"),
    "a parameter missing": (agent("## F($a,,$b)"), 2, "a parameter is missing between two commas"),
    "a parameter given twice": (agent("## F($a, a)"), 2, "the parameter $a is given twice"),
    "a parameter that must have a default": (agent("## F($a=1, $b)"), 2, "$b has no default but follows one"),
    "a default that is no Python": (agent("## F($a=1 +)"), 2, "the default of $a is no Python"),
    "a default left out": (agent("## F($a=)"), 2, "the default of $a is no Python: it is empty"),
    "a type that is no Python": (agent("## F($a:list[)"), 2, "the parameter list is never closed"),
    "a type of two words": (agent("## F($a:two words)"), 2, "the type of $a is no Python"),
    "a result left out": (agent("## F() ->"), 2, "the type after -> is no Python: it is empty"),
    "a result that is no Python": (agent("## F -> a b"), 2, "the type after -> is no Python"),
    "a result that closes what nobody opened": (agent("## F() -> 1)+(2"), 2, "a bracket closes what was never opened"),
    "words after the parameters": (agent("## F($a) and more"), 2, "cannot read and more after the parameters"),
    "a key misspelt": (playbook("pubic: true"), 3, "unknown key pubic; did you mean public?"),
    "a flag that is neither true nor false": (playbook("public: yes"), 3, "public is yes; write true or false"),
    "a flag with lines under it": (playbook("public:", "  a: b"), 4, "public has lines nested under it"),
    "a flag without a value": (playbook("public:"), 3, "public is empty; write true or false"),
    "an unknown execution mode": (
        playbook("execution_mode: fast"),
        3,
        "execution_mode is fast; write playbook or react",
    ),
    "an unknown startup mode": (agent("startup_mode: late"), 2, "startup_mode is late; write default or standby"),
    "an unknown startup mode after the description": (
        agent("Sells tea.\nstartup_mode: sometimes"),
        3,
        "startup_mode is sometimes; write default or standby",
    ),
    "an agent's key on a playbook": (playbook("startup_mode: standby"), 3, "startup_mode belongs to an agent"),
    "a playbook's key on an agent": (agent("meeting: true"), 2, "meeting belongs to a playbook"),
    "a key given twice": (agent("a: 1", "a: 2"), 3, "a is given twice, first on line 2"),
    "a remote without settings": (agent("remote: mcp"), 2, "remote has no settings"),
    "a metadata block with a line of prose": (
        agent("metadata:", "  prose", "---"),
        3,
        "not a `key: value` line: prose",
    ),
    "a meeting that requires nobody": (
        playbook("meeting: true", "required_attendees: []"),
        4,
        "required_attendees names nobody",
    ),
    "a meeting that requires a stranger": (
        playbook("meeting: true", "required_attendees: [B]"),
        2,
        "F requires B, who is no agent of this program; name one of human, user",
    ),
    "attendees without a meeting": (playbook("required_attendees: [A]"), 3, "required_attendees without a meeting"),
    "steps of a raw playbook": (playbook("execution_mode: raw", "### Steps", "- a"), 3, "a raw playbook has no steps"),
    "a section misspelt": (playbook("### Stepz", "- a"), 3, "unknown section Stepz; did you mean Steps?"),
    "an unknown section after a known one": (playbook("### Steps", "- a", "### Why"), 5, "unknown section Why"),
    "a section given twice": (
        playbook("### Notes", "### Note"),
        4,
        "there are two sections Note; join it with that on",
    ),
    "a section without steps": (playbook("### Steps"), 3, "the section Steps is empty"),
    "a section without triggers": (playbook("### Triggers", "", "### Notes"), 3, "the section Triggers is empty"),
    "text outside a list": (playbook("### Steps", "- a", "", "b"), 6, "text outside the list of steps: b"),
    "code before the first step": (playbook("### Steps", "```", "```", "- a"), 4, "code before the first of the steps"),
    "an empty step": (playbook("### Steps", "- a", "-", "- b"), 5, "this step is empty"),
    "an empty trigger": (playbook("### Triggers", "-"), 4, "this trigger is empty"),
    "a nested trigger": (playbook("### Triggers", "- a", "  - b"), 5, "a trigger cannot be nested under another"),
    "a trigger number given twice": (playbook("### Triggers", "- T1:BGN a", "- T1:CND b"), 5, "T1 is given twice"),
    "an unknown kind of trigger": (playbook("### Triggers", "- T1:FOO a"), 4, "FOO is no kind of trigger"),
    "triggers numbered in part": (playbook("### Triggers", "- T1:BGN a", "- b"), 5, "some triggers are numbered"),
    "steps numbered in part": (
        playbook("### Steps", "- 01:EXE a", "- b"),
        5,
        "some steps are numbered and some are not",
    ),
    "a step number given twice": (playbook("### Steps", "- 01:EXE a", "- 01:RET"), 5, "step 01 is given twice"),
    "a step before the one it is under": (playbook("### Steps", "- 01.01:EXE a"), 4, "01.01 stands before step 01"),
    "an unknown code of a step": (playbook("### Steps", "- 01:FOO a"), 4, "FOO is no code of a step; write CHK, CND"),
    "steps nested too deep": (
        playbook("### Steps", *(f"{' ' * depth}- a" for depth in range(21))),
        24,
        "steps are nested deeper than 20",
    ),
    "a fence never closed": (agent("```json", "{}"), 2, "the code fence opened here is never closed"),
    "a Python fence never closed": (agent("~~~python", "x = 1"), 2, "never closed; add a line ~~~ where the code ends"),
    "a comment never closed": (agent("a", "<!-- b", "c"), 3, "the comment opened by <!-- is never closed"),
    "a tag never closed": (agent("<rules>", "- a"), 2, "<rules> is never closed; add a line </rules>"),
    "an expression that is no Python": (playbook("a", "", "b {1 +} c"), 5, "{1 +} is no Python"),
    "an expression never closed": (playbook("a", "It is {$x."), 4, "{$x.} is no Python: it is never closed"),
    "JSON that reads as an expression": (playbook('{"a": 1}'), 3, "or write {{ and }} for braces that are text"),
    "a Python block that is no Python": (python("x = 1", "def ("), 4, "the Python block has a syntax error"),
    "a return outside a function": (python("", "return 1"), 4, "'return' outside function"),
    "a playbook called as what every agent has": (agent("## asyncio"), 2, "asyncio is a builtin of the engine"),
    "an await that nobody runs": (python("", "x = await f()"), 4, "'await' outside function; await it in an async"),
    "a playbook that yields": (python("@playbook", "def f():", "  yield 1"), 4, "f yields: a playbook gives one value"),
    "a null character in Python": (python("x = '\0'"), 3, "the Python block"),
    "a parameter with a dollar in Python": (python("def f($a): pass"), 3, "$a cannot stand here, use a plain name"),
    "triggers that are no list of texts": (python("@playbook(triggers=[1])", "def f(): pass"), 3, "no list of texts"),
    "triggers that are computed": (
        python("@playbook(triggers=f())", "def f(): pass"),
        3,
        "@playbook(triggers=…) is no",
    ),
    "a description that is no text": (
        python("@playbook(description=1)", "def f(): pass"),
        3,
        "description= is no text",
    ),
    "a decorator's argument without its name": (python("@playbook('a')", "def f(): pass"), 3, "takes no bare argument"),
    "a decorator's key with a wrong value": (
        python("@playbook(public=1)", "def f(): pass"),
        3,
        "public is 1; write true",
    ),
    "an execution mode of Python": (python("@playbook(execution_mode='raw')", "def f(): pass"), 4, "means nothing"),
    "a Python playbook inside other code": (
        python("if 1:", " @playbook", " def f(): pass"),
        5,
        "f is marked @playbook",
    ),
    "a Python playbook named like a builtin": (python("@playbook", "def Say(): pass"), 4, "cannot be called Say"),
    "a Python playbook of a name taken": (
        python("@playbook", "def F(): pass") + "\n## F",
        6,
        "there is already a playbook F, at a.pb:4",
    ),
    "Python nested too deep": (
        agent("```python", f"x = {'-' * 20_000}1", "```"),
        3,
        "the Python block cannot be read: it is nested too deep",
    ),
    "a public.json that is no JSON": (agent("```public.json", "[", "```"), 2, "public.json cannot be read"),
    "a public.json of another shape": (
        agent("```public.json", "[1]", "```"),
        2,
        "it is no list of objects with a name",
    ),
    "a public.json with a stranger": (
        agent("```public.json", '[{"name": "F"}]', "```"),
        2,
        "public.json lists F, no playbook of A",
    ),
    "frontmatter never closed": ("---\na: b\n# A", 1, "the frontmatter opened by --- is never closed"),
    "frontmatter with a line of prose": ("---\nprose\n---\n# A", 2, "not a `key: value` line: prose"),
    "frontmatter with a key twice": ("---\na: 1\na: 2\n---\n# A", 3, "a is given twice, first on line 2"),
    "frontmatter indented unevenly": ("---\na: 1\n b: 2\n---\n# A", 3, "a has a value and lines nested under it"),
    "frontmatter nested too deep": ("---\na:\n  b:\n    c: 1\n---\n# A", 4, "b: this is nested too deep"),
    "frontmatter in a block scalar": ("---\na: |\n  b\n---\n# A", 3, "a has a value and lines nested under it"),
    "frontmatter with an anchor": ("---\na: &b c\n---\n# A", 2, "a value that begins with & is not read"),
    "an import of nothing": (agent("!import"), 2, "!import names no file"),
    "an import of a file that is not there": (agent("", "!import b/c.md"), 3, "cannot import b/c.md: No such file"),
    "an import of an address": (agent("!import https://x.y/z.pb"), 2, "addresses are not read"),
    "an import of an absolute path": (agent("!import /etc/passwd"), 2, "the path is absolute"),
    "an import of itself": (agent("!import ./x/../a.pb"), 2, "import cycle: a.pb → a.pb"),
}


@pytest.mark.parametrize(("text", "line", "told"), ONE_MISTAKE.values(), ids=ONE_MISTAKE.keys())
def test_a_mistake_is_told_once_where_it_stands_with_what_to_do(text: str, line: int, told: str) -> None:
    (mistake,) = mistakes(text)
    assert told in str(mistake)
    assert (mistake.file, mistake.line, mistake.status) == ("a.pb", line, ExitStatus.USAGE)
    assert mistake.fix
    assert "\n" not in str(mistake)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_files_and_lines() -> None:
    told = mistakes(
        "# A:Robot\nstartup_mode: late\n## F($a, $a)\n### Steps\n-\n",
        "Hello\n# A\n```python\ndef (\n```\n",
    )
    assert [(mistake.file, mistake.line) for mistake in told] == [
        ("a.pb", 1),
        ("a.pb", 2),
        ("a.pb", 3),
        ("a.pb", 5),
        ("b.pb", 1),
        ("b.pb", 2),
        ("b.pb", 4),
    ]


def test_a_mistake_in_an_imported_file_is_told_there() -> None:
    told = mistakes("# A\n!import b/c.md\n## F(3)", others={"b/c.md": "fine\n{1 +}\n## G(4)\n!import d.md"})
    assert [(mistake.file, mistake.line) for mistake in told] == [("a.pb", 3), ("b/c.md", 3), ("b/c.md", 4)]


def test_a_mistake_in_python_imported_into_a_block_is_told_in_the_imported_file() -> None:
    (mistake,) = mistakes("# A\n```python\nx = 1\n!import t.py\ny = 2\n```", others={"t.py": "z = 3\nz = = 4\n"})
    assert (mistake.file, mistake.line) == ("t.py", 2)


def test_a_mistake_after_an_import_in_python_is_told_in_the_importing_file() -> None:
    (mistake,) = mistakes("# A\n```python\nx = 1\n!import t.py\ny = = 2\n```", others={"t.py": "z = 3\nz = 4\n"})
    assert (mistake.file, mistake.line) == ("a.pb", 5)


def test_a_mistake_in_a_file_imported_twice_is_told_once() -> None:
    (mistake,) = mistakes("# A\n## F\n!import b.md\n## G\n!import b.md", others={"b.md": "{1 +}"})
    assert (mistake.file, mistake.line) == ("b.md", 1)


def test_a_cycle_of_imports_names_every_file_on_it() -> None:
    (mistake,) = mistakes("# A\n!import b/x.pb", others={"b/x.pb": "!import ../c.pb", "c.pb": "!import a.pb"})
    assert "import cycle: a.pb → b/x.pb → c.pb → a.pb" in str(mistake)
    assert (mistake.file, mistake.line) == ("c.pb", 1)


def test_imports_deeper_than_ten_are_refused() -> None:
    chain = {f"{depth}.md": f"!import {depth + 1}.md" for depth in range(20)}
    (mistake,) = mistakes("# A\n!import 0.md", others=chain)
    assert "nested deeper than 10" in str(mistake)
    assert mistake.file == "9.md"
    chain["9.md"] = "the end"
    assert not mistakes("# A\n!import 0.md", others=chain)


def test_imports_that_double_at_each_level_are_refused_before_they_fill_the_memory() -> None:
    doubling = {f"{depth}.md": f"!import {depth + 1}.md\n" * 10 for depth in range(9)} | {"9.md": "text"}
    told = mistakes("# A\n!import 0.md", others=doubling)
    assert "the program has over 200,000 lines" in str(told[0])


def test_an_agent_imported_twice_says_to_import_the_file_once() -> None:
    (mistake,) = mistakes("# A\n!import b.pb\n!import b.pb", others={"b.pb": "# B"})
    assert "this file is read twice; import the file once" in str(mistake)


def test_a_fence_opened_in_an_imported_file_does_not_swallow_the_importing_one() -> None:
    told = mistakes("# A\n!import b.md\n## F(3)", others={"b.md": "```json\n{}"})
    assert [(mistake.file, mistake.line) for mistake in told] == [("a.pb", 3), ("b.md", 1)]


def test_a_region_is_not_ended_early_by_what_it_imports() -> None:
    (mistake,) = mistakes("# A\n<x>\n!import b.md\n</x>", others={"b.md": "a\n</x>\n# B"})
    assert "cannot import b.md here: it holds </x>" in str(mistake)


def test_a_file_that_is_no_program_at_all_does_not_fill_the_terminal() -> None:
    told = mistakes("# A\n" + "## 1\n" * 1000)
    assert len(told) == 51
    assert "and 950 more mistakes" in str(told[-1])
