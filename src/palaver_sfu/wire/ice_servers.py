"""The STUN and TURN servers that a participant is told of, with credentials that are his own and end.

A credential says until when it is valid and whose it is; its password is the HMAC of that (the TURN REST draft, as
coturn has it with `use-auth-secret`). None is kept anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from palaver_sfu.room.values import ParticipantSid

# As long as a long meeting. They open nothing but the way to the media port, which everybody can try anyway; and who
# changes his network in the third hour still needs them.
DEFAULT_LIFETIME_S = 4 * 3_600


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server that clients are told to use, as they are told."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class TurnServer:
    """A TURN server whose passwords are made with a secret that it shares with us."""

    urls: tuple[str, ...]
    secret: bytes = field(repr=False)
    lifetime_s: int = DEFAULT_LIFETIME_S

    def for_participant(self, participant: ParticipantSid, *, now: float) -> IceServer:
        username = f"{int(now) + self.lifetime_s}:{participant}"
        return IceServer(urls=self.urls, username=username, credential=password(self.secret, username))


@dataclass(frozen=True, slots=True)
class IceServers:
    """All that one server tells its participants."""

    clock: Callable[[], float]
    servers: Sequence[IceServer | TurnServer] = ()

    def for_participant(self, participant: ParticipantSid) -> list[IceServer]:
        now = self.clock()
        return [
            server.for_participant(participant, now=now) if isinstance(server, TurnServer) else server
            for server in self.servers
        ]


def password(secret: bytes, username: str) -> str:
    return base64.b64encode(hmac.new(secret, username.encode(), hashlib.sha1).digest()).decode()
