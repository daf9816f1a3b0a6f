"""The people of the tests and what they do: alice hosts, bob is a guest, carol is signed in."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from palaver.config.live_handlers import REGISTRY
from palaver.live.domain import effects as fx
from palaver.live.domain.machine import Rules, feed, give_command
from palaver.live.domain.people import Identity, ParticipantId, Role, SocketId, Tone
from palaver.live.domain.replica import RoomFacts, WaitingPerson, WaitingStatus
from palaver.live.domain.room import Moment, RoomState

START: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RULES: Final[Rules] = REGISTRY.rules()

PEOPLE: Final = {
    "alice": (Role.OWNER, 1),
    "carol": (Role.MEMBER, 2),
    "bob": (Role.GUEST, None),
    "dave": (Role.GUEST, None),
}


def moment(seconds: float = 0.0) -> Moment:
    """So many seconds after the start; the steady clock counts from another zero, as real ones do."""
    return Moment(at=START + timedelta(seconds=seconds), steady_s=1000.0 + seconds)


def run_id(number: int) -> str:
    """The id of the first run, the second, …"""
    return f"00000000-0000-4000-9000-{number:012}"


def facts(run: int = 1) -> RoomFacts:
    """A room of the tests."""
    return RoomFacts(
        meeting_id="00000000-0000-4000-8000-000000000001",
        slug="quiet-otter",
        title="Stand-up",
        session_id=run_id(run),
        started_at=START,
    )


def join(
    who: str,
    socket_id: int,
    *,
    tab_id: str | None = None,
    take_over: bool = False,
    resume: str | None = None,
    name: str | None = None,
    role: Role | None = None,
    **more: Any,
) -> fx.Join:
    """`who` says hello on a socket; participant ids are `p<socket>`."""
    usual_role, usual_user_id = PEOPLE[who]
    return fx.Join(
        socket_id=SocketId(socket_id),
        participant_id=ParticipantId(f"p{socket_id}"),
        identity=Identity(f"id-{who}"),
        user_id=more.pop("user_id", usual_user_id),
        role=role or usual_role,
        name=name,
        fallback_name=who.title(),
        tab_id=tab_id or f"tab-{socket_id}",
        take_over=take_over,
        resume_participant_id=None if resume is None else ParticipantId(resume),
        **more,
    )


def person_at_the_door(participant_id: str) -> WaitingPerson:
    """Somebody who waits, as moderators see them."""
    return WaitingPerson(
        participant_id=ParticipantId(participant_id),
        identity=Identity(f"id-{participant_id}"),
        name="Somebody",
        is_signed_in=False,
        tone=Tone.LEAF,
        since=START,
        asked_at=START,
        note="",
        status=WaitingStatus.ASKED,
        is_connected=True,
    )


def room_with(*people: str) -> RoomState:
    """A room in which `people` sit on sockets 1, 2, 3 …"""
    state = RoomState(facts=facts())
    for number, who in enumerate(people, start=1):
        state = feed(state, join(who, number), moment()).state
    return state


def command(state: RoomState, socket_id: int, kind: str, given: object, *, at: float = 0.0) -> fx.Step:
    """Whoever is on `socket_id` gives a command."""
    return give_command(state, socket_id=SocketId(socket_id), kind=kind, command=given, now=moment(at), rules=RULES)
