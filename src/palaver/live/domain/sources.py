"""What each person may send through the media engine. Pure; the engine is told by effects."""

from enum import StrEnum
from typing import Final

from palaver.live.domain.people import Role
from palaver.live.domain.room import RoomState, Seat


class Source(StrEnum):
    """The sources of the LiveKit protocol that a page can publish."""

    MICROPHONE = "microphone"
    CAMERA = "camera"
    SCREEN_SHARE = "screen_share"
    SCREEN_SHARE_AUDIO = "screen_share_audio"


SCREEN: Final = frozenset({Source.SCREEN_SHARE, Source.SCREEN_SHARE_AUDIO})
_NOTHING: Final[frozenset[Source]] = frozenset()


def sources_of(state: RoomState, seat: Seat) -> frozenset[Source]:
    """What `seat` may publish now."""
    who, facts = seat.participant, state.facts
    if who.role is Role.VIEWER:
        return _NOTHING
    is_presenter = not facts.one_presenter or facts.presenter_id == who.participant_id
    screen = SCREEN if is_presenter else _NOTHING
    if seat.is_moderator:
        return frozenset({Source.MICROPHONE, Source.CAMERA}) | screen
    if facts.is_suspended:
        return _NOTHING
    rights = facts.rights
    allowed = {Source.MICROPHONE: rights.microphone, Source.CAMERA: rights.camera}
    return frozenset(source for source, is_on in allowed.items() if is_on) | (
        screen if rights.screen_share else _NOTHING
    )
