"""HTTP whose requests must come within a time: who opens connections and says nothing is cut, and holds up nobody."""

from __future__ import annotations

import asyncio
from typing import Any

from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol

# From the first byte, or from the connection on, until the head of a request is whole.
HEAD_S = 10.0
# More than so many at once that have not said what they want: the oldest go. Honest ones need milliseconds.
MAX_SILENT = 1_024


class PatientHttp(H11Protocol):
    """uvicorn's HTTP/1.1, which by itself waits for ever."""

    # Of the whole process, oldest first: a dictionary as an ordered set.
    _silent: dict[PatientHttp, asyncio.TimerHandle] = {}  # noqa: RUF012

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    @override
    def data_received(self, data: bytes) -> None:
        if self not in self._silent and (self.cycle is None or self.cycle.response_complete):
            self._wait()
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._heard()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._heard()
        super().connection_lost(exc)

    @override
    def handle_websocket_upgrade(self, event: Any) -> None:
        self._heard()
        super().handle_websocket_upgrade(event)

    @override
    def on_response_complete(self) -> None:
        self._heard()
        super().on_response_complete()

    def _wait(self) -> None:
        if len(self._silent) >= MAX_SILENT:
            next(iter(self._silent))._give_up()
        self._silent[self] = self.loop.call_later(HEAD_S, self._give_up)

    def _heard(self) -> None:
        timer = self._silent.pop(self, None)
        if timer is not None:
            timer.cancel()

    def _give_up(self) -> None:
        self._heard()
        self.transport.abort()
