"""Every state, screen and dialog looks as it was last looked at by eye, in three sizes.

`make pictures` keeps the new ones: look at each before.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion
from tui.pictures import MORE, PICTURES, Shown
from tui.studio import stock

SIZES = ((180, 50), (120, 36), (80, 24))


@pytest.mark.parametrize("name", PICTURES)
def test_picture(
    name: str, alone: Path, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shown = PICTURES[name]
    for variable, value in shown.environ.items():
        monkeypatch.setenv(variable, value)
    stock(alone, MORE)
    kept = snapshot.use_extension(SVGImageExtension)
    changed = []
    for size, picture in asyncio.run(taken(shown, alone)).items():
        if kept(name=size) != picture:
            (actual := tmp_path / f"{name}-{size}.svg").write_text(picture)
            changed.append(str(actual))
    assert not changed, f"drawn otherwise than kept: {' '.join(changed)}; `make pictures` keeps them, once looked at"


async def taken(shown: Shown, folder: Path) -> dict[str, str]:
    """The pictures of one state, by size."""
    async with shown.opened(folder, SIZES[0]) as desk:
        pictures = {}
        for width, height in SIZES:
            await desk.resize(width, height)
            pictures[f"{width}x{height}"] = desk.picture()
        return pictures
