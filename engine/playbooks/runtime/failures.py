"""An error in a statement, as the model is told it: what failed, where, and what already ran.

Apart because it is wording, and read by machines and people both.
"""

from __future__ import annotations

import re
import traceback

from playbooks.models.prompt import failed
from playbooks.runtime.signals import ExitRaised, PlaybookFailed
from playbooks.runtime.statements import Statement

_LINE = re.compile(r" \(line (\d+)\)$")
"""How a syntax error ends: the line it stands in, where its statement may have begun before."""


def explain(
    error: BaseException, statement: Statement, code: str, filename: str, done: str = ""
) -> tuple[str, str, int]:
    """An error for the model and for the timeline.

    Args:
        error: What the statement raised.
        statement: The one that failed.
        code: All the code of the response so far.
        filename: The file name the response was compiled with.
        done: What of the statement had happened, a line each.

    Returns:
        The text for the model, one line for people, and the line of the response it happened in.
    """
    line = statement.line
    if isinstance(error, SyntaxError) and error.filename == filename:  # the statement was no code: it has no frame
        line = error.lineno or line
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == filename and frame.lineno:
            line = frame.lineno
    message = statement.error or _message(error)
    if statement.error and (found := _LINE.search(statement.error)):
        message, line = statement.error[: found.start()], int(found[1])
    told = failed(message, statement.source, code[: statement.start], finished=done, line=line)
    return told, message.splitlines()[0] if message else type(error).__name__, line


def _message(error: BaseException) -> str:
    kind = type(error).__name__
    text = str(error).strip()
    if isinstance(error, SyntaxError):
        text = error.msg  # without the name the engine compiled it under
    if isinstance(error, PlaybookFailed | ExitRaised):
        return text
    if isinstance(error, KeyError):
        text = f"{text} is no key"
    return f"{kind}: {text}" if text else kind
