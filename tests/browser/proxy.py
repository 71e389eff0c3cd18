"""A wire between the browser and the front desk that can be cut: a real loss of the network, sockets included."""

from __future__ import annotations

import asyncio
from types import TracebackType


class Wire:
    """Listens on a port of its own and passes everything on to `port`, as long as it is whole."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._whole = True
        self._deaf = False
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.base = ""

    async def __aenter__(self) -> Wire:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.base = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await asyncio.gather(*self._pipes, return_exceptions=True)
        await self._server.wait_closed()

    def cut(self) -> None:
        """Ends all connections; new ones end at once."""
        self._whole = False
        for writer in self._writers:
            writer.transport.abort()

    def deafen(self) -> None:
        """What the browser sends still arrives; no answer comes back any more."""
        self._deaf = True

    def mend(self) -> None:
        """The network is back."""
        self._whole, self._deaf = True, False

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)
        pair = {writer, there_writer}
        self._writers |= pair
        pipes = {
            asyncio.create_task(self._pass(reader, there_writer, back=False)),
            asyncio.create_task(self._pass(there_reader, writer, back=True)),
        }
        self._pipes |= pipes
        try:
            await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pipe in pipes:
                pipe.cancel()
            for end in pair:
                end.transport.abort()
            self._writers -= pair
            self._pipes -= pipes

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, back: bool) -> None:
        try:
            while data := await reader.read(65_536):
                if back and self._deaf:
                    continue
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            return  # the other end is gone: so is this wire
