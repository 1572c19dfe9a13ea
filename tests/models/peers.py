"""Programs that tests talk to and that are no part of the project: installed on first use, once per user.

Installed beside and moved into place, so that two test runs at once can't see each other's half.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest


def installed(name: str, program: str, install: Callable[[Path], Sequence[str]], *, timeout_s: float) -> Path:
    """A program of the user's cache; skips the test, with the reason, where it can't be installed.

    Args:
        name: Its folder in the cache, with the version.
        program: The file in that folder that is run.
        install: The command that installs it into a folder, which may prepare that.
        timeout_s: How long that may take, in seconds.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "playbooks-debugger-tests")
    there = cache / name / program
    if there.exists():
        return there
    cache.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=cache))
    try:
        done = subprocess.run(install(fresh), capture_output=True, text=True, timeout=timeout_s, check=False)
        if done.returncode:
            pytest.skip(f"{name} can't be installed: {done.stderr.strip().splitlines()[-1:]}")
        try:
            fresh.rename(cache / name)
        except OSError:
            if not there.exists():
                raise
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"{name} can't be installed: {error}")
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return there
