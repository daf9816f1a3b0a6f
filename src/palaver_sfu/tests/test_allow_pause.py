"""Whether pictures may be paused on a narrow line: a client can forbid it, in either way to join."""

from __future__ import annotations

import base64

import pytest
from livekit.protocol import rtc

from palaver_sfu.adapters.memory import parse_sections
from palaver_sfu.session.effects import OpenPeer
from palaver_sfu.tests.rehearsal import Stage
from palaver_sfu.tests.test_dual import join_dual, receiver
from palaver_sfu.wire.join_query import read_join_query
from palaver_sfu.wire.join_request import read_join_request


@pytest.mark.parametrize(("said", "may_pause"), [(None, True), (True, True), (False, False)])
def test_who_says_nothing_lets_the_server_decide(said: bool | None, may_pause: bool) -> None:
    settings = rtc.ConnectionSettings(auto_subscribe=True)
    if said is not None:
        settings.subscriber_allow_pause = said
    join = rtc.JoinRequest(connection_settings=settings).SerializeToString()
    text = base64.urlsafe_b64encode(rtc.WrappedJoinRequest(join_request=join).SerializeToString()).decode()
    assert read_join_request(text, parse_offer=parse_sections).may_pause is may_pause
    query = {} if said is None else {"subscriber_allow_pause": str(int(said))}
    assert read_join_query(query).may_pause is may_pause


@pytest.mark.parametrize("text", ["", "true", "1"])
def test_a_word_without_sense_forbids_nothing(text: str) -> None:
    assert read_join_query({"subscriber_allow_pause": text}).may_pause


@pytest.mark.parametrize("may_pause", [True, False])
def test_the_core_is_told_of_the_connection_that_receives(may_pause: bool) -> None:
    stage = Stage()
    alice = stage.join("alice", may_pause=may_pause)
    bob = join_dual(stage, "bob", may_pause=may_pause)
    told = {effect.peer: effect.may_pause for effect in stage.done(OpenPeer)}
    assert told == {alice: may_pause, receiver(bob): may_pause}
