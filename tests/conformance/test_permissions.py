"""Who may receive what: publishers name their audience, and wishes may come before their tracks."""

from __future__ import annotations

from typing import Any

import pytest
from livekit.protocol import rtc

from tests.conformance.tap import TappedPerson, tapped
from tests.servers.sfu import SfuAddress

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]


async def is_told(person: TappedPerson, track: str, *, allowed: bool, since: int = 0) -> None:
    def is_meant(update: Any) -> bool:
        return (update.track_sid, update.allowed) == (track, allowed)

    await person.told("subscription_permission_update", is_meant, since=since)


@pytest.mark.parametrize("is_dual", [False, True], ids=["single", "dual"])
async def test_a_publisher_names_its_audience_and_everybody_again(server: SfuAddress, room: str, is_dual: bool) -> None:
    async with tapped(server, "alice") as (alice, at_alice), tapped(server, "bob") as (bob, at_bob):
        await alice.come_in(at_alice, room, is_dual=is_dual)
        await bob.come_in(at_bob, room, is_dual=is_dual)
        track = (await alice.sound()).sid
        await bob.until(lambda: bob.energy > 0.1)
        await alice.say(subscription_permission=rtc.SubscriptionPermission())
        await is_told(bob, track, allowed=False)
        rule = rtc.TrackPermission(participant_identity="bob", track_sids=[track])
        since, heard = len(bob.heard), bob.energy
        await alice.say(subscription_permission=rtc.SubscriptionPermission(track_permissions=[rule]))
        await is_told(bob, track, allowed=True, since=since)
        await bob.until(lambda: bob.energy > heard + 0.1)


async def test_who_comes_later_learns_what_is_not_for_it(server: SfuAddress, room: str) -> None:
    async with tapped(server, "alice") as (alice, at_alice), tapped(server, "bob") as (bob, at_bob):
        await alice.come_in(at_alice, room)
        track = (await alice.sound()).sid
        rule = rtc.TrackPermission(participant_identity="carol", all_tracks=True)
        await alice.say(subscription_permission=rtc.SubscriptionPermission(track_permissions=[rule]))
        await bob.come_in(at_bob, room)
        await is_told(bob, track, allowed=False)


async def test_the_publisher_learns_of_its_first_listener(server: SfuAddress, room: str) -> None:
    async with tapped(server, "alice") as (alice, at_alice), tapped(server, "bob") as (bob, at_bob):
        await alice.come_in(at_alice, room)
        track = (await alice.sound()).sid
        await bob.come_in(at_bob, room)
        assert (await alice.told("track_subscribed")).track_sid == track
