"""TURN on the port of https: who may reach nothing but TCP 443 gets through there.

A connection whose first byte is that of a STUN request is no HTTP, whatever follows. From then on its bytes go to the
media core, which speaks TURN on the other end of a pair of sockets; uvicorn keeps doing the TLS.
"""

import asyncio
import ipaddress
import socket
from typing import ClassVar, Final, Protocol

from typing_extensions import override

from palaver_sfu.errors import MediaError
from palaver_sfu.http.patience import PatientFastHttp

# A binding or an allocation: 0x0001, 0x0003. No HTTP method and no WebSocket frame begins so.
_FIRST_BYTE: Final = 0
# What waits here for a slow line is late already when it arrives; the core keeps back 64 KiB more.
_MAX_UNSENT_BYTES: Final = 32 * 1024


class Relay(Protocol):
    """Speaks TURN on a connected socket, which is duplicated. Raises when it cannot take one more."""

    def __call__(self, connection: socket.socket, *, local: tuple[str, int], remote: tuple[str, int]) -> None: ...


class _Half(asyncio.Protocol):
    """One end of a pipe: what comes in goes out at the other end, no faster than that takes it."""

    def __init__(self, transport: asyncio.Transport | None = None) -> None:
        self.transport = transport
        self.other: _Half | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.write(data)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()

    @override
    def pause_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    @override
    def resume_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()


class HttpOrTurn(PatientFastHttp):
    """HTTP, until the first byte says otherwise."""

    relay: ClassVar[Relay]
    _is_http = False

    @override
    def data_received(self, data: bytes) -> None:
        if not self._is_http and data[0] == _FIRST_BYTE:
            self._hand_over(data)
            return
        self._is_http = True
        super().data_received(data)

    def _hand_over(self, first: bytes) -> None:
        self.keep_waiting()
        self._unset_keepalive_if_required()
        self.connections.discard(self)
        client = _Half(self.transport)
        self.transport.set_protocol(client)
        self.transport.pause_reading()
        task = self.loop.create_task(self._open(client, first))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _open(self, client: _Half, first: bytes) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        try:
            type(self).relay(
                theirs, local=_address(self.transport, "sockname"), remote=_address(self.transport, "peername")
            )
            _, core = await self.loop.create_connection(_Half, sock=ours)
        except (OSError, MediaError):
            # It takes no more of them, or the client is gone already.
            ours.close()
            self.transport.abort()
            return
        finally:
            theirs.close()
        client.other, core.other = core, client
        _bound(self.transport)
        client.data_received(first)
        if self.transport.is_closing():
            client.connection_lost(None)
        else:
            self.transport.resume_reading()


def http_or_turn(relay: Relay) -> type[PatientFastHttp]:
    """The protocol of a port that speaks both."""
    return type("HttpOrTurn", (HttpOrTurn,), {"relay": staticmethod(relay)})


def _bound(transport: asyncio.Transport) -> None:
    transport.set_write_buffer_limits(high=_MAX_UNSENT_BYTES)
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _MAX_UNSENT_BYTES)


def _address(transport: asyncio.Transport, name: str) -> tuple[str, int]:
    host, port = transport.get_extra_info(name)[:2]
    address = ipaddress.ip_address(host.partition("%")[0])
    # A socket for both families writes IPv4 as IPv6; quotas count by what it is.
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address), port
