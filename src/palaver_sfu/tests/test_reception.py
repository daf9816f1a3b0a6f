"""How people are received, as the server that forwards it all knows it; and who may ask."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from palaver_sfu.reception import MAX_NAMED, LineTrouble, Reception, SoundState, receptions
from palaver_sfu.room.values import (
    LinkStats,
    ReceivedStream,
    SentStream,
    StreamCause,
    StreamTotals,
    TrackKind,
    TrackSid,
    TrackSource,
)
from palaver_sfu.session.inputs import PeerDisconnected, StatsObserved, StreamsObserved
from palaver_sfu.session.requests import SetMuted
from palaver_sfu.tests.rehearsal import Stage, permission
from palaver_sfu.tests.serving import Served, token

FINE = LinkStats(rtt_ms=20.0, loss_in=0.0, loss_out=0.0, bps_in=40_000, bps_out=40_000)


def of(stage: Stage, name: str) -> Reception:
    [found] = [one for one in receptions(stage.room, now=stage.now) if one.identity == name]
    return found


def sends(stage: Stage, name: str, track: TrackSid, *, packets: int) -> None:
    totals = StreamTotals(num_bytes=packets * 90, num_packets=packets, num_nacks=0, loss=0.0)
    streams = (ReceivedStream(track=track, totals=totals),)
    stage.step(StreamsObserved(peer=stage.session(name).sid, way="udp", sent=(), received=streams))


def is_sent(stage: Stage, name: str, track: TrackSid, cause: StreamCause, *, loss: float = 0.0) -> None:
    layer = 0 if cause in (StreamCause.WHOLE, StreamCause.ASKED) else None
    stream = SentStream(track=track, layer=layer, cause=cause, totals=StreamTotals(9_000, 100, 0, loss))
    stage.step(StreamsObserved(peer=stage.session(name).receiver, way="udp", sent=(stream,), received=()))


@pytest.fixture
def stage() -> Stage:
    """alice speaks to bob and carol."""
    made = Stage()
    for name in ("alice", "bob", "carol"):
        made.join(name)
    return made


@pytest.fixture
def voice(stage: Stage) -> TrackSid:
    track = stage.speak_up("alice")
    stage.follow_requirements()
    sends(stage, "alice", track, packets=100)
    return track


def test_who_is_sent_a_voice_hears_it_and_the_others_are_named(stage: Stage, voice: TrackSid) -> None:
    assert (of(stage, "alice").heard_by, of(stage, "alice").unheard_by) == (0, ["bob", "carol"])
    is_sent(stage, "bob", voice, StreamCause.WHOLE)
    assert (of(stage, "alice").heard_by, of(stage, "alice").unheard_by) == (1, ["carol"])
    is_sent(stage, "carol", voice, StreamCause.UNHEARD)
    assert (of(stage, "alice").sound, of(stage, "alice").heard_by) == (SoundState.ARRIVING, 2)


@pytest.mark.parametrize("cause", [StreamCause.ASKED, StreamCause.WAITING, StreamCause.MUTED])
def test_nobody_hears_what_is_not_sent_to_them(stage: Stage, voice: TrackSid, cause: StreamCause) -> None:
    is_sent(stage, "bob", voice, cause)
    assert "bob" in of(stage, "alice").unheard_by


def test_who_gets_hardly_anything_or_is_cut_off_does_not_hear(stage: Stage, voice: TrackSid) -> None:
    is_sent(stage, "bob", voice, StreamCause.WHOLE, loss=0.6)
    is_sent(stage, "carol", voice, StreamCause.WHOLE)
    assert (of(stage, "alice").heard_by, of(stage, "alice").unheard_by) == (1, ["bob"])
    stage.step(PeerDisconnected(peer=stage.session("carol").sid))
    assert of(stage, "alice").heard_by == 0
    assert of(stage, "carol").line is LineTrouble.CUT


def test_a_microphone_of_which_nothing_comes_is_silent_until_it_comes_again(stage: Stage, voice: TrackSid) -> None:
    is_sent(stage, "bob", voice, StreamCause.WHOLE)
    for _ in range(2):
        stage.now += 5
        sends(stage, "alice", voice, packets=100)
    assert (of(stage, "alice").sound, of(stage, "alice").heard_by) == (SoundState.SILENT, 0)
    sends(stage, "alice", voice, packets=101)
    assert (of(stage, "alice").sound, of(stage, "alice").heard_by) == (SoundState.ARRIVING, 1)


def test_a_muted_microphone_is_muted_and_not_silent_once_it_is_open_again(stage: Stage, voice: TrackSid) -> None:
    stage.request("alice", SetMuted(track=voice, is_muted=True))
    stage.now += 60
    assert of(stage, "alice").sound is SoundState.MUTED
    stage.request("alice", SetMuted(track=voice, is_muted=False))
    assert of(stage, "alice").sound is SoundState.ARRIVING
    assert of(stage, "bob").sound is SoundState.NONE


def test_hidden_people_are_neither_told_of_nor_counted(stage: Stage, voice: TrackSid) -> None:
    stage.join("recorder", permission=permission(is_hidden=True))
    assert {one.identity for one in receptions(stage.room, now=stage.now)} == {"alice", "bob", "carol"}
    assert of(stage, "alice").unheard_by == ["bob", "carol"]


def test_only_some_of_those_who_do_not_hear_are_named(stage: Stage, voice: TrackSid) -> None:
    for number in range(MAX_NAMED):
        stage.join(f"listener{number}")
    assert len(of(stage, "alice").unheard_by) == MAX_NAMED


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (FINE, None),
        (replace(FINE, loss_in=0.2), LineTrouble.LOSS),
        (replace(FINE, rtt_ms=900.0), LineTrouble.DELAY),
        (replace(FINE, rtt_ms=None), None),
    ],
)
def test_a_weak_line_has_a_cause(stage: Stage, link: LinkStats, expected: LineTrouble | None) -> None:
    stage.step(StatsObserved(stats=((stage.session("bob").sid, link),)))
    assert (of(stage, "bob").line, of(stage, "bob").loss_up) == (expected, link.loss_in)


def test_only_what_comes_badly_is_listed(stage: Stage) -> None:
    camera = stage.publish("alice", kind=TrackKind.VIDEO, source=TrackSource.CAMERA)
    stage.follow_requirements()
    for cause, loss, is_listed in (
        (StreamCause.WHOLE, 0.0, False),
        (StreamCause.ASKED, 0.0, False),
        (StreamCause.WHOLE, 0.1, True),
        (StreamCause.BANDWIDTH, 0.0, True),
        (StreamCause.CPU, 0.0, True),
    ):
        is_sent(stage, "bob", camera, cause, loss=loss)
        troubles = of(stage, "bob").troubles
        assert bool(troubles) is is_listed, (cause, loss)
        if is_listed:
            assert (troubles[0].publisher, troubles[0].source, troubles[0].cause) == (
                "alice",
                TrackSource.CAMERA,
                cause,
            )


async def test_only_who_may_list_and_run_rooms_is_told(sfu: Served) -> None:
    async with sfu.join("alice"), httpx.AsyncClient(base_url=f"{sfu.http_url}/below/a/prefix") as client:

        async def ask(bearer: str) -> httpx.Response:
            return await client.get("/insight/receptions", headers={"Authorization": f"Bearer {bearer}"})

        answer = (await ask(token("server", room_list=True, room_admin=True))).json()
        assert [(one["identity"], one["sound"]) for one in answer["rooms"]["standup"]] == [("alice", "none")]
        for bearer in (token("bob"), token("s", room_admin=True), token("s", room_list=True), "x"):
            assert (await ask(bearer)).status_code == 401
        assert (await client.get("/insight/receptions")).status_code == 401
