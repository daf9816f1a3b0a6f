"""What the green room may know before somebody joins."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from palaver.live.admission import Admission, Applicant, admission_of, look_up
from palaver.live.domain.coming import foresee
from palaver.live.domain.effects import Refused, Waits
from palaver.live.domain.people import Participant, ParticipantId, SocketId, clean_name
from palaver.live.domain.room import Moment, RoomState

# Who was turned away a moment ago may ask again, and is told at the door if it is too soon.
_NO_REFUSALS: Final = frozenset({"denied"})
# What somebody can answer at the door: before that they are told if it would not help now.
_QUESTION: Final = "password_required"


@dataclass(frozen=True, slots=True)
class Preview:
    """A meeting as seen from its door, as far as the meeting itself decides."""

    meeting_id: UUID
    title: str
    host_name: str
    is_signed_in: bool
    name: str | None
    refusal: str | None
    waits: bool
    """Whether a moderator would have to let the person in, while there is no room that says otherwise."""
    admission: Admission | None
    """What the room would be asked, if need be with the right password; None for who is refused whatever they say."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would become of somebody who joined now."""

    refusal: str | None
    waits: bool
    is_on: bool
    inside: tuple[Participant, ...] | None
    """None for everybody who would not be let straight in: outside nothing of the room is seen."""


def preview_meeting(applicant: Applicant, *, now: datetime) -> Preview:
    """Look at a meeting.

    Raises:
        PalaverError: meeting_not_found, rate_limited.
    """
    candidate = look_up(applicant, now=now)
    access, user = candidate.access, candidate.user
    return Preview(
        meeting_id=access.meeting.pk,
        title=access.meeting.title,
        host_name=clean_name(access.meeting.owner.get_full_name()),
        is_signed_in=user is not None,
        name=None if user is None else clean_name(user.get_full_name()),
        refusal=access.refusal,
        waits=access.policy.waits_at_the_door(role=access.role, is_trusted=access.is_trusted, is_guest=user is None),
        admission=admission_of(candidate, name=None) if access.refusal in (None, _QUESTION) else None,
    )


def outlook(preview: Preview, state: RoomState | None, *, now: Moment) -> Outlook:
    """Look at the room on behalf of the person: the room itself is asked what it would answer."""
    is_on = state is not None and bool(state.seats)
    refused = Outlook(preview.refusal, waits=False, is_on=is_on, inside=None)
    if preview.admission is None or (state is None and preview.refusal is not None):
        return refused
    if state is None:
        return Outlook(None, waits=preview.waits, is_on=False, inside=None if preview.waits else ())
    # In another tab they may be inside: here they would be asked whether to come over.
    asked = preview.admission.join(
        socket_id=SocketId(0), participant_id=ParticipantId(""), tab_id="", take_over=True, resume=None
    )
    answer = foresee(state, asked, now)
    if isinstance(answer, Refused) and answer.code not in _NO_REFUSALS:
        return replace(refused, refusal=answer.code)
    if preview.refusal is not None:
        return refused
    if isinstance(answer, Refused | Waits):
        return Outlook(None, waits=True, is_on=is_on, inside=None)
    inside = tuple(seat.participant for seat in state.seats.values())
    return Outlook(None, waits=False, is_on=is_on, inside=inside)
