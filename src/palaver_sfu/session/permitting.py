"""Who may receive a track: its publisher can name them, by identity, so that it holds when they come in anew."""

from __future__ import annotations

from palaver_sfu.room.values import Identity, TrackSid
from palaver_sfu.session.messages import SubscriptionPermissionChanged
from palaver_sfu.session.requests import SetSubscriptionPermission, TrackPermission
from palaver_sfu.session.state import RoomState, Session, Turn


def is_open_to(publisher: Session, track: TrackSid, subscriber: Session) -> bool:
    if publisher.sid == subscriber.sid or publisher.permission.is_hidden:
        return False
    # Who records does so for the room, and by a token that only the server gives.
    if publisher.allowed is None or subscriber.is_recorder:
        return True
    rule = publisher.allowed.get(subscriber.identity)
    return rule is not None and (rule.all_tracks or track in rule.tracks)


def set_rules(room: RoomState, publisher: Session, request: SetSubscriptionPermission) -> None:
    """Each request replaces the one before; of two rules for one person the later counts."""
    if request.all_participants:
        publisher.allowed = None
        return
    named = ((_identity(room, rule), rule) for rule in request.permissions)
    publisher.allowed = {identity: rule for identity, rule in named if identity}


def tell(publisher: Session, track: TrackSid, subscriber: Session, turn: Turn) -> None:
    is_allowed = is_open_to(publisher, track, subscriber)
    message = SubscriptionPermissionChanged(publisher=publisher.sid, track=track, is_allowed=is_allowed)
    turn.send(subscriber, message)


def tell_closed(room: RoomState, subscriber: Session, turn: Turn) -> None:
    """Whoever comes in learns which tracks will not come: it would wait for them."""
    for track, owner in room.tracks.items():
        publisher = room.sessions[owner]
        if not publisher.permission.is_hidden and not is_open_to(publisher, track, subscriber):
            tell(publisher, track, subscriber, turn)


def _identity(room: RoomState, rule: TrackPermission) -> Identity:
    if rule.identity:
        return rule.identity
    named = room.sessions.get(rule.sid)
    return named.identity if named is not None else Identity("")
