"""What is going on in a server, as its operator may see it: rooms, participants, tracks, and who gets which layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from palaver_sfu.room.values import ConnectionQuality, LinkStats, RoomSid, TrackKind
from palaver_sfu.session.state import RoomState, Session


@dataclass(frozen=True, slots=True)
class TrackView:
    sid: str
    kind: str
    source: str
    mime_type: str
    is_muted: bool
    layers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SubscriptionView:
    """`layer`: the highest spatial layer that may be sent, 0 is the smallest. `state` says why nothing is.

    What the media core says of it, once it has: `sent_layer`, with None for nothing; `cause`, why no more (the words
    of `StreamCause`); `loss`, the share lost lately.
    """

    track: str
    kind: str
    layer: int
    state: str
    sent_layer: int | None
    cause: str
    loss: float | None


@dataclass(frozen=True, slots=True)
class ParticipantView:
    sid: str
    identity: str
    state: str
    kind: str
    is_hidden: bool
    is_attached: bool
    protocol: int
    connections: int
    way: str
    quality: str
    rtt_ms: float | None
    loss_in: float | None
    loss_out: float | None
    bps_in: int
    bps_out: int
    tracks: tuple[TrackView, ...]
    subscriptions: tuple[SubscriptionView, ...]


@dataclass(frozen=True, slots=True)
class RoomView:
    sid: str
    name: str
    age_s: int
    max_participants: int
    media_thread: int | None
    participants: tuple[ParticipantView, ...]


def survey(
    rooms: Iterable[RoomState], *, now: float, thread_of: Callable[[RoomSid], int | None]
) -> tuple[RoomView, ...]:
    return tuple(
        RoomView(
            sid=room.sid,
            name=room.name,
            age_s=int(now - room.created_at),
            max_participants=room.options.max_participants,
            media_thread=thread_of(room.sid),
            participants=tuple(_participant(room, session) for session in room.sessions.values()),
        )
        for room in rooms
    )


def _participant(room: RoomState, session: Session) -> ParticipantView:
    link: LinkStats | None = session.link[-1] if session.link else None
    quality: ConnectionQuality | None = session.quality
    return ParticipantView(
        sid=session.sid,
        identity=session.identity,
        state=session.state.name.lower(),
        kind=session.kind.name.lower(),
        is_hidden=session.permission.is_hidden,
        is_attached=session.is_attached,
        protocol=session.protocol,
        connections=2 if session.is_dual else 1,
        way=session.way,
        quality="" if quality is None else quality.name.lower(),
        rtt_ms=None if link is None else link.rtt_ms,
        loss_in=None if link is None else link.loss_in,
        loss_out=None if link is None else link.loss_out,
        bps_in=0 if link is None else link.bps_in,
        bps_out=0 if link is None else link.bps_out,
        tracks=tuple(
            TrackView(
                sid=p.info.sid,
                kind=p.info.kind.name.lower(),
                source=p.info.source.name.lower(),
                mime_type=p.info.mime_type,
                is_muted=p.info.is_muted,
                layers=tuple(f"{layer.width}×{layer.height}" for layer in p.info.layers),
            )
            for p in session.publications.values()
            if p.is_announced
        ),
        subscriptions=tuple(_subscriptions(room, session)),
    )


def _subscriptions(room: RoomState, session: Session) -> Iterable[SubscriptionView]:
    streams = {stream.track: stream for stream in session.sent_streams}
    for sid in session.received_tracks:
        found = room.publication(sid)
        sent = streams.get(sid)
        applied = session.applied.get(sid)
        if found is None:
            continue
        if applied is None or not applied.is_enabled:
            state = "disabled"
        elif sid in session.paused:
            state = "no bandwidth"
        else:
            state = "muted" if found[1].info.is_muted else "active"
        is_audio = found[1].info.kind is TrackKind.AUDIO
        yield SubscriptionView(
            track=sid,
            kind="audio" if is_audio else "video",
            layer=0 if applied is None else applied.max_spatial_layer,
            state=state,
            sent_layer=None if sent is None else sent.layer,
            cause="" if sent is None else sent.cause.value,
            loss=None if sent is None else sent.totals.loss,
        )
