"""What is said on the signal line while media flows: sections, layers, speakers, rights."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from livekit import api, rtc as client
from livekit.protocol import models, rtc

from tests.conformance.client import token
from tests.conformance.tap import TappedPerson, tapped
from tests.interop.test_livekit_python import WAIT_S, greys
from tests.servers.sfu import SfuAddress

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]


async def test_an_answer_names_the_track_of_each_section(server: SfuAddress, room: str) -> None:
    """The client offers: it is asked to, in no more sections than it lacks, and each answer says what they carry."""
    async with tapped(server, "alice") as (alice, at_alice), tapped(server, "bob") as (bob, at_bob):
        alice_sid = await alice.come_in(at_alice, room)
        await bob.come_in(at_bob, room)
        track = (await alice.sound()).sid
        wanted = await bob.told("media_sections_requirement")
        assert (wanted.num_audios, wanted.num_videos) in {(0, 0), (1, 0)}
        answer = await bob.told("answer", lambda answer: track in answer.mid_to_track_id.values())
        mid = next(mid for mid, sid in answer.mid_to_track_id.items() if sid == track)
        section = next(part for part in answer.sdp.split("\r\nm=") if f"a=mid:{mid}\r\n" in part)
        assert f"a=msid:{alice_sid}|{track} {track}" in section
        asked = [said.offer.id for said in bob.said if said.HasField("offer")]
        assert answer.id in {0, *asked}


def best(update: rtc.SubscribedQualityUpdate) -> dict[str, set[int]]:
    """Of each codec, the qualities that are watched."""
    return {
        codec.codec: {quality.quality for quality in codec.qualities if quality.enabled}
        for codec in update.subscribed_codecs
    }


@pytest.mark.proof
async def test_a_publisher_learns_what_nobody_watches(server: SfuAddress, room: str) -> None:
    async with tapped(server, "alice") as (alice, at_alice), tapped(server, "bob") as (bob, at_bob):
        await bob.come_in(at_bob, room)
        await alice.come_in(at_alice, room)
        track = (await alice.show()).sid
        await bob.until(lambda: len(greys(bob.frames)) > 1)

        def off(update: Any) -> bool:
            return update.track_sid == track and not any(best(update).values())

        def on(update: Any) -> bool:
            return update.track_sid == track and any(best(update).values())

        await bob.say(track_setting=rtc.UpdateTrackSettings(track_sids=[track], disabled=True))
        await alice.told("subscribed_quality_update", off)
        since = len(alice.heard)
        await bob.say(track_setting=rtc.UpdateTrackSettings(track_sids=[track], width=640, height=360))
        await alice.told("subscribed_quality_update", on, since=since)
        seen = len(bob.frames)
        await bob.until(lambda: len(bob.frames) > seen)


async def test_who_speaks_is_told_to_all_who_hear_it_and_to_itself(server: SfuAddress, room: str) -> None:
    async with tapped(server, "alice") as (alice, at_alice), tapped(server, "bob") as (bob, at_bob):
        sid = await alice.come_in(at_alice, room)
        await bob.come_in(at_bob, room)
        publication = await alice.sound()

        def is_active(change: Any) -> bool:
            return any(one.sid == sid and one.active and 0 < one.level <= 1 for one in change.speakers)

        def is_over(change: Any) -> bool:
            return any(one.sid == sid and not one.active for one in change.speakers)

        for person in (alice, bob):
            await person.told("speakers_changed", is_active)
        since = len(bob.heard)
        assert publication.track is not None
        publication.track.mute()
        await bob.told("speakers_changed", is_over, since=since)


async def change_permission(server: SfuAddress, room: str, *, can_publish: bool) -> None:
    async with api.LiveKitAPI(server.url, server.api_key, server.api_secret) as caller:
        permission = models.ParticipantPermission(can_publish=can_publish, can_subscribe=True, can_publish_data=True)
        change = api.UpdateParticipantRequest(room=room, identity="alice", permission=permission)
        await caller.room.update_participant(change)


@pytest.mark.filterwarnings("ignore:The HMAC key")
async def test_a_right_that_is_withdrawn_ends_the_track_and_may_come_back(server: SfuAddress, room: str) -> None:
    def may(is_allowed: bool) -> Any:
        def is_meant(update: Any) -> bool:
            return any(p.identity == "alice" and p.permission.can_publish == is_allowed for p in update.participants)

        return is_meant

    def shows(number: int) -> Any:
        def is_meant(update: Any) -> bool:
            return any(p.identity == "alice" and len(p.tracks) == number for p in update.participants)

        return is_meant

    async with tapped(server, "alice") as (alice, at_alice), tapped(server, "bob") as (bob, at_bob):
        await alice.come_in(at_alice, room)
        await bob.come_in(at_bob, room)
        track = (await alice.sound()).sid
        await bob.told("update", shows(1))
        since = len(bob.heard), len(alice.heard)
        await change_permission(server, room, can_publish=False)
        await bob.told("update", may(False), since=since[0])
        await bob.told("update", shows(0), since=since[0])
        assert (await alice.told("track_unpublished", since=since[1])).track_sid == track
        assert await alice.told("refresh_token", since=since[1])
        add = rtc.AddTrackRequest(cid="again", type=models.AUDIO, source=models.MICROPHONE)
        await alice.say(add_track=add)
        refused = await alice.told("request_response", lambda response: response.reason != 0, since=since[1])
        assert refused.reason == rtc.RequestResponse.NOT_ALLOWED
        since = len(bob.heard), len(alice.heard)
        await change_permission(server, room, can_publish=True)
        await alice.told("update", may(True), since=since[1])
        await alice.show()
        await bob.told("update", shows(1), since=since[0])
        await bob.until(lambda: len(greys(bob.frames)) > 1)


async def test_offers_of_both_sides_may_cross(server: SfuAddress, room: str) -> None:
    """With two connections each side offers on one of them, whatever the other is about to say."""
    async with tapped(server, "alice") as (alice, at_alice), tapped(server, "bob") as (bob, at_bob):
        await alice.come_in(at_alice, room, is_dual=True)
        await bob.come_in(at_bob, room, is_dual=True)
        await asyncio.gather(*both(alice, bob))
        await asyncio.gather(hears_and_sees(alice), hears_and_sees(bob))


async def hears_and_sees(person: TappedPerson) -> None:
    await person.until(lambda: person.energy > 0.1 and len(greys(person.frames)) > 1)


def both(*people: TappedPerson) -> Iterable[Any]:
    for person in people:
        yield person.sound()
        yield person.show()


async def test_what_is_encrypted_end_to_end_passes_as_it_is(server: SfuAddress, room: str) -> None:
    """Sound, and pictures whose key frames the server must find; sound is not sent twice (RED)."""
    key = client.KeyProviderOptions(shared_key=b"a key that no server knows")
    async with tapped(server, "alice") as (alice, at_alice), tapped(server, "bob") as (bob, at_bob):
        for person, address in ((alice, at_alice), (bob, at_bob)):
            options = client.RoomOptions(encryption=client.E2EEOptions(key_provider_options=key))
            async with asyncio.timeout(WAIT_S):
                await person.room.connect(address.ws_url, token(server, person.identity, room), options)
        track = (await alice.sound()).sid
        await alice.show()
        await bob.until(lambda: bob.energy > 0.1 and len(greys(bob.frames)) > 3)
        update = await bob.told("update", lambda update: any(p.tracks for p in update.participants))
        assert {one.encryption for p in update.participants for one in p.tracks} == {models.Encryption.GCM}
        published = await alice.told("track_published", lambda published: published.track.sid == track)
        assert published.track.disable_red
