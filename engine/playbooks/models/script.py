"""A model that is a Python file: the same answers every time, without a key or a network.

Apart from the real models because it needs none of what they need (a library, retries, timeouts), and because examples
and tests must run where those are not. The file is the user's own code and runs in this process with all its rights.
"""

from __future__ import annotations

import asyncio
import inspect
import itertools
import sys
import traceback
import weakref
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Generator, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from playbooks.errors import UserError
from playbooks.models.base import ModelError, ModelRequest, Retry, Text, Usage

CHUNK_CHARACTERS = 4
"""About what one token of a real model carries, so that streaming looks and cuts alike."""
CHARACTERS_PER_TOKEN = 4
"""A script has no tokenizer: its token counts are characters divided by this, rounded up."""
TURN_CHARACTERS = 128
"""Without a delay so much comes in one chunk: nobody sees less between two turns of the event loop. Then it gets one,
or a long response would starve the rest."""

_numbers = itertools.count(1)
NEED = "define respond(request) that returns or yields text"


@dataclass(frozen=True, slots=True)
class ScriptRequest:
    """What `respond` is given: the public shape, so that a field added for the engine does not become a promise."""

    agent: str
    """Class name, `Seller`."""
    agent_id: str
    playbook: str
    arguments: dict[str, Any]
    turn: int
    """Which response of this playbook's current frame this is, from 0; unchanged when a response is continued."""
    variables: dict[str, Any]
    """The agent's and the frame's, without the dollar."""
    messages: list[tuple[str, str]]
    """`(sender id, text)` of all this agent has received or sent, oldest first."""
    agents: dict[str, str]
    """Ids and class names."""
    executed: str
    """Code of this turn that already ran, when a response is being continued; else empty."""
    prompt: list[dict[str, str]]
    """`[{"role", "content"}]`, as a real model gets it."""

    @classmethod
    def of(cls, request: ModelRequest) -> ScriptRequest:
        """The part of a request that a script sees, its containers copied."""
        return cls(
            agent=request.agent,
            agent_id=request.agent_id,
            playbook=request.playbook,
            arguments=dict(request.arguments),
            turn=request.turn,
            variables=dict(request.variables),
            messages=[(sender, text) for sender, text in request.messages],
            agents=dict(request.agents),
            executed=request.executed,
            prompt=[dict(message) for message in request.prompt],
        )


class Continuation:
    """Takes away the text that was received before, from a text that arrives in pieces.

    A text that begins with `received` loses that beginning; any other stays whole, since it is itself the continuation.
    A piece is held back only while it is still open which of the two it is.

    Args:
        received: The text of the response so far; empty when nothing is continued.
    """

    def __init__(self, received: str) -> None:
        self._received, self._held, self._decided = received, "", not received

    def feed(self, piece: str) -> str:
        """The part of what came so far that is new and certain; often empty at first."""
        if self._decided:
            return piece
        self._held += piece
        if len(self._held) >= len(self._received) or not self._received.startswith(self._held):
            self._decided = True
            return self._held.removeprefix(self._received)
        return ""

    def end(self) -> str:
        """What was held back by a text that ended before it had repeated all that was received."""
        held, self._held = ("", "") if self._decided else (self._held, "")
        self._decided = True
        return held


def chunks(text: str, size: int = CHUNK_CHARACTERS) -> Iterator[str]:
    """A text in pieces of `size` characters, the last one shorter."""
    return (text[start : start + size] for start in range(0, len(text), size))


def tokens(characters: int) -> int:
    """How many tokens so many characters of a script count as."""
    return -(-characters // CHARACTERS_PER_TOKEN)


class ScriptModel:
    """Streams what `respond(request)` of a Python file gives.

    The file runs once, when the model is made, in a namespace of its own: two models of one file share nothing.
    `respond` may return text, an iterable or asynchronous iterable of text, or be a coroutine or a generator of either
    kind. What it gives is streamed in chunks of four characters (without a delay, of more), a generator's as it comes.
    Answers must be computed from the request: a counter kept in the file is not saved with a checkpoint, so a resumed
    run would count anew.

    Tokens are counted as characters divided by four, and a call costs nothing.

    Args:
        path: The file.
        delay_s: Seconds between two chunks.
        shown: The path as the user wrote it, for errors; `path` when empty.

    Raises:
        UserError: The file can't be read or does not compile, failed when it ran, or has no usable `respond`.
    """

    def __init__(self, path: str | Path, delay_s: float = 0.0, *, shown: str = "") -> None:
        self.path = Path(path)
        self.name = f"script:{self.path.name}"
        self._shown = shown or str(path)
        self._delay_s = delay_s
        self._respond = self._load()

    def stream(self, request: ModelRequest) -> AsyncIterator[Text | Retry | Usage]:
        """Pieces of the response, then the usage; see `Model.stream`.

        Raises:
            ModelError: `respond` failed, or gave something other than text; fatal, for it would fail again.
        """
        return self._stream(request)

    @staticmethod
    def given_up(asked: int, received: int) -> Usage:
        """What a call took that was given up: characters of its prompt and of what came."""
        return Usage(input_tokens=tokens(asked), output_tokens=tokens(received), cost=0.0)

    async def _stream(self, request: ModelRequest) -> AsyncIterator[Text | Retry | Usage]:
        asked = sum(len(message.get("content") or "") for message in request.prompt)
        size = CHUNK_CHARACTERS if self._delay_s > 0 else TURN_CHARACTERS
        sent, turn_at = 0, size
        async with aclosing(self._fresh(request)) as texts:
            async for text in texts:
                for chunk in chunks(text, size):
                    if sent and (self._delay_s > 0 or sent >= turn_at):
                        await asyncio.sleep(self._delay_s)
                        turn_at = sent + size
                    sent += len(chunk)
                    yield Text(chunk)
        yield Usage(input_tokens=tokens(asked), output_tokens=tokens(sent), cost=0.0)

    async def _fresh(self, request: ModelRequest) -> AsyncGenerator[str, None]:
        """What `respond` gives beyond what was received before; a failure of its code told as ours."""
        continuation = Continuation(request.received)
        try:
            async with aclosing(_pieces(self._respond(ScriptRequest.of(request)))) as pieces:
                async for piece in pieces:
                    if not isinstance(piece, str):
                        raise TypeError(f"respond gave {_a(piece)}, not text")
                    if fresh := continuation.feed(piece):
                        yield fresh
            if held := continuation.end():
                yield held
        except (Exception, SystemExit) as error:
            place = f"{self._shown}:{line}" if (line := self._line(error)) else self._shown
            raise ModelError(f"the script failed: {place}: {_said(error)}", "mend respond", fatal=True) from error

    def _line(self, error: BaseException) -> int:
        """The script's innermost line that the error passed through; 0 when it passed through none."""
        frames = traceback.extract_tb(error.__traceback__)
        return next((frame.lineno or 0 for frame in reversed(frames) if frame.filename == str(self.path)), 0)

    def _load(self) -> Callable[[ScriptRequest], object]:
        """Runs the file and takes its `respond`."""
        try:
            source = self.path.read_bytes()
        except FileNotFoundError:
            raise UserError("there is no such script", "check the path after script:", file=self._shown) from None
        except OSError as error:
            raise UserError(f"the script can't be read: {error.strerror or error}", file=self._shown) from None
        try:
            code = compile(source, str(self.path), "exec", dont_inherit=True)
        except SyntaxError as error:
            what = f"the script is not valid Python: {error.msg}"
            raise UserError(what, file=self._shown, line=error.lineno or 0) from None
        except ValueError as error:
            raise UserError(f"the script is not valid Python: {error}", file=self._shown) from None
        # Dataclasses look their module up by name; a name per model keeps two models of one file apart.
        module = ModuleType(f"playbooks_script_{next(_numbers)}_{self.path.stem}")
        module.__file__ = str(self.path)
        sys.modules[module.__name__] = module
        weakref.finalize(self, sys.modules.pop, module.__name__, None)
        try:
            exec(code, module.__dict__)
        except (Exception, SystemExit) as error:
            what = f"the script failed: {_said(error)}"
            raise UserError(what, file=self._shown, line=self._line(error)) from error
        respond = module.__dict__.get("respond")
        if respond is None:
            raise UserError("the script has no respond", NEED, file=self._shown)
        if not callable(respond):
            raise UserError(f"respond is {_a(respond)}, not a function", NEED, file=self._shown)
        if not _takes_one(respond):
            line = getattr(getattr(respond, "__code__", None), "co_firstlineno", 0)
            raise UserError("respond can't be called with one argument", NEED, file=self._shown, line=line)
        return cast(Callable[[ScriptRequest], object], respond)


async def _pieces(given: object) -> AsyncGenerator[object, None]:
    """What `respond` gave, piece by piece, whatever its kind; generators are closed with it."""
    if inspect.isawaitable(given):
        given = await given
    if isinstance(given, str):
        yield given
    elif isinstance(given, AsyncIterable):
        iterator = aiter(given)
        try:
            async for piece in iterator:
                yield piece
        finally:
            if isinstance(iterator, AsyncGenerator):
                await iterator.aclose()
    elif isinstance(given, Iterable) and not isinstance(given, bytes | bytearray):
        pieces = iter(given)
        try:
            for piece in pieces:
                yield piece
        finally:
            if isinstance(pieces, Generator):
                pieces.close()
    else:
        raise TypeError(f"respond gave {_a(given)}, not text")


def _takes_one(respond: Callable[..., object]) -> bool:
    try:
        inspect.signature(respond).bind(None)
    except TypeError:
        return False
    except ValueError:  # A callable written in C may not tell; the call will.
        return True
    return True


def _said(error: BaseException) -> str:
    """The error's type and text on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _a(value: object) -> str:
    """`an int`, `None`."""
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
