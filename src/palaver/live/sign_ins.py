"""Which seat goes back to which sign-in, so that no seat outlives the sign-in that it was taken with.

Facts say what happens on the pages of this process, at once. What happens elsewhere (a management command, an update
of many rows) no fact tells: a look at the database, now and then, finds it.
"""

from collections import deque
from collections.abc import Mapping
from typing import Final

from palaver.accounts.models import User
from palaver.live.admission import signed_in_user
from palaver.live.domain.people import ParticipantId
from palaver.live.domain.room import Seat
from palaver.live.domain.sign_in import SignIn, SignInFact
from palaver.live.room_host import LiveRoom
from palaver.live.threads import DatabaseThreads

# A hello takes some milliseconds from the look at the session to the seat; these many facts are not told in that time.
_REMEMBERED: Final = 1_000


class SignIns:
    """All seats of signed-in people. Use from the event loop only."""

    def __init__(self, rooms: Mapping[str, LiveRoom]) -> None:
        self._rooms = rooms
        self._sign_ins: dict[ParticipantId, SignIn] = {}
        self._hashes: dict[ParticipantId, str] = {}
        """Of the password, as of the last look at the database."""
        self._suspects: frozenset[ParticipantId] = frozenset()
        self._recent: deque[SignInFact] = deque(maxlen=_REMEMBERED)
        self._told = 0

    @property
    def position(self) -> int:
        """How many facts were told so far. To be asked before a session is looked at."""
        return self._told

    def seated(self, room: LiveRoom, seat: Seat, session_key: str | None, *, since: int) -> None:
        """Somebody took a seat. What was told since `since`, when their session was still good, holds for them too."""
        participant_id = seat.participant.participant_id
        self._forget(participant_id)
        if seat.user_id is None or session_key is None:
            return
        left: SignIn | None = SignIn(seat.user_id, session_key)
        missed = min(self._told - since, len(self._recent))
        for fact in list(self._recent)[len(self._recent) - missed :]:
            left = left and left.after(fact)
        if left is None:
            room.end_sign_in(participant_id)
        else:
            self._sign_ins[participant_id] = left

    def tell(self, fact: SignInFact) -> None:
        """A sign-in has ended, or goes on under another key."""
        self._recent.append(fact)
        self._told += 1
        for room, seat in self._seats():
            participant_id = seat.participant.participant_id
            before = self._sign_ins[participant_id]
            after = before.after(fact)
            if after is None:
                self._end(room, participant_id)
            elif after is not before:
                self._sign_ins[participant_id] = after

    async def review(self, threads: DatabaseThreads) -> None:
        """Look whether everybody is still signed in. Who is not twice in a row goes: once may be a page under way.

        One query as long as nobody's password or account changes. A session that merely runs out ends no call.
        """
        seats = self._seats()
        for participant_id in self._sign_ins.keys() - {seat.participant.participant_id for _, seat in seats}:
            self._forget(participant_id)
        if not seats:
            return
        user_ids = frozenset(sign_in.user_id for sign_in in self._sign_ins.values())
        hashes = await threads.run(_auth_hashes, user_ids)
        suspects = set()
        for room, seat in seats:
            participant_id = seat.participant.participant_id
            sign_in = self._sign_ins.get(participant_id)
            known = None if sign_in is None else hashes.get(sign_in.user_id)
            if sign_in is None or (known is not None and known == self._hashes.get(participant_id)):
                continue
            if await threads.run(_is_signed_in, sign_in):
                self._hashes[participant_id] = known or ""
            elif participant_id in self._suspects and self._sign_ins.get(participant_id) == sign_in:
                self._end(room, participant_id)
            else:
                suspects.add(participant_id)
        self._suspects = frozenset(suspects)

    def _seats(self) -> list[tuple[LiveRoom, Seat]]:
        return [
            (room, seat)
            for room in self._rooms.values()
            for participant_id, seat in room.state.seats.items()
            if participant_id in self._sign_ins
        ]

    def _end(self, room: LiveRoom, participant_id: ParticipantId) -> None:
        self._forget(participant_id)
        room.end_sign_in(participant_id)

    def _forget(self, participant_id: ParticipantId) -> None:
        self._sign_ins.pop(participant_id, None)
        self._hashes.pop(participant_id, None)


def _auth_hashes(user_ids: frozenset[int]) -> dict[int, str]:
    """What tells one password from another, of those whose account is open."""
    people = User.objects.filter(pk__in=user_ids, is_active=True).only("pk", "password")
    return {person.pk: person.get_session_auth_hash() for person in people}


def _is_signed_in(sign_in: SignIn) -> bool:
    user = signed_in_user(sign_in.session_key)
    return user is not None and user.pk == sign_in.user_id
