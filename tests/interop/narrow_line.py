"""A narrow or lossy line in user space: datagrams of one browser pass through here on their way to and from the SFU.

The browser is told this port instead of the SFU's (`REROUTE`), so that nothing of the system is changed and no rights
are needed. Only the way to the browser is narrow.
"""

import asyncio
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

from typing_extensions import override

from palaver_sfu.adapters.addresses import local_addresses

# What a home router holds back before it drops: about what makes voices overlap.
QUEUE_S = 0.3
# UDP and IP around each datagram.
OVERHEAD_BYTES = 28

# In the page: candidates of the server, in a description or alone, name `to` as their port instead of `from`.
REROUTE = """
(() => {
  const rerouted = (text) => text.replace(/(candidate:.* )FROM( typ host)/g, '$1TO$2');
  const { setRemoteDescription, addIceCandidate } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
    return setRemoteDescription.call(this, { type, sdp: rerouted(sdp) });
  };
  RTCPeerConnection.prototype.addIceCandidate = function (candidate) {
    if (!candidate?.candidate) return addIceCandidate.call(this, candidate);
    const { sdpMid, sdpMLineIndex } = candidate;
    return addIceCandidate.call(this, { candidate: rerouted(candidate.candidate), sdpMid, sdpMLineIndex });
  };
})();
"""


def reroute(media_port: int, port: int) -> str:
    """The script that leads a page's media through *port*."""
    return REROUTE.replace("FROM", str(media_port)).replace("TO", str(port))


@dataclass
class Line:
    """What the line to the browser is like now; may be changed at any time. 0 bit/s is no limit.

    `delay_s` is how long everything takes, there and back together; up to `jitter_s` more, each datagram on its own.
    """

    port: int = 0
    bps: int = 0
    loss: float = 0.0
    delay_s: float = 0.0
    jitter_s: float = 0.0
    passed: int = 0
    dropped: int = 0
    _random: random.Random = field(default_factory=lambda: random.Random(7))

    def loses(self) -> bool:
        return self._random.random() < self.loss

    def late_s(self) -> float:
        return self.delay_s + self._random.random() * self.jitter_s


class _Browser(asyncio.DatagramProtocol):
    """The way back to one address of the browser."""

    def __init__(self, outside: asyncio.DatagramTransport, address: tuple[str, int], line: Line) -> None:
        self._outside, self._address, self._line = outside, address, line
        self._free_at = 0.0

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        loop, line = asyncio.get_running_loop(), self._line
        now = loop.time()
        start = max(now, self._free_at)
        if line.loses() or (line.bps and start - now > QUEUE_S):
            line.dropped += 1
            return
        line.passed += 1
        if not line.bps:
            self._free_at = now
            if line.delay_s:
                loop.call_later(line.late_s(), self._outside.sendto, data, self._address)
            else:
                self._outside.sendto(data, self._address)
            return
        self._free_at = start + (len(data) + OVERHEAD_BYTES) * 8 / line.bps
        loop.call_at(self._free_at + line.late_s(), self._outside.sendto, data, self._address)


class _Outside(asyncio.DatagramProtocol):
    """What the browser sends to: one socket towards the SFU for each of its addresses."""

    def __init__(self, sfu: tuple[str, int], line: Line) -> None:
        self._sfu, self._line = sfu, line
        self._inside: dict[tuple[str, int], asyncio.Task[asyncio.DatagramTransport]] = {}
        self._transport: asyncio.DatagramTransport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        inside = self._inside.get(addr)
        if inside is None:
            inside = self._inside[addr] = asyncio.create_task(self._open(addr))
        if inside.done():
            inside.result().sendto(data)
        else:
            inside.add_done_callback(lambda task: task.result().sendto(data))

    async def close(self) -> None:
        for inside in self._inside.values():
            (await inside).close()
        if self._transport is not None:
            self._transport.close()

    async def _open(self, addr: tuple[str, int]) -> asyncio.DatagramTransport:
        assert self._transport is not None
        outside = self._transport
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Browser(outside, addr, self._line), remote_addr=self._sfu
        )
        return transport


@contextmanager
def narrow_line(
    media_port: int, *, bps: int = 0, loss: float = 0.0, delay_s: float = 0.0, jitter_s: float = 0.0
) -> Iterator[Line]:
    """A line to the SFU on this machine, in a thread of its own until the end of the block."""
    line = Line(bps=bps, loss=loss, delay_s=delay_s, jitter_s=jitter_s)
    ready, end = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        # The address that the SFU announces: browsers do not use the loopback.
        host = local_addresses()[0]
        outside = _Outside((host, media_port), line)
        transport, _ = await loop.create_datagram_endpoint(lambda: outside, local_addr=(host, 0))
        line.port = transport.get_extra_info("sockname")[1]
        ready.set()
        await end.wait()
        await outside.close()
        # One turn more, in which the transports close their sockets.
        await asyncio.sleep(0)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield line
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(10)
        loop.close()
