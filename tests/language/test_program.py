"""What a program holds once it is read: names, places, modes, and the frontmatter of its files."""

from __future__ import annotations

from pathlib import Path

import pytest
from language.same import same_program

from playbooks.errors import ExitStatus, UserError, UserErrors
from playbooks.language import (
    Parameter,
    Program,
    SourceFile,
    compile_program,
    load_program,
    parse_program,
)
from playbooks.language.names import identifier


def parse(*texts: str, **others: str) -> Program:
    files = {name.replace("_", "."): text for name, text in others.items()}
    return parse_program([SourceFile(f"{'ab'[place]}.pb", text) for place, text in enumerate(texts)], files.__getitem__)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Seller", "Seller"),
        ("process_countries", "process_countries"),
        ("Travel Agent", "TravelAgent"),
        ("Ask for the user's name", "AskForTheUsersName"),
        ("Tic-tac-toe", "TicTacToe"),
        ("Agent 1", "Agent1"),
        ("**Bold** words", "BoldWords"),
        ("ﬁne print", "FinePrint"),
        ("Übergabe an élève", "ÜbergabeAnÉlève"),
        ("3 wishes", ""),
        ("!", ""),
    ],
)
def test_a_heading_becomes_the_name_people_would_write_in_python(title: str, name: str) -> None:
    assert identifier(title) == name
    assert identifier(name) == name


def test_everything_knows_the_file_and_line_it_stands_in() -> None:
    program = parse(
        "# A\n!import b.md\n## F\n### Triggers\n- When the program starts\n### Steps\n- one\n  - two\n",
        b_md="about\n```python\nx = 1\n@playbook\ndef G(): pass\n```\n## H\n### Steps\n- three\n",
    )
    (agent,) = program.agents
    generated, imported, own = agent.playbooks
    assert [(part.name, part.file, part.line) for part in (generated, imported, own)] == [
        ("G", "b.md", 5),
        ("H", "b.md", 7),
        ("F", "a.pb", 3),
    ]
    assert [(step.label, step.file, step.line) for step in (*imported.walk(), *own.walk())] == [
        ("H:01:EXE", "b.md", 9),
        ("F:01:EXE", "a.pb", 7),
        ("F:01.01:EXE", "a.pb", 8),
    ]
    assert (own.triggers[0].label, own.triggers[0].line) == ("F:T1:BGN", 5)
    assert (agent.python[0].file, agent.python[0].line) == ("b.md", 3)
    assert [file.path for file in program.files] == ["a.pb", "b.md"]


def test_each_line_of_a_python_block_knows_its_place_across_imports() -> None:
    program = parse("# A\n```python\nx = 1\n!import t.py\ny = 2\n```\n", t_py="z = 3\nw = 4\n")
    block = program.agents[0].python[0]
    assert block.source == "x = 1\nz = 3\nw = 4\ny = 2"
    assert block.runs == ((2, "t.py", 1), (4, "a.pb", 5))
    assert [block.place(line) for line in range(1, 5)] == [("a.pb", 3), ("t.py", 1), ("t.py", 2), ("a.pb", 5)]


def test_several_files_are_one_program_whose_first_file_speaks_for_it() -> None:
    program = parse("---\ntitle: one\n---\n# A", "---\ntitle: two\nmodel: m\n---\n# B")
    assert [agent.name for agent in program.agents] == ["A", "B"]
    assert program.metadata == {"title": "one", "model": "m"}
    assert (program.roots, program.name) == (("a.pb", "b.pb"), "a.pb")


def test_an_imported_file_does_not_speak_for_the_program() -> None:
    assert parse("# A\n!import b.pb", b_pb="---\ntitle: two\n---\n# B").metadata == {}


def test_a_playbook_with_steps_is_played_and_one_without_is_reasoned_out() -> None:
    program = parse(
        "# A\n## P\n### Steps\n- a\n## R\ndo it\n## W\nexecution_mode: raw\nsay\n"
        "## E\nexecution_mode: playbook\n## T\nexecution_mode: react\n### Steps\n- a\n"
        "```python\n@playbook\ndef Y(): 1\n```"
    )
    assert [(playbook.name, playbook.mode) for playbook in program.agents[0].playbooks] == [
        ("P", "playbook"),
        ("R", "react"),
        ("W", "raw"),
        ("E", "playbook"),
        ("T", "react"),
        ("Y", "python"),
    ]


def test_the_same_text_is_a_step_in_prose_and_a_label_in_compiled_text() -> None:
    written = parse("# A\n## Main\n### Steps\n- Ask the user\n- Return")
    compiled = parse("# A\n## Main()\n### Steps\n- 01:QUE Ask the user\n- 02:RET Return")
    assert same_program(written, compiled)


def test_programs_that_differ_in_a_word_a_code_or_an_order_are_not_the_same() -> None:
    base = parse("# A\nx\n## F($a)\n### Steps\n- 01:EXE a\n- 02:EXE b\n## G\n# B\n")
    for text in (
        "# A\ny\n## F($a)\n### Steps\n- 01:EXE a\n- 02:EXE b\n## G\n# B\n",
        "# A\nx\n## F($b)\n### Steps\n- 01:EXE a\n- 02:EXE b\n## G\n# B\n",
        "# A\nx\n## F($a)\n### Steps\n- 01:EXE a\n- 02:TNK b\n## G\n# B\n",
        "# A\nx\n## G\n## F($a)\n### Steps\n- 01:EXE a\n- 02:EXE b\n# B\n",
        "# B\n# A\nx\n## F($a)\n### Steps\n- 01:EXE a\n- 02:EXE b\n## G\n",
    ):
        assert not same_program(base, parse(text))
    assert same_program(base, parse("\n\n" + compile_program(base)))


def test_a_python_playbook_tells_how_it_is_called() -> None:
    program = parse(
        "# A\n```python\n@playbook(public=True)\nasync def f(a, b: int = 1, *c, d: str = '$', **e) -> list[int]:\n"
        "    '''Does it.\n\n    Well.\n    '''\n@playbook\ndef g(): pass\n```"
    )
    first, second = program.agents[0].playbooks
    assert first.parameters == (
        Parameter("a"),
        Parameter("b", "int", "1"),
        Parameter("*c"),
        Parameter("d", "str", "'$'"),
        Parameter("**e"),
    )
    assert (first.returns, first.description, first.public, first.is_async) == (
        "list[int]",
        "Does it.\n\nWell.",
        True,
        True,
    )
    assert (second.public, second.is_async) == (False, False)


def test_files_are_read_with_their_imports_from_the_folder_they_stand_in(alone: Path) -> None:
    (alone / "shop" / "parts").mkdir(parents=True)
    (alone / "shop" / "main.pb").write_bytes(b"\xef\xbb\xbf# A\r\n!import parts/steps.md\r\n")
    (alone / "shop" / "parts" / "steps.md").write_text("!import more.md\nIt is {$x}.\n", "utf-8")
    (alone / "shop" / "parts" / "more.md").write_text("Grüezi.\n", "utf-8")
    program = load_program(["shop/main.pb"])
    assert program.agents[0].description == "Grüezi.\nIt is {$x}."
    assert [file.path for file in program.files] == ["shop/main.pb", "shop/parts/steps.md", "shop/parts/more.md"]


def test_a_file_that_cannot_be_read_is_told_by_its_name(alone: Path) -> None:
    (alone / "folder.pb").mkdir()
    (alone / "latin.pb").write_bytes("# A\nGrüezi".encode("latin-1"))
    (alone / "fine.pb").write_text("# A", "utf-8")
    with pytest.raises(UserErrors) as several:
        load_program(["none.pb", "folder.pb", "latin.pb", "fine.pb", "./fine.pb", "a\0b"])
    assert [str(error) for error in several.value.errors] == [
        "none.pb: no such file; check the path",
        "folder.pb: this is a folder; name a .pb file in it",
        "latin.pb:2: this file is not UTF-8 text; save it as UTF-8",
        "./fine.pb: the same file as fine.pb, given twice; name it once",
        "a\0b: cannot read this file: embedded null byte; check the path",
    ]
    assert several.value.status is ExitStatus.USAGE


def test_a_program_must_be_given() -> None:
    with pytest.raises(UserError, match="no program given"):
        load_program([])


def test_an_import_that_is_a_folder_is_told_at_the_import(alone: Path) -> None:
    (alone / "parts").mkdir()
    (alone / "a.pb").write_text("# A\n\n!import parts\n", "utf-8")
    with pytest.raises(UserError) as told:
        load_program(["a.pb"])
    assert str(told.value) == "a.pb:3: cannot import parts: this is a folder; name a .pb file in it"
