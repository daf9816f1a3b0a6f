"""Somebody whose network lets no UDP through: sound and picture come and go by TCP."""

from uuid import uuid4

import pytest

from tests.interop.js_client import JsClient, see_and_hear
from tests.servers.sfu import SfuAddress

pytestmark = [pytest.mark.interop, pytest.mark.timeout(180)]

# The browser never hears of an address that it could reach by UDP.
WITHOUT_UDP = """
(() => {
  const Native = window.RTCPeerConnection;
  const isUdp = (line) => line.includes('candidate:') && / udp /i.test(line);
  window.__connections = [];
  window.RTCPeerConnection = class extends Native {
    constructor(...args) { super(...args); window.__connections.push(this); }
    setRemoteDescription(description) {
      const sdp = description.sdp.split('\\r\\n').filter((line) => !isUdp(line)).join('\\r\\n');
      return super.setRemoteDescription({ type: description.type, sdp });
    }
    addIceCandidate(candidate) {
      return candidate && isUdp(candidate.candidate ?? '') ? Promise.resolve() : super.addIceCandidate(candidate);
    }
  };
})();
"""

# How each connection that carries something travels.
PROTOCOLS = """
async () => {
  const found = [];
  for (const connection of window.__connections.filter(({ connectionState }) => connectionState !== 'closed')) {
    const rows = [...(await connection.getStats()).values()];
    for (const pair of rows) {
      if (pair.type !== 'candidate-pair' || !pair.nominated || pair.state !== 'succeeded') continue;
      found.push(rows.find((row) => row.id === pair.localCandidateId).protocol);
    }
  }
  return found;
}
"""


# The reference is no ICE-lite server: it finds a way by UDP from its side, which no page can keep it from.
@pytest.mark.parametrize("sfu", ["palaver"], indirect=True)
@pytest.mark.parametrize("is_single", [True, False], ids=["single", "dual"])
def test_sound_picture_and_words_go_by_tcp(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient, is_single: bool
) -> None:
    room = f"room-{uuid4()}"
    watcher.page.add_init_script(WITHOUT_UDP)
    publisher.connect(sfu, room, singlePeerConnection=is_single)
    watcher.connect(sfu, room, singlePeerConnection=is_single)
    see_and_hear(publisher, watcher)
    watcher.call("send", "by another way")
    publisher.call("untilData", "by another way")
    assert set(watcher.page.evaluate(PROTOCOLS)) == {"tcp"}
