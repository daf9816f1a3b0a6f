"""How tracks are put together to streams: browsers keep what one stream carries in step."""

from __future__ import annotations

import re
from collections.abc import Callable

from palaver_sfu.room.values import TrackSid, TrackSource

_STREAM = re.compile(r"\b(PA_\w+)\|(TR_\w+)")
_DEVICES = {
    TrackSource.CAMERA: "camera",
    TrackSource.MICROPHONE: "camera",
    TrackSource.SCREEN_SHARE: "screen",
    TrackSource.SCREEN_SHARE_AUDIO: "screen",
}


def is_firefox(browser: str) -> bool:
    """Firefox gives tracks ids of its own: it knows them only by their stream, which therefore must be theirs alone."""
    return browser.lower().startswith("firefox")


def sync_streams(sdp: str, *, source_of: Callable[[TrackSid], TrackSource | None]) -> str:
    """`sdp` with a publisher's camera and microphone in one stream, and its screen with its sound in another."""

    def renamed(found: re.Match[str]) -> str:
        device = _DEVICES.get(source_of(TrackSid(found[2])) or TrackSource.UNKNOWN)
        return found[0] if device is None else f"{found[1]}|{device}"

    return _STREAM.sub(renamed, sdp)
