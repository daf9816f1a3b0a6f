"""The sign-in that a seat goes back to, and what becomes of both when it ends. Pure."""

from dataclasses import dataclass, field, replace

from palaver.accounts.facts import SessionEnded, SessionRenewed, SignInsRevoked
from palaver.live.domain.effects import CloseSocket, Effect, Farewell, RemoveFromEngine, Step
from palaver.live.domain.replica import DropReason
from palaver.live.domain.room import Connected, Moment, RoomState, Seat
from palaver.live.domain.seats import drop_seat
from palaver.live.domain.settle import settle

SignInFact = SessionEnded | SessionRenewed | SignInsRevoked


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody's browser that is signed in."""

    user_id: int
    session_key: str = field(repr=False)

    def after(self, fact: SignInFact) -> "SignIn | None":
        """What is left of it; None for nothing."""
        match fact:
            case SessionEnded(key):
                return None if key == self.session_key else self
            case SessionRenewed(old_key, new_key):
                return replace(self, session_key=new_key) if old_key == self.session_key else self
            case SignInsRevoked(user_id, kept_key):
                return None if user_id == self.user_id and kept_key != self.session_key else self


def end_sign_in(state: RoomState, seat: Seat, now: Moment) -> Step:
    """Drop somebody whose sign-in has ended, live or only expected back; tickets given to them are worth nothing."""
    step = drop_seat(state, seat, reason=DropReason.LEFT, now=now)
    goodbye: tuple[Effect, ...] = ()
    if isinstance(seat.link, Connected):
        goodbye = (CloseSocket(seat.link.socket_id, Farewell.SIGNED_OUT),)
    effects = (replace(e, is_for_good=True) if isinstance(e, RemoveFromEngine) else e for e in step.effects)
    return settle(state, replace(step, effects=(*goodbye, *effects)), now)
