"""What of a room outlives the process: to JSON and back.

Kept with the run in the database. What cannot be read (an older or newer server wrote it) is left out, never guessed.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, Final

from palaver.live.domain.people import Identity, ParticipantId, Role
from palaver.live.domain.permissions import HOSTS, Phase
from palaver.live.domain.room import Place, RoomState
from palaver.meetings.policy import Rights, WaitingRoom

_VERSION: Final = 1
# A meeting of a thousand in which everybody came anew several times; beyond it the oldest wait at the door again.
MAX_ADMITTED: Final = 10_000


def keep(state: RoomState) -> dict[str, Any]:
    """`state` as JSON."""
    facts = state.facts
    places = {
        **state.places,
        **{
            seat.participant.identity: Place(seat.participant.participant_id, seat.participant.joined_at)
            for seat in state.seats.values()
        },
    }
    return {
        "v": _VERSION,
        "locked": facts.is_locked,
        "suspended": facts.is_suspended,
        "waiting_room": facts.waiting_room.value,
        "rights": {field.name: getattr(facts.rights, field.name) for field in fields(Rights)},
        "one_presenter": facts.one_presenter,
        "presenter": facts.presenter_id,
        "spotlight": list(facts.spotlight),
        "grants": {identity: role.value for identity, role in state.grants.items()},
        "admitted": sorted(state.admitted),
        "suspects": sorted(state.suspects),
        "had_host": state.had_host,
        "places": {identity: [place.participant_id, place.joined_at.isoformat()] for identity, place in places.items()},
    }


def restore(state: RoomState, kept: Mapping[str, Any] | None) -> RoomState:
    """A room that goes on: `state`, which is fresh, with what was kept of it."""
    if kept is None or kept.get("v") != _VERSION:
        return state
    try:
        return _restore(state, kept)
    except (KeyError, TypeError, ValueError, AttributeError):
        # Whatever wrote this was not us: the policy of the meeting still holds.
        return state


def _restore(state: RoomState, kept: Mapping[str, Any]) -> RoomState:
    grants = {Identity(identity): Role(role) for identity, role in kept["grants"].items()}
    is_suspended = bool(kept["suspended"])
    facts = replace(
        state.facts,
        is_locked=bool(kept["locked"]),
        is_suspended=is_suspended,
        waiting_room=WaitingRoom(kept["waiting_room"]),
        rights=Rights(**{field.name: bool(kept["rights"][field.name]) for field in fields(Rights)}),
        one_presenter=bool(kept["one_presenter"]),
        presenter_id=None if kept["presenter"] is None else ParticipantId(str(kept["presenter"])),
        spotlight=tuple(ParticipantId(str(pid)) for pid in kept["spotlight"]),
    )
    return replace(
        state,
        facts=facts,
        phase=Phase.SUSPENDED if is_suspended else Phase.OPEN,
        grants=grants,
        admitted=frozenset(map(Identity, kept["admitted"])),
        suspects=frozenset(map(str, kept["suspects"])),
        had_host=bool(kept["had_host"]) or bool(HOSTS & set(grants.values())),
        places={
            Identity(identity): Place(ParticipantId(str(pid)), datetime.fromisoformat(joined_at))
            for identity, (pid, joined_at) in kept["places"].items()
        },
    )
