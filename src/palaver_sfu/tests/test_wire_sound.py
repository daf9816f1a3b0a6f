"""What clients say about their sound when they publish it."""

import base64
from typing import Any

import pytest
from livekit.protocol import models, rtc

from palaver_sfu.adapters.memory import parse_sections
from palaver_sfu.session.requests import AddTrack, ClientRequest
from palaver_sfu.wire.join_query import read_join_query
from palaver_sfu.wire.join_request import read_join_request
from palaver_sfu.wire.requests import read_request


def read(message: rtc.SignalRequest) -> ClientRequest:
    return read_request(message.SerializeToString(), parse_offer=parse_sections)


@pytest.mark.parametrize(
    ("wish", "may_use_red"),
    [
        ({}, True),
        ({"disable_red": True}, False),
        ({"encryption": models.Encryption.GCM}, False),
        ({"encryption": models.Encryption.CUSTOM}, False),
    ],
)
def test_sound_may_use_red_unless_it_is_encrypted_or_asked_not_to(wish: dict[str, Any], may_use_red: bool) -> None:
    request = read(rtc.SignalRequest(add_track=rtc.AddTrackRequest(cid="mic", type=models.AUDIO, **wish)))
    assert isinstance(request, AddTrack)
    assert request.opus is not None
    assert request.opus.may_use_red is may_use_red


@pytest.mark.parametrize(("browser", "sends_red"), [("Chrome", True), ("", True), ("Safari", False)])
def test_no_red_is_asked_of_safari(browser: str, sends_red: bool) -> None:
    join = rtc.JoinRequest(client_info=models.ClientInfo(browser=browser))
    wrapped = rtc.WrappedJoinRequest(join_request=join.SerializeToString())
    parameter = base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()
    assert read_join_request(parameter, parse_offer=parse_sections).sends_red is sends_red
    assert read_join_query({"browser": browser}).sends_red is sends_red


def test_a_microphone_is_told_from_other_sound() -> None:
    for source, is_microphone in [(models.MICROPHONE, True), (models.SCREEN_SHARE_AUDIO, False)]:
        request = read(rtc.SignalRequest(add_track=rtc.AddTrackRequest(cid="a", type=models.AUDIO, source=source)))
        assert isinstance(request, AddTrack)
        assert request.opus is not None
        assert request.opus.is_microphone is is_microphone
