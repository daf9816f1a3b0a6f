"""What a server's own offers say, to those whose client lets it offer."""

from __future__ import annotations

import re

import pytest
from livekit.protocol import rtc

from tests.conformance.tap import tapped
from tests.servers.sfu import SfuAddress

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]


def opus_parameters(sdp: str, track: str) -> set[str]:
    """Of the section that carries `track`."""
    section = next(section for section in sdp.split("\r\nm=") if f" {track}" in section)
    payload = re.search(r"a=rtpmap:(\d+) opus/", section)
    assert payload is not None
    line = re.search(rf"a=fmtp:{payload[1]} ([^\r\n]+)", section)
    assert line is not None
    return set(line[1].split(";"))


@pytest.mark.parametrize("is_stereo", [True, False], ids=["stereo", "mono"])
async def test_sound_with_two_channels_is_offered_as_such(server: SfuAddress, room: str, is_stereo: bool) -> None:
    def reword(request: rtc.SignalRequest) -> None:
        if request.WhichOneof("message") == "add_track":
            request.add_track.stereo = is_stereo

    async with tapped(server, "alice") as (alice, at_alice), tapped(server, "bob") as (bob, at_bob):
        alice.reword = reword
        await bob.come_in(at_bob, room, is_dual=True)
        await alice.come_in(at_alice, room)
        track = (await alice.sound()).sid
        offer = await bob.told("offer", lambda offer: f" {track}" in offer.sdp)
        assert ("sprop-stereo=1" in opus_parameters(offer.sdp, track)) == is_stereo
