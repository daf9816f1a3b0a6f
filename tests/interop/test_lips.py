"""Sound and picture of one moment arrive together: seen and heard in Chromium, less what the browser itself parts them.

Each flash with its beep goes by the server, and from page to page beside it. What the two ways differ by is ours.
"""

from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from uuid import uuid4

import pytest
from livekit import api

from tests.interop.js_client import JsClient
from tests.servers.sfu import SfuAddress

pytestmark = [pytest.mark.interop, pytest.mark.proof, pytest.mark.timeout(400)]

LIPS = Path(__file__).parent / "lips.js"
# Whatever is less, nobody sees.
SEEN_MS = 40
# A browser draws the two together by and by.
SETTLING, COUNTED = 12, 21


def test_sound_and_picture_of_one_moment_arrive_together(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient
) -> None:
    room = f"room-{uuid4()}"
    for client in (publisher, watcher):
        client.open(sfu)
        client.call("connect", sfu.ws_url, token(sfu, client.identity, room), {})
        client.page.add_script_tag(path=LIPS)
    lips(publisher, "publish")
    lips(publisher, "accept", lips(watcher, "answer", lips(publisher, "offer")))
    lips(watcher, "attend", "alice")
    apart = {"first": moments(watcher)}
    watcher.call("setQuality", "alice", "LOW")
    watcher.call("untilWidth", "alice", 160, 330)
    apart["after a switch of layers"] = moments(watcher)
    lips(publisher, "setMuted", True)
    watcher.call("untilMuted", "alice", "camera", True)
    lips(watcher, "dark")
    lips(publisher, "setMuted", False)
    apart["after a mute"] = moments(watcher)
    watcher.call("setQuality", "alice", "HIGH")
    watcher.call("untilWidth", "alice", 600, 660)
    apart["after another switch"] = moments(watcher)
    ours = {when: [served - direct for served, direct in found] for when, found in apart.items()}
    told = ", ".join(f"{told_of(differences)} {when}" for when, differences in ours.items())
    direct_ms = median(direct for found in apart.values() for _, direct in found)
    print(f"\nfigure: lips ({sfu.name}): sound after picture {told}; from page to page {direct_ms:.0f} ms")
    assert all(abs(median(differences)) <= SEEN_MS for differences in ours.values()), ours


def token(server: SfuAddress, identity: str, room: str) -> str:
    """For a room in which browsers keep sound and picture of somebody together."""
    made = api.AccessToken(server.api_key, server.api_secret).with_identity(identity).with_ttl(timedelta(hours=1))
    made = made.with_grants(api.VideoGrants(room_join=True, room=room))
    return made.with_room_config(api.RoomConfiguration(sync_streams=True)).to_jwt()


def lips(client: JsClient, method: str, *arguments: object) -> object:
    """Call a method of lips.js."""
    return client.page.evaluate("([method, args]) => window.lips[method](...args)", [method, list(arguments)])


def moments(watcher: JsClient) -> list[tuple[float, float]]:
    """How many milliseconds the sound came after the picture: by the server, and directly."""
    found: list[tuple[float, float]] = watcher.page.evaluate(
        "([settle, count]) => window.lips.apart(settle, count)", [SETTLING, COUNTED]
    )
    return found


def told_of(differences: list[float]) -> str:
    low, middle, high = quantiles(differences, n=4)
    return f"{middle:+.0f} ms (half of them {low:+.0f} to {high:+.0f})"
