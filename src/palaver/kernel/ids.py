"""Identifiers as types of their own, and the secrets that links and tickets are made of."""

import base64
import hashlib
import secrets
from typing import NewType
from uuid import UUID

MeetingId = NewType("MeetingId", UUID)
MeetingSessionId = NewType("MeetingSessionId", UUID)
AttendanceId = NewType("AttendanceId", UUID)
UserId = NewType("UserId", int)
Slug = NewType("Slug", str)
"""The readable, unguessable name in a meeting's link. Whoever has it may knock: treat it as a secret in logs."""

_TOKEN_BYTES = 24  # 192 bits: nobody guesses a one-time link


def new_link_token() -> str:
    """A fresh URL-safe token for a one-time link. Store `link_token_hash` of it, never the token."""
    return base64.urlsafe_b64encode(secrets.token_bytes(_TOKEN_BYTES)).decode("ascii").rstrip("=")


def link_token_hash(token: str) -> str:
    """What is kept of a one-time token. A plain hash is enough: the token has 192 random bits."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
