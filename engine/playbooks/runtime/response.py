"""One response of a model as it streams in: its text, its statements, and what is being written right now.

The stream is drained while statements run, so a long call never stalls the connection. What was received travels with
each checkpoint; a response cut off goes on from its last whole statement.
"""

from __future__ import annotations

import ast
import asyncio
from collections.abc import AsyncIterator, Callable

from msgspec.structs import replace

from playbooks.models.base import ModelError, Retry, Text, Usage
from playbooks.runtime.fences import CodeExtractor
from playbooks.runtime.literal_say import SayScanner
from playbooks.runtime.source import compile_model
from playbooks.runtime.statements import Statement, StatementStream


class Response:
    """A response's text on its way to statements.

    Args:
        text: What was received before, as the state holds it.
        whole: How much of that is known to be whole statements: where a response was cut off once.
        ended: All of it was received.
        plain: It is text to be returned, not code to be run.
    """

    def __init__(self, text: str = "", whole: int = 0, ended: bool = False, *, plain: bool = False) -> None:
        self.plain = plain
        self._received: list[str] = []
        self.length = 0
        """Of the text as the model sent it."""
        self.emitted = 0
        """How much of `text` the state has."""
        self.filename = ""
        """What its code is compiled as."""
        self.ended = False
        self.error: ModelError | None = None
        self.statements: list[Statement] = []
        self.changed = asyncio.Event()
        """Set when there is more to run, or the end."""
        self._extractor = CodeExtractor()
        self._stream = StatementStream()
        self._says = SayScanner()
        self._says_of, self._scanned = -1, 0
        """Where the statement looked at for a `Say` begins, and how far that came, in the code of `_stream`."""
        self.writing: tuple[str, str] | None = None
        self.task: asyncio.Task[None] | None = None
        self._code = ""
        """Code before that of `_stream`."""
        if whole:
            self.feed(text[:whole])
            self._cut()
        if len(text) > whole:
            self.feed(text[whole:])
        if ended:
            self.close()
        self.emitted = self.length

    @property
    def text(self) -> str:
        """As the model sent it, so far."""
        if len(self._received) > 1:
            self._received = ["".join(self._received)]
        return self._received[0] if self._received else ""

    def peek(self) -> str:
        """`text`, from any thread: what is put together for it stays as it is."""
        return "".join(tuple(self._received))

    def cut_off(self) -> Response:
        """What is kept of a response that broke off: up to the line end after its last whole statement.

        It goes on better from there than from the middle of a word.
        """
        rest = self.code[self.end_of(len(self.statements)) :]
        rest = rest[rest.find("\n") + 1 :]
        kept = self.text if not self.text.endswith(rest) else self.text[: len(self.text) - len(rest)]
        if not self.statements:
            kept = ""
        return Response(kept, len(kept))

    def _cut(self) -> None:
        """What is there is whole; more may follow. The last statement ends here, though another line could go on with
        it.
        """
        self._take(self._stream.close())
        self._code += self._stream.text
        self._stream = StatementStream(self._code.count("\n"))
        self._says_of = -1

    @property
    def code(self) -> str:
        """The code in it."""
        return self._code + self._stream.text

    def end_of(self, offset: int) -> int:
        """Where in the code the first `offset` statements end."""
        done = self.statements[:offset]
        return done[-1].end if done else 0

    def feed(self, text: str) -> None:
        """Takes up a piece of the response."""
        self._received.append(text)
        self.length += len(text)
        if self.plain:
            return
        code = self._extractor.feed(text)
        if code and (done := self._stream.feed(code)):
            self._take(done)

    def close(self) -> None:
        """The response is complete."""
        if self.ended:
            return
        self.ended = True
        code = self._extractor.close()
        self._take((self._stream.feed(code) if code else []) + self._stream.close())
        self.writing = None
        self.changed.set()

    def _take(self, statements: list[Statement]) -> None:
        if statements:
            if before := len(self._code):
                statements = [replace(s, start=s.start + before, end=s.end + before) for s in statements]
            self.statements += [self._compiled(statement) for statement in statements]
            self.changed.set()

    def _compiled(self, statement: Statement) -> Statement:
        """With its code, made of the tree it was found by; what can't be made so is made when it runs."""
        code, tree = None, statement.tree
        if tree is None:
            return statement
        if self.filename and not isinstance(tree, ast.For | ast.While):
            try:
                code = compile_model([tree], filename=self.filename, line=statement.line, notes=False)
            except SyntaxError:  # said when its turn comes
                pass
        return replace(statement, tree=None, code=code)

    def scan(self) -> bool:
        """Looks for a literal `Say` being written; whether `writing` changed."""
        if self.plain:
            return False
        if self._stream.begun != self._says_of:
            self._says.begin()
            self._says_of = self._scanned = self._stream.begun
        elif self._says.done:  # most chunks of what is no literal `Say`
            return False
        writing = self._says.feed(self._stream.since(self._scanned))
        self._scanned = self._stream.length
        if writing is self.writing:
            return False
        self.writing = writing
        return True

    async def drain(
        self, stream: AsyncIterator[Text | Retry | Usage], tell: Callable[[Text | Retry | Usage], None]
    ) -> None:
        """Reads the stream to its end; a `ModelError` is kept in `error`, with what was received before it."""
        try:
            async for piece in stream:
                if isinstance(piece, Text):
                    self.feed(piece.text)
                tell(piece)
            self.close()
        except ModelError as error:
            self.error = error
        finally:
            self.changed.set()

    async def all_received(self) -> None:
        """Returns when the response is complete, or broke off (`error`)."""
        while not (self.ended or self.error):
            self.changed.clear()
            await self.changed.wait()

    async def statement(self, offset: int) -> Statement | None:
        """The statement at `offset`, when it is there; None: the response ends before it, or broke off (`error`)."""
        while len(self.statements) <= offset:
            if self.ended or self.error:
                return None
            self.changed.clear()
            await self.changed.wait()
        return self.statements[offset]
