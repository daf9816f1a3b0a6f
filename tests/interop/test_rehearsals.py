"""Networks that a client can only pretend to have: the server behaves as if they were so."""

from uuid import uuid4

import pytest

from tests.e2e.people import is_colour_of
from tests.interop.js_client import JsClient
from tests.interop.test_tcp import PROTOCOLS
from tests.servers.sfu import SfuAddress

pytestmark = [pytest.mark.interop, pytest.mark.timeout(180)]

# The page remembers its connections, and changes nothing.
REMEMBERING = """
(() => {
  const Native = window.RTCPeerConnection;
  window.__connections = [];
  window.RTCPeerConnection = class extends Native {
    constructor(...args) { super(...args); window.__connections.push(this); }
  };
})();
"""


@pytest.mark.parametrize("is_single", [True, False], ids=["single", "dual"])
def test_a_rehearsed_network_without_udp_is_got_through_by_tcp(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient, is_single: bool
) -> None:
    room = f"room-{uuid4()}"
    watcher.page.add_init_script(REMEMBERING)
    publisher.connect(sfu, room, singlePeerConnection=is_single)
    watcher.connect(sfu, room, singlePeerConnection=is_single)
    publisher.call("publishCamera")
    watcher.call("see", "alice")
    assert set(watcher.page.evaluate(PROTOCOLS)) == {"udp"}
    watcher.call("simulate", "force-tcp")
    watcher.call("untilEvent", "Reconnected")
    # The old picture's element shows no new one.
    watcher.page.evaluate("document.querySelectorAll('video').forEach((video) => video.remove())")
    assert is_colour_of(watcher.call("see", "alice")["colour"], "alice")
    assert set(watcher.page.evaluate(PROTOCOLS)) == {"tcp"}


def test_a_rehearsed_narrow_line_gets_the_smallest_picture_until_it_is_wide_again(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient
) -> None:
    room = f"room-{uuid4()}"
    publisher.connect(sfu, room)
    watcher.connect(sfu, room)
    publisher.call("publishCamera")
    watcher.call("see", "alice")
    watcher.call("untilWidth", "alice", 900, 1280)
    watcher.call("simulate", "subscriber-bandwidth", 60_000)
    watcher.call("untilWidth", "alice", 160, 360)
    watcher.call("simulate", "subscriber-bandwidth", 0)
    watcher.call("untilWidth", "alice", 900, 1280)
