"""What a transition wants of the media core, as commands to it."""

from __future__ import annotations

from typing import assert_never

from palaver_sfu.ports import MediaPort
from palaver_sfu.room.values import RoomSid
from palaver_sfu.session.effects import (
    AddCandidate,
    ClosePeer,
    DropSubscription,
    LimitLine,
    MakeOffer,
    MediaEffect,
    Negotiate,
    OpenPeer,
    SendData,
    SetSubscription,
    SetTrackMuted,
    TakeAnswer,
)


def perform(media: MediaPort, room: RoomSid, effect: MediaEffect) -> None:
    """`room`: whose transition it was. Raises: MediaError."""
    match effect:
        case OpenPeer():
            media.open_peer(
                room=room,
                peer=effect.peer,
                voices=effect.voices,
                may_pause=effect.may_pause,
                needs_opening=effect.needs_opening,
                playout_delay=effect.playout_delay,
            )
        case ClosePeer(peer=peer):
            media.close_peer(peer=peer)
        case Negotiate():
            media.negotiate(
                peer=effect.peer,
                offer_id=effect.offer_id,
                offer=effect.offer,
                publish=effect.publish,
                subscribe=effect.subscribe,
                codecs=effect.codecs,
                opus=effect.opus,
            )
        case MakeOffer(peer=peer, offer_id=offer_id, tracks=tracks, restarts_ice=restarts_ice):
            media.make_offer(peer=peer, offer_id=offer_id, tracks=tracks, restarts_ice=restarts_ice)
        case TakeAnswer(peer=peer, offer_id=offer_id, answer=answer):
            media.take_answer(peer=peer, offer_id=offer_id, answer=answer)
        case SetSubscription():
            media.set_subscription(
                peer=effect.peer,
                track=effect.track,
                is_enabled=effect.is_enabled,
                max_spatial_layer=effect.max_spatial_layer,
                max_fps=effect.max_fps,
                priority=effect.priority,
            )
        case DropSubscription(peer=peer, track=track):
            media.drop_subscription(peer=peer, track=track)
        case LimitLine(peer=peer, bps=bps):
            media.limit_line(peer=peer, bps=bps)
        case SetTrackMuted(track=track, is_muted=is_muted):
            media.set_track_muted(room=room, track=track, is_muted=is_muted)
        case AddCandidate(peer=peer, candidate=candidate):
            media.add_candidate(peer=peer, candidate=candidate)
        case SendData(peers=peers, label=label, payload=payload):
            media.send_data(room=room, peers=peers, label=label, payload=payload)
        case _:
            assert_never(effect)
