"""What a model is told about its job: the system prompt, and the two messages that ask it to go on.

Apart from the calls because its words are part of a run's record: a response is served again only for the prompt it
answered, so a changed word is a new version, in a file of its own, and the old one stays. The prompt teaches the shapes
of the two messages with the functions that make them, so that it can't describe what the engine does not send.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

PROMPT_VERSION = "v1"


def continued(executed: str) -> str:
    """Asks for the rest of a response that broke off while it ran.

    Args:
        executed: The statements of it that already ran; may be empty.
    """
    if not executed.strip():
        return "Your answer broke off before any of it ran. Write it again from its beginning."
    return f"Your answer broke off. This part of it already ran:\n\n{_body(executed)}\n\nGo on right after it."


def failed(error: str, statement: str, executed: str, finished: str = "", line: int = 0) -> str:
    """Tells of a statement that failed, and asks to go on from there.

    Args:
        error: What went wrong, `NameError: name 'prise' is not defined`.
        statement: The source of what failed.
        executed: The statements before it that already ran; may be empty.
        finished: What of the failed statement had happened, such as calls that ended, a line each; may be empty.
        line: The line of the answer where it failed, from 1; 0 when unknown.
    """
    place = f" at line {line}" if line else ""
    parts = [f"This part of your answer already ran:\n\n{_body(executed)}"] if executed.strip() else []
    parts.append(f"{'Then this' if parts else 'This'} failed{place}:\n\n{_body(statement)}\n\n{error.strip()}")
    if finished.strip():
        parts.append(f"Before it failed, this of it was done:\n\n{_body(finished)}")
    parts.append("Write it so that it works, and go on from there.")
    return "\n\n".join(parts)


@cache
def system_prompt(version: str = PROMPT_VERSION) -> str:
    """The whole system prompt: for one version the same text every time.

    Args:
        version: An older one rebuilds the prompt of a call that was recorded with it.
    """
    text = (Path(__file__).parent / "prompts" / f"{version}.md").read_text("utf-8")
    shown = {
        "{continued}": continued('await Say("user", "Welcome!")\nname = await Yld("user")'),
        "{failed}": failed(
            "NameError: name 'prise' is not defined",
            'await Say("user", f"It costs {prise}.")',
            "price = 90",
            line=2,
        ),
    }
    for place, example in shown.items():
        text = text.replace(place, example.replace("\n", "\n    ").replace("\n    \n", "\n\n"))
    return text


def _body(text: str) -> str:
    """Code as the messages show it: indented, so that it can't be taken for the end of a fence."""
    return "\n".join(f"    {line}" if line.strip() else "" for line in text.strip("\n").split("\n"))
