"""Who somebody is in a meeting: stable for a person and a meeting, and meaningless in any other.

Signed-in people are derived from user and meeting; guests carry a signed ticket, and until their first one has
reached them a key of their own making, so that a join whose answer got lost is the same join again. All hang on
Django's `SECRET_KEY`, which is kept, so identities survive a restart. A ticket that does not verify is no ticket: its
bearer is a new guest, so a forged, foreign or expired one gains nothing and locks nobody out.
"""

import base64
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.core import signing
from django.utils.crypto import salted_hmac

from palaver.live.domain.people import MAX_NAME_CHARS, Identity

# The purpose is part of the signature: nothing else that Django signs can pass for a ticket.
_TICKET_SALT: Final = "palaver.live.guest-ticket"
_TICKET_VERSION: Final = 1
# Long enough for a weekly meeting to know its guests again; a call of any length gets a fresh one at each hello.
TICKET_LIFETIME: Final = timedelta(days=30)
_IDENTITY_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Guest:
    """What a guest ticket says."""

    identity: Identity
    name: str | None


def user_identity(user_id: int, meeting_id: UUID) -> Identity:
    """The identity of a signed-in person. Not to be linked across meetings by those who see it."""
    mac = salted_hmac("palaver.live.identity", f"{user_id}:{meeting_id}", algorithm="sha256").digest()
    return Identity(f"u_{_text(mac[:_IDENTITY_BYTES])}")


def new_guest() -> Guest:
    """A guest who was never here."""
    return Guest(Identity(f"g_{_text(secrets.token_bytes(_IDENTITY_BYTES))}"), None)


def guest_of_key(key: str, meeting_id: UUID) -> Guest:
    """The guest who holds `key`, a secret that their page has made up and that nobody else is ever shown."""
    mac = salted_hmac("palaver.live.guest-key", f"{key}:{meeting_id}", algorithm="sha256").digest()
    return Guest(Identity(f"g_{_text(mac[:_IDENTITY_BYTES])}"), None)


def sign_guest(guest: Guest, meeting_id: UUID) -> str:
    """A ticket for `guest`, good in this meeting only."""
    claims = {"v": _TICKET_VERSION, "m": str(meeting_id), "i": guest.identity, "n": guest.name}
    return signing.dumps(claims, salt=_TICKET_SALT, compress=False)


def read_guest(ticket: str, meeting_id: UUID) -> Guest | None:
    """Who the ticket is for, or None if it is not a valid ticket of this meeting."""
    try:
        claims: Any = signing.loads(ticket, salt=_TICKET_SALT, max_age=TICKET_LIFETIME)
    except signing.BadSignature:
        return None
    match claims:
        case {"v": 1, "m": str(bound_to), "i": str(identity), "n": str() | None as name} if bound_to == str(meeting_id):
            return Guest(Identity(identity), name if name is None else name[:MAX_NAME_CHARS])
        case _:
            return None


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
