"""Each construct of the language, read and compiled: what it means is what stands beside it in the corpus.

After a change that is meant, `python tests/language/test_corpus.py` writes the compiled files anew: read what differs.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from language.same import same_program

from playbooks.language import SourceFile, compile_program, load_program, parse_program

CORPUS = Path(__file__).parent.parent / "corpus"
PROGRAMS = sorted(CORPUS.glob("*.pb"))


def _nothing(path: str) -> str:
    raise AssertionError(f"a compiled program imports nothing, and asked for {path}")


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_construct_compiles_to_what_is_kept_beside_it(path: Path) -> None:
    assert compile_program(load_program([str(path)])) == path.with_suffix(".pbasm").read_text("utf-8")


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_compiled_construct_is_the_same_program(path: Path) -> None:
    program = load_program([str(path)])
    compiled = compile_program(program)
    again = parse_program([SourceFile("again.pbasm", compiled)], _nothing)
    assert same_program(program, again)
    assert compile_program(again) == compiled


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_construct_reads_alike_with_the_line_ends_of_windows(path: Path) -> None:
    program = load_program([str(path)])
    sources = [SourceFile(str(path), "\ufeff" + file.text.replace("\n", "\r\n")) for file in program.files[:1]]
    texts = {file.path: file.text.replace("\n", "\r\n") for file in program.files}
    assert same_program(program, parse_program(sources, texts.__getitem__))


if __name__ == "__main__":
    for program_path in PROGRAMS:
        program_path.with_suffix(".pbasm").write_text(compile_program(load_program([str(program_path)])), "utf-8")
