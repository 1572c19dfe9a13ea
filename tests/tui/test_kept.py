"""What is remembered between two starts, and what is exported."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from tui.desk import Opens
from tui.programs import HAGGLES

from playbooks.config import Config
from playbooks_tui.app import Debugger
from playbooks_tui.kept import Kept, load, save, state_file
from playbooks_tui.opening import Openings
from playbooks_tui.widgets.inspector import Inspector


def test_what_was_saved_is_there_at_the_next_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYBOOKS_STATE_DIR", str(tmp_path / "own"))
    path = state_file()
    assert path == tmp_path / "own" / "debugger.json" and load(path) == Kept()
    save(path, Kept("textual-light", "code"))
    assert load(path) == Kept("textual-light", "code")
    assert [file.name for file in path.parent.iterdir()] == ["debugger.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"theme": 1, "other": 2}'])
def test_a_broken_file_costs_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "debugger.json"
    path.write_text(text)
    assert load(path).tab == ""


def test_a_folder_that_cant_be_written_to_is_no_reason_to_complain(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    save(tmp_path / "file" / "debugger.json", Kept("x"))


async def test_theme_and_tab_are_kept_and_used_unless_the_configuration_names_a_theme(
    desk: Opens, tmp_path: Path
) -> None:
    path = tmp_path / "debugger.json"
    async with desk(HAGGLES) as d:
        d.app._state = path
        await d.status("finished")
        await d.press("4")
        d.app.theme = "textual-light"
    assert json.loads(path.read_text()) == {"theme": "textual-light", "tab": "program"}
    async with desk(HAGGLES) as d:
        again = Debugger(d.bridge, state=path)
        assert again.theme == "textual-light" and again._debugging.first_tab == "program"
        assert Debugger(d.bridge, state=path, theme="nord").theme == "nord"


@pytest.mark.parametrize(
    ("env", "said"),
    [({}, "theme in playbooks.toml"), ({"PLAYBOOKS_DEBUGGER__THEME": "nrod"}, "PLAYBOOKS_DEBUGGER__THEME")],
)
async def test_an_unknown_theme_says_so_and_where_it_was_named(alone: Path, env: dict[str, str], said: str) -> None:
    (alone / "playbooks.toml").write_text('[debugger]\ntheme = "nrod"\n')
    config = Config.load(env=env)
    app = Debugger(None, theme=config.debugger.theme, openings=Openings(config, ()))
    assert app.theme == "textual-dark"
    async with app.run_test(notifications=True) as pilot:
        while not app.told:
            await pilot.pause(0.005)
        assert list(app.told) == [f"{said}: nothing is called nrod; nord may be meant"]


async def test_transcript_and_picture_are_written_and_nothing_is_overwritten(desk: Opens, alone: Path) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        for action, name in (
            ("export_markdown", "shop-s1.md"),
            ("export_html", "shop-s1.html"),
            ("export_markdown", "shop-s1-2.md"),
            ("export_picture", "shop-s1.svg"),
        ):
            await d.screen.run_action(action)
            await d.until(lambda name=name: any(f"written: {name}" in said for said in d.said))  # type: ignore[misc]
        assert "Sold at 80." in (alone / "shop-s1.md").read_text()
        assert "<html" in (alone / "shop-s1.html").read_text()
        picture = (alone / "shop-s1.svg").read_text()
        assert picture.startswith("<svg") and "written" not in picture  # what was told in passing hides nothing
        names = [command.title for command in d.app.get_system_commands(d.screen)]
        assert "Export the transcript as HTML" in names and "Change" in names
        assert d.screen.query_one(Inspector).shown == "state"


async def test_an_export_that_cant_be_written_says_the_file_and_why(
    desk: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, *_: object, **__: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    async with desk(HAGGLES) as d:
        await d.status("finished")
        monkeypatch.setattr(Path, "write_text", refused)
        for kind, action in (("md", "export_markdown"), ("svg", "export_picture")):
            await d.screen.run_action(action)
            await d.until(lambda kind=kind: f"shop-s1.{kind}: Permission denied" in d.said)  # type: ignore[misc]
