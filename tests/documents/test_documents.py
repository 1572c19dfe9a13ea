"""What the documents say is so: every command in them is typed, every link leads somewhere, every list is whole."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import typing
from pathlib import Path

import pytest
from documents.consoles import Typed, commands, shown_by

from playbooks.checkpoints.record import Header
from playbooks.config import Config
from playbooks.language import load_program
from playbooks.runtime.breakpoint import parse_breakpoint
from playbooks.state import events

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_DEADLINE_S = 60


@pytest.mark.parametrize("document", [path for path in DOCUMENTS if any(commands(path))], ids=lambda path: path.name)
def test_every_command_gives_what_the_document_shows(document: Path, alone: Path) -> None:
    shutil.copytree(ROOT / "examples", alone / "examples", ignore=shutil.ignore_patterns("__pycache__", ".checkpoints"))
    binaries = alone.parent / "bin"
    binaries.mkdir()
    for name, words in {"playbooks": "-m playbooks", "python": ""}.items():
        script = binaries / name
        script.write_text(f'#!/bin/sh\nexec {sys.executable} {words} "$@"\n')
        script.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PLAYBOOKS_MODEL__TOKEN_DELAY_S": "0.001",
        "COLUMNS": "120",
    }
    for typed in commands(document):
        printed = _printed(typed, alone, environment)
        assert shown_by(typed.lines, printed), f"{typed}\nshould give\n{chr(10).join(typed.lines)}\nand gave\n{printed}"


def _printed(typed: Typed, folder: Path, environment: dict[str, str]) -> str:
    command = typed.command if typed.after is None else f"exec {typed.command}"
    if typed.after is not None:  # slow enough to be still at it when Ctrl+C comes, however busy the machine is
        environment = {**environment, "PLAYBOOKS_MODEL__TOKEN_DELAY_S": "0.02"}
    with subprocess.Popen(
        ["sh", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        printed = ""
        if typed.after is not None:
            last = next(line for line in reversed(typed.before) if line != "…")
            for line in process.stdout:
                printed += line
                if shown_by([last], line):
                    process.send_signal(signal.SIGINT)
                    break
        rest, _ = process.communicate(timeout=_DEADLINE_S)
        return printed + rest


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in _LINK.findall(document.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://", "#", "mailto:")):
            continue
        path, _, name = target.partition("#")
        found = document.parent / path
        assert found.exists(), f"{document.name} links to {target}"
        if path.endswith(".py") and name:
            assert re.search(rf"\b(def|class) {name}\b", found.read_text(encoding="utf-8")), (
                f"{target}: no {name} there"
            )
        elif name:
            heads = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert name in {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}, target


def test_the_catalogue_of_events_names_each_with_its_fields() -> None:
    text = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    for event in typing.get_args(events.Event):
        row = next((line for line in text.splitlines() if line.startswith(f"| `{event.__name__}` ")), None)
        assert row, f"{event.__name__} is not in docs/events.md"
        cells = [cell.strip() for cell in row.split("|")]
        assert [name.strip("` ") for name in cells[2].split(",")] == list(event.__struct_fields__), event.__name__
    named = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    source = Path(str(events.__file__)).read_text(encoding="utf-8")
    assert named == [name for name in re.findall(r"^class (\w+)\(", source, re.MULTILINE) if name in named]


def test_the_page_on_the_file_format_names_every_field_of_a_header() -> None:
    text = (ROOT / "docs" / "file-format.md").read_text(encoding="utf-8")
    (row,) = (line for line in text.splitlines() if line.startswith("| `metadata` "))
    told = set(re.findall(r"`(\w+)`", row)) - {"metadata"}
    assert told == set(Header.__struct_fields__) - {"id", "agent", "number"}, "those three are in `checkpoint_id`"


def test_every_breakpoint_that_a_document_shows_is_one_of_the_negotiation() -> None:
    program = load_program([str(ROOT / "examples" / "negotiation.pb")])
    page = (ROOT / "docs" / "breakpoints.md").read_text(encoding="utf-8")
    table = page.partition("| WHERE | stops |")[2].partition("\n\n")[0]
    shown = re.findall(r"`([^`]+)`", "".join(row.split("|")[1] for row in table.splitlines()[2:]))
    shown += re.findall(r"--break '([^']+)'", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(shown) > 14
    for text in shown:
        assert parse_breakpoint(text, program)


def test_the_configuration_in_the_readme_is_the_default_one(alone: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = (
        block for block in re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) if "keymap" in block
    )
    (alone / "playbooks.toml").write_text(block)
    set_there, default = Config.load(), Config.load(folder=alone / "empty")
    for section in (
        "model",
        "durability",
        "debugger",
        *(name for name in default.__struct_fields__ if name != "layers"),
    ):
        assert getattr(set_there, section) == getattr(default, section), section
    for section in ("", "model", "durability", "debugger"):
        settings = getattr(default, section) if section else default
        for name in settings.__struct_fields__:
            key = f"{section}.{name}".removeprefix(".")
            if key not in ("layers", "model", "durability", "debugger", "model.path", "debugger.keymap"):
                assert set_there.is_set(key), f"{key} is not in the README"
