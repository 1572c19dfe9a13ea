"""The rarer acts, which have no key: exports of the transcript and of a picture, and the commands that do the same."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from playbooks.errors import UserError
from playbooks_tui.screens.acts.base import Acts
from playbooks_tui.widgets.foot import Foot

Format = Literal["md", "html"]


class ExportingActs(Acts):
    """What leaves the screen as a file, in the folder that the debugger was started in."""

    rarer: Final[Mapping[str, tuple[str, str]]] = {
        "export_markdown": ("Export the transcript as Markdown", "playbooks export SESSION --format md"),
        "export_html": ("Export the transcript as HTML", "playbooks export SESSION --format html"),
        "export_picture": ("Export a picture of the screen", "An SVG of what is shown, in the current folder"),
        "copy_resume": ("Copy the command that resumes", "The line that goes on with this session later"),
    }
    """Action → its name in the palette, and what it does."""

    def action_export_markdown(self) -> None:
        self._export("md")

    def action_export_html(self) -> None:
        self._export("html")

    def _export(self, kind: Format) -> None:
        session = self.bridge.session
        if not session.timeline:
            self.say("nothing is kept yet: there is nothing to export")
            return
        id, config, path = session.id, session.config, self._free(f"{self._stem}.{kind}")

        def work() -> None:
            try:
                from playbooks.console.transcript_formats import to_html, to_markdown
                from playbooks.session.library import SessionLibrary
                from playbooks.session.transcript_export import transcript

                with SessionLibrary.open(config) as library:
                    found = transcript(library, id)
                text = to_markdown(found) if kind == "md" else to_html(found)
                path.write_text(text, encoding="utf-8", errors="replace")  # half a surrogate pair is a `?`, as printed
                words = f"written: {path}; the same: playbooks export {id} --format {kind}"
            except UserError as error:
                words = str(error)
            except OSError as error:
                words = f"{path}: {error.strerror or error}"
            self.app.call_from_thread(self.say, words)

        self.bridge.read(work)

    async def action_export_picture(self) -> None:
        """Without what was told in passing, which would hide a corner of the picture."""
        self.query_one(Foot).be_still()
        await self.query("Toast").remove()
        self.call_after_refresh(self._picture, self._free(f"{self._stem}.svg"))

    def _picture(self, path: Path) -> None:
        try:
            path.write_text(
                self.app.export_screenshot(title=f"playbooks debug {self.record.program}"),
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            self.say(f"{path}: {error.strerror or error}")
        else:
            self.say(f"written: {path}")

    def action_copy_resume(self) -> None:
        session = self.bridge.session
        if not session.timeline:
            self.say("nothing is kept yet: there is nothing to resume")
            return
        if session.taken_away:
            self.say("the checkpoints were taken away: there is nothing to resume")
            return
        command = shlex.join(["playbooks", "debug", *session.program.roots, "--resume", session.id])
        self.app.copy_to_clipboard(command)
        self.say(f"copied: {command}")

    @property
    def _stem(self) -> str:
        return f"{Path(self.record.program).stem or 'session'}-{self.record.session or 'new'}"

    @staticmethod
    def _free(name: str) -> Path:
        """A path that is not taken: nothing is overwritten."""
        path, number = Path(name), 2
        while path.exists():
            path = Path(f"{Path(name).stem}-{number}{Path(name).suffix}")
            number += 1
        return path
