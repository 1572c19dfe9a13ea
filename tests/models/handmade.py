"""A server of a few lines, for what the kept fake can't do, and the events that providers stream."""

from __future__ import annotations

import asyncio
import json


class Handmade:
    """A server of a few lines, for what the peer can't do; `left` is set when its client has gone."""

    def __init__(self, body: bytes, *, ends: bool) -> None:
        self._body, self._ends = body, ends
        self.left = asyncio.Event()

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/event-stream\r\n")
        writer.write(b"Transfer-Encoding: chunked\r\n\r\n")
        writer.write(b"%x\r\n%s\r\n" % (len(self._body), self._body))
        if self._ends:
            writer.write(b"0\r\n\r\n")
        else:
            await reader.read()
            self.left.set()
        writer.close()
        await writer.wait_closed()


def openai_events(*deltas: str, finish: str | None = None) -> bytes:
    choices = [{"index": 0, "delta": {"content": delta}, "finish_reason": None} for delta in deltas]
    if finish is not None:
        choices.append({"index": 0, "delta": {}, "finish_reason": finish})
    common = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return b"".join(b"data: %s\n\n" % json.dumps(common | {"choices": [choice]}).encode() for choice in choices)


def anthropic_events(delta: str) -> bytes:
    message = {
        "id": "x",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5",
        "content": [],
        "stop_reason": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    events = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": delta}},
    ]
    return b"".join(b"event: %s\ndata: %s\n\n" % (str(e["type"]).encode(), json.dumps(e).encode()) for e in events)
