"""Programs on Pion know of a track when its first packet comes: the core sends one where the track itself is silent."""

from __future__ import annotations

import base64

import pytest
from livekit.protocol import models, rtc

from palaver_sfu.adapters.memory import parse_sections
from palaver_sfu.session.effects import OpenPeer
from palaver_sfu.tests.rehearsal import Stage
from palaver_sfu.tests.test_dual import join_dual, receiver
from palaver_sfu.wire.join_query import read_join_query
from palaver_sfu.wire.join_request import read_join_request


@pytest.mark.parametrize(
    ("sdk", "name", "needs_opening"), [(models.ClientInfo.GO, "go", True), (models.ClientInfo.JS, "js", False)]
)
def test_programs_in_go_are_known_by_what_they_say_of_themselves(
    sdk: models.ClientInfo.SDK, name: str, needs_opening: bool
) -> None:
    join = rtc.JoinRequest(client_info=models.ClientInfo(sdk=sdk)).SerializeToString()
    text = base64.urlsafe_b64encode(rtc.WrappedJoinRequest(join_request=join).SerializeToString()).decode()
    assert read_join_request(text, parse_offer=parse_sections).needs_opening is needs_opening
    assert read_join_query({"sdk": name}).needs_opening is needs_opening


@pytest.mark.parametrize("needs_opening", [True, False])
def test_the_core_is_told_of_the_connection_that_receives(needs_opening: bool) -> None:
    stage = Stage()
    alice = stage.join("alice", needs_opening=needs_opening)
    bob = join_dual(stage, "bob", needs_opening=needs_opening)
    told = {effect.peer: effect.needs_opening for effect in stage.done(OpenPeer)}
    assert told == {alice: needs_opening, receiver(bob): needs_opening}
