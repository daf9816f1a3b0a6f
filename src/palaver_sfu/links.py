"""The signalling connections of all participants: who is told something, and how."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from palaver_sfu.room.values import ParticipantSid
from palaver_sfu.session.messages import ServerMessage
from palaver_sfu.wire.responses import Encoder, Frame, Mint
from palaver_sfu.wire.streams import is_firefox


class Link(Protocol):
    """A client's signalling connection, as seen from here."""

    def send(self, frame: Frame) -> None:
        """Never blocks; a reader that is too slow is cut."""

    def close(self) -> None:
        """End the connection once everything sent so far is out."""


@dataclass(frozen=True, slots=True)
class _Attached:
    link: Link
    mint: Mint
    takes_synced_streams: bool


class Links:
    """At most one connection of each participant."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._attached: dict[ParticipantSid, _Attached] = {}

    def __len__(self) -> int:
        return len(self._attached)

    def attach(self, sid: ParticipantSid, link: Link, *, mint: Mint, browser: str) -> None:
        self._attached[sid] = _Attached(link=link, mint=mint, takes_synced_streams=not is_firefox(browser))

    def detach(self, sid: ParticipantSid, link: Link) -> bool:
        """`link` is lost. False when the participant has another one by now."""
        attached = self._attached.get(sid)
        if attached is not None and attached.link is not link:
            return False
        self._attached.pop(sid, None)
        return True

    def cut(self, sid: ParticipantSid) -> None:
        attached = self._attached.pop(sid, None)
        if attached is not None:
            attached.link.close()

    def send(self, to: Iterable[ParticipantSid], message: ServerMessage) -> None:
        """Encoded once for all; those who are not connected miss it."""
        frame: Frame | None = None
        for sid in to:
            attached = self._attached.get(sid)
            if attached is None:
                continue
            if frame is None:
                frame = self._encoder.encode(message, mint=attached.mint, reader=sid)
            attached.link.send(frame)

    def takes_synced_streams(self, sid: ParticipantSid) -> bool:
        attached = self._attached.get(sid)
        return attached is not None and attached.takes_synced_streams
