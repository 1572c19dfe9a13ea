"""The words in which people decide about a call that may have run, the same wherever they are asked."""

from __future__ import annotations

from typing import Any, Final, Literal

from playbooks.literals import literal_or_text

CHOICES: Final = "r runs it again, f lets it fail, = VALUE gives its result"
DECIDED: Final = {
    "ask": f"may have run when the process died: {CHOICES}",
    "rerun": "may have run before; it runs again",
    "fail": "may have run before; it is not called again, and fails",
    "result": "may have run before; it is not called again, and gives what you said",
}
"""What is said of such a call, by what becomes of it."""


def decision_of(text: str) -> tuple[Literal["rerun", "fail", "result"], Any] | None:
    """What a person's line decides; None: it decides nothing.

    `r` and `f`, or the words `rerun` and `fail`; of `= VALUE` the value is a Python literal, else text.
    """
    word, equals, rest = text.strip().partition("=")
    if equals and not word:
        return "result", literal_or_text(rest.strip())
    chosen: dict[str, Literal["rerun", "fail"]] = {"r": "rerun", "rerun": "rerun", "f": "fail", "fail": "fail"}
    return (chosen[word.lower()], None) if word.lower() in chosen else None
