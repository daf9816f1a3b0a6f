"""HTTP whose requests must come within a time: who opens connections and says nothing is cut, and holds up nobody."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# From the first byte, or from the connection on, until the head of a request is whole.
HEAD_S = 10.0
# For the rest of a body that was answered before its end: a refused upload.
REST_S = 120.0
# More than so many at once that have not said what they want: the oldest go. Honest ones need milliseconds.
MAX_SILENT = 1_024

# Of the whole process, oldest first.
_silent: dict[_Patient, asyncio.TimerHandle] = {}

if TYPE_CHECKING:
    # Both of uvicorn's protocols are alike in all that is used here.
    _Protocol = H11Protocol
else:
    _Protocol = object


class _Patient(_Protocol):
    """Over one of uvicorn's protocols, which by themselves wait for ever."""

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait(HEAD_S)

    @override
    def data_received(self, data: bytes) -> None:
        if self not in _silent and (self.cycle is None or self.cycle.response_complete):
            has_rest = self.cycle is not None and self.cycle.more_body
            self._wait(REST_S if has_rest else HEAD_S)
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._heard()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._heard()
        super().connection_lost(exc)

    @override
    def handle_websocket_upgrade(self, *event: Any) -> None:
        self._heard()
        super().handle_websocket_upgrade(*event)

    @override
    def on_response_complete(self) -> None:
        self._heard()
        super().on_response_complete()

    def keep_waiting(self) -> None:
        """Somebody else decides from now on how long the connection may be silent."""
        self._heard()

    def _wait(self, seconds: float) -> None:
        if len(_silent) >= MAX_SILENT:
            next(iter(_silent))._give_up()
        _silent[self] = self.loop.call_later(seconds, self._give_up)

    def _heard(self) -> None:
        timer = _silent.pop(self, None)
        if timer is not None:
            timer.cancel()

    def _give_up(self) -> None:
        self._heard()
        self.transport.abort()


class PatientHttp(_Patient, H11Protocol):
    """Takes heads as long as its configuration says."""


class PatientFastHttp(_Patient, HttpToolsProtocol):  # type: ignore[misc]
    """The same with a parser in C, for a server that has pages too."""
