"""Who hears what inside one room: the sockets of each audience, and what they are told in which order.

Where many are inside, those who come and go are told of together, some times a second: a thousand people who come at
once would otherwise be half a million messages. All else is told at once, and nothing overtakes what waits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from palaver.live.domain.people import SocketId
from palaver.live.domain.replica import Audience, Change, Delta, DeltaLog, changes_for, merged
from palaver.live.ports import Timer
from palaver.live.render import delta_text
from palaver.live.sockets import Socket

INSIDE: Final = (Audience.MODERATORS, Audience.PARTICIPANTS)
# Where so few are inside, each arrival is told at once: it is heard, and costs little.
MANY: Final = 50
# Short enough that nobody sees it; long enough that a storm of arrivals fills it.
BUNDLE_S: Final = 0.1


@dataclass(slots=True)
class _Bundle:
    """Deltas that wait to be told together, and which of them some know already from their snapshot."""

    deltas: list[Delta]
    known_to: dict[SocketId, int]
    """The version that somebody began with who came while the bundle was filled."""


class Members:
    """The sockets inside. `call_later` is the clock of the room."""

    def __init__(self, call_later: Callable[[float, Callable[[], None]], Timer]) -> None:
        self._sockets: dict[Audience, dict[SocketId, Socket]] = {audience: {} for audience in INSIDE}
        self._logs = {audience: DeltaLog() for audience in INSIDE}
        self._bundles: dict[Audience, _Bundle] = {}
        self._call_later = call_later
        self._timer: Timer | None = None

    def add(self, socket: Socket, audience: Audience) -> None:
        """`socket` hears what comes after the snapshot that it gets now."""
        self._sockets[audience][socket.id] = socket
        if (bundle := self._bundles.get(audience)) is not None:
            bundle.known_to[socket.id] = bundle.deltas[-1].version

    def take(self, socket_id: SocketId, audience: Audience) -> Socket | None:
        """Take a socket out of one audience, if it is there."""
        return self._sockets[audience].pop(socket_id, None)

    def remove(self, socket_id: SocketId) -> None:
        """The socket is gone, or on its way."""
        for sockets in self._sockets.values():
            sockets.pop(socket_id, None)

    def clear(self) -> None:
        """All are gone, and nothing is to be told any more."""
        self._stop_timer()
        self._bundles.clear()
        for sockets in self._sockets.values():
            sockets.clear()

    def tell(self, changes: tuple[Change, ...], audience: Audience, *, base: int, version: int, can_wait: bool) -> None:
        """Tell an audience what it may see of `changes`; if they `can_wait`, together with what follows soon."""
        told = changes_for(changes, audience)
        if not told:
            return
        delta = Delta(base, version, told)
        self._logs[audience].append(delta)
        if can_wait and sum(map(len, self._sockets.values())) > MANY:
            self._bundles.setdefault(audience, _Bundle([], {})).deltas.append(delta)
            if self._timer is None:
                self._timer = self._call_later(BUNDLE_S, self._bundle_time_is_over)
            return
        self._open(audience)
        text = delta_text(delta)
        for socket in self._sockets[audience].values():
            socket.push(text)

    def push(self, text: str) -> None:
        """The same text for everybody inside."""
        self.catch_up()
        for audience in INSIDE:
            self.push_to(audience, text)

    def push_to(self, audience: Audience, text: str) -> None:
        """The same text for everybody of an audience; to be told after `catch_up`, as everything is."""
        for socket in self._sockets[audience].values():
            socket.push(text)

    def catch_up(self) -> None:
        """Tell now what waits to be told together."""
        for audience in tuple(self._bundles):
            self._open(audience)

    def since(self, version: int, audience: Audience, *, current: int) -> list[str] | None:
        """The deltas after `version` as text, or None when only a snapshot helps."""
        deltas = self._logs[audience].since(version, current=current)
        return None if deltas is None else [delta_text(delta) for delta in deltas]

    def _open(self, audience: Audience) -> None:
        bundle = self._bundles.pop(audience, None)
        if bundle is None:
            return
        if not self._bundles:
            self._stop_timer()
        first = bundle.deltas[0].base
        texts: dict[int, str | None] = {}
        for socket in self._sockets[audience].values():
            version = bundle.known_to.get(socket.id, first)
            if version not in texts:
                texts[version] = _text_after(bundle.deltas, version)
            if (text := texts[version]) is not None:
                socket.push(text)

    def _bundle_time_is_over(self) -> None:
        self._timer = None
        self.catch_up()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _text_after(deltas: list[Delta], version: int) -> str | None:
    missing = [delta for delta in deltas if delta.base >= version]
    return delta_text(merged(missing)) if missing else None
