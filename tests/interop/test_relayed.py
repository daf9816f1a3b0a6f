"""Somebody whose network lets nothing through but one port of TURN: sound and picture come and go by it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest
from livekit import api
from playwright.sync_api import Browser, Playwright

from palaver.config.origins import MachineNames
from palaver.config.tls import ensure_certificate
from palaver_sfu.adapters.addresses import local_addresses
from tests.e2e.people import CHROMIUM, CHROMIUM_FLAGS, FAKE_DEVICES
from tests.interop.js_client import JsClient, see_and_hear
from tests.servers.ports import free_tcp_port
from tests.servers.sfu import SfuAddress, palaver_sfu

pytestmark = [pytest.mark.interop, pytest.mark.timeout(180)]

# The browser uses nothing but relays, and of these only those whose address is like `KIND`.
ONLY_RELAYED = """
(() => {
  const Native = window.RTCPeerConnection;
  const onlyRelays = (config) => ({
    ...config,
    iceTransportPolicy: 'relay',
    iceServers: (config?.iceServers ?? [])
      .map((server) => ({ ...server, urls: [server.urls].flat().filter((url) => /KIND/.test(url)) }))
      .filter((server) => server.urls.length > 0),
  });
  window.__connections = [];
  window.RTCPeerConnection = class extends Native {
    constructor(config, ...more) { super(onlyRelays(config), ...more); window.__connections.push(this); }
    setConfiguration(config) { super.setConfiguration(onlyRelays(config)); }
  };
})();
"""
KINDS = {"udp": "^turn:.*udp$", "tcp": "^turn:.*tcp$", "tls": "^turns:"}

# How each connection that carries something travels.
RELAYS = """
async () => {
  const found = [];
  for (const connection of window.__connections) {
    const rows = [...(await connection.getStats()).values()];
    for (const pair of rows) {
      if (pair.type !== 'candidate-pair' || !pair.nominated || pair.state !== 'succeeded') continue;
      const local = rows.find((row) => row.id === pair.localCandidateId);
      found.push([local.candidateType, local.relayProtocol]);
    }
  }
  return found;
}
"""


@pytest.fixture(scope="module")
def sfu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SfuAddress]:
    folder = tmp_path_factory.mktemp("sfu")
    host = local_addresses()[0]
    files = ensure_certificate(folder, MachineNames(("localhost",), (host,)), extra_names=(), now=datetime.now(UTC))
    options = (
        "--turn-port", str(free_tcp_port()), "--turn-tls-port", str(free_tcp_port()), "--turn-domain", host,
        "--turn-cert", str(files.chain), "--turn-key", str(files.key),
    )  # fmt: skip
    with palaver_sfu(folder, *options, media_threads=2) as address:
        # The next room is on the second media thread.
        create_room(address, "elsewhere")
        yield address


def create_room(server: SfuAddress, name: str) -> None:
    text = api.AccessToken(server.api_key, server.api_secret).with_grants(api.VideoGrants(room_create=True)).to_jwt()
    headers = {"Authorization": f"Bearer {text}"}
    url = f"{server.url}/twirp/livekit.RoomService/CreateRoom"
    httpx.post(url, json={"name": name}, headers=headers, trust_env=False).raise_for_status()


@pytest.fixture(scope="module")
def believing_browser(playwright_driver: Playwright) -> Iterator[Browser]:
    """It believes every certificate: the authority of the test is not installed anywhere."""
    flags = [*CHROMIUM_FLAGS, FAKE_DEVICES, "--ignore-certificate-errors"]
    browser = playwright_driver.chromium.launch(executable_path=CHROMIUM, headless=True, args=flags)
    yield browser
    browser.close()


def long(kind: str) -> object:
    return pytest.param(kind, marks=pytest.mark.proof)


@pytest.mark.parametrize("kind", ["tls", long("udp"), long("tcp")])
def test_sound_picture_and_words_go_by_turn(
    sfu: SfuAddress, publisher: JsClient, believing_browser: Browser, kind: str
) -> None:
    room = f"room-{uuid4()}"
    watcher = JsClient(believing_browser, "bob")
    watcher.page.add_init_script(ONLY_RELAYED.replace("KIND", KINDS[kind]))
    publisher.connect(sfu, room)
    watcher.connect(sfu, room)
    see_and_hear(publisher, watcher)
    watcher.call("send", "by another way")
    publisher.call("untilData", "by another way")
    relays = watcher.page.evaluate(RELAYS)
    assert {tuple(relay) for relay in relays} == {("relay", kind)}
    watcher.close()
