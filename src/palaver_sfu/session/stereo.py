"""Sound with two channels, as an offer of ours says it: clients listen in stereo only where they are told to."""

from __future__ import annotations

import re
from collections.abc import Mapping

from palaver_sfu.room.values import Mid, TrackSid
from palaver_sfu.session.state import RoomState

_SECTIONS = re.compile(r"(?m)^(?=m=)")
_MID = re.compile(r"(?m)^a=mid:(\S+)")
_OPUS = re.compile(r"(?mi)^a=rtpmap:(\d+) opus/")
_STEREO = "sprop-stereo=1"


def tell(room: RoomState, offer: str, received: Mapping[Mid, TrackSid]) -> str:
    """`offer` with a word for each section whose track has two channels."""
    mids = {mid for mid, track in received.items() if _is_stereo(room, track)}
    if not mids:
        return offer
    head, *sections = _SECTIONS.split(offer)
    return head + "".join(_told(section) if _mid(section) in mids else section for section in sections)


def _is_stereo(room: RoomState, track: TrackSid) -> bool:
    found = room.publication(track)
    return found is not None and found[1].opus is not None and found[1].opus.is_stereo


def _mid(section: str) -> Mid:
    found = _MID.search(section)
    return Mid("" if found is None else found[1])


def _told(section: str) -> str:
    for payload in _OPUS.findall(section):
        section = re.sub(rf"(?m)^(a=fmtp:{payload} [^\r\n]+)", rf"\1;{_STEREO}", section)
    return section
