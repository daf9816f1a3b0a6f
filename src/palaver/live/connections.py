"""Tells each person inside how the others receive them, and what reaches them badly, as the media engine knows it.

A person sees only their own side of it; who moderates sees the weak lines of all.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from palaver.engines.receptions import LineTrouble, Reception, StreamCause, StreamTrouble
from palaver.live import connection_wire as cw, wire
from palaver.live.domain.people import Identity, SocketId
from palaver.live.domain.room import Connected, RoomState, Seat
from palaver.live.sockets import Socket

MAX_NAMED: Final = 5
# A line that is this bad for everything is one fact, not one for each tile.
MAX_TROUBLES: Final = 50

_CAUSES: Final[Mapping[StreamCause, cw.StreamCause]] = {
    StreamCause.BANDWIDTH: "bandwidth",
    StreamCause.CPU: "cpu",
    StreamCause.WAITING: "waiting",
    # As it should be, but for what is lost of it.
    StreamCause.WHOLE: "loss",
    StreamCause.ASKED: "loss",
}
_SOURCES: Final[Mapping[str, cw.Source]] = {
    "microphone": "microphone",
    "camera": "camera",
    "screen_share": "screen_share",
    "screen_share_audio": "screen_share_audio",
}


class ConnectionDesk:
    """What the people of one room were told last."""

    def __init__(self) -> None:
        self._told: dict[SocketId, str] = {}

    def tell(self, state: RoomState, sockets: Mapping[SocketId, Socket], people: Iterable[Reception]) -> None:
        """Send everybody inside what is new for them."""
        room = _Room(state, people)
        told: dict[SocketId, str] = {}
        for seat in state.seats.values():
            if not isinstance(seat.link, Connected) or (socket := sockets.get(seat.link.socket_id)) is None:
                continue
            news = connection_of(room, seat)
            text = wire.Event(event=news.model_dump(mode="json")).model_dump_json()
            if self._told.get(socket.id) != text:
                socket.push(text)
            told[socket.id] = text
        self._told = told


class _Room:
    """Who is in the room, in the engine or in both."""

    def __init__(self, state: RoomState, people: Iterable[Reception]) -> None:
        self.told = {one.identity: one for one in people}
        self.keys = {identity: identity for identity in self.told}
        self.keys |= {seat.participant.identity: seat.participant.participant_id for seat in state.seats.values()}
        self.weak = [
            cw.WeakLine(participant_id=self.keys[one.identity], trouble=one.line.value)
            for one in self.told.values()
            if one.line is not None
        ]


def connection_of(room: _Room, seat: Seat) -> cw.Connection:
    """What the person on `seat` may know."""
    own = room.told.get(seat.participant.identity)
    return cw.Connection(
        sound=_sound(room, seat.participant.identity, own),
        line=None if own is None or not own.way else _line(own),
        troubles=[] if own is None else [_trouble(room, one) for one in own.troubles[:MAX_TROUBLES] if _is_told(one)],
        weak=room.weak if seat.is_moderator else [],
    )


def _sound(room: _Room, identity: Identity, own: Reception | None) -> cw.OwnSound:
    others = len(room.keys.keys() - {identity})
    if own is None:
        return cw.OwnSound(state="none", heard_by=0, others=others, unheard_by=[])
    # Whoever is in the room and not in the engine hears nobody.
    absent = (other for other in room.keys if other not in room.told and other != identity)
    unheard = [*own.unheard_by, *absent] if own.sound == "arriving" else []
    return cw.OwnSound(
        state=own.sound.value,
        heard_by=min(own.heard_by, others),
        others=others,
        unheard_by=[room.keys[other] for other in unheard if other in room.keys][:MAX_NAMED],
    )


def _line(own: Reception) -> cw.OwnLine:
    trouble: LineTrouble | None = own.line
    return cw.OwnLine(
        way="tcp" if own.way == "tcp" else "udp",
        trouble=None if trouble is None else trouble.value,
        rtt_ms=None if own.rtt_ms is None else _stepped(own.rtt_ms, fine_to=100, step=50, fine_step=10),
        lost_up=_percent(own.loss_up),
        lost_down=_percent(own.loss_down),
    )


def _is_told(trouble: StreamTrouble) -> bool:
    return trouble.source in _SOURCES and trouble.cause in _CAUSES


def _trouble(room: _Room, trouble: StreamTrouble) -> cw.StreamTrouble:
    return cw.StreamTrouble(
        participant_id=room.keys.get(trouble.publisher, trouble.publisher),
        source=_SOURCES[trouble.source],
        cause=_CAUSES[trouble.cause],
        is_sent=trouble.is_sent,
        lost=_percent(trouble.loss),
    )


def _percent(share: float) -> int:
    return _stepped(share * 100, fine_to=10, step=5, fine_step=1)


def _stepped(value: float, *, fine_to: int, step: int, fine_step: int) -> int:
    """In steps as coarse as anybody reads them, so that noise is no news."""
    size = fine_step if value < fine_to else step
    return round(value / size) * size
