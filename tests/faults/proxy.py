"""A network that is slow or breaks: a TCP proxy between two real programs."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from urllib.parse import urlsplit


class Proxy:
    """`async with Proxy(url) as proxy:` – `proxy.url` leads to `url`, with its faults.

    `delay` holds back each piece of an answer, in seconds; `cut_after` cuts the
    connection after so many bytes of an answer, `cuts` times.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname, parts.port
        self.delay = 0.0
        self.cut_after = 0
        self.cuts = 0
        self.url = ""

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._host, self._port)
        sending = asyncio.create_task(_pass_on(reader, back))
        with contextlib.suppress(ConnectionError):
            passed = 0
            while piece := await there.read(65536):
                await asyncio.sleep(self.delay)
                if self.cuts and passed + len(piece) > self.cut_after:
                    self.cuts -= 1
                    writer.write(piece[: self.cut_after - passed])
                    await writer.drain()
                    writer.transport.abort()
                    break
                passed += len(piece)
                writer.write(piece)
                await writer.drain()
        sending.cancel()
        for end in (writer, back):
            end.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
