"""Real networks: what is blocked, what is cut, what changes. Figures for the table of proofs."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Playwright

from tests.e2e.people import CHROMIUM_FLAGS, FAKE_DEVICES, INBOUND, WATCH_CONNECTIONS, Person, is_colour_of
from tests.interop.js_client import JsClient
from tests.interop.narrow_line import narrow_line, reroute
from tests.interop.networks import Network, network
from tests.servers import livekit
from tests.servers.palaver import PalaverServer, migrated
from tests.servers.sfu import SfuAddress, palaver_sfu

pytestmark = [pytest.mark.interop, pytest.mark.proof, pytest.mark.timeout(300)]

# How each connection that carries something travels: type, protocol to the relay, protocol.
WAYS = """
async () => {
  const found = [];
  for (const connection of window.__connections) {
    const rows = [...(await connection.getStats()).values()];
    const used = new Set(rows.filter((row) => row.type === 'transport').map((row) => row.selectedCandidatePairId));
    for (const pair of rows.filter((row) => used.has(row.id))) {
      const local = rows.find((row) => row.id === pair.localCandidateId);
      found.push(local.candidateType === 'relay' ? `turn/${local.relayProtocol}` : local.protocol);
    }
  }
  return [...new Set(found)].sort().join(' ');
}
"""
KEEP_CONNECTIONS = """
(() => {
  const Native = window.RTCPeerConnection;
  window.__connections = [];
  window.RTCPeerConnection = class extends Native {
    constructor(...args) { super(...args); window.__connections.push(this); }
  };
})();
"""
# Packets of sound that came so far; -1 while there is no track. A client that had to join anew begins at 0.
SOUND = """
async () => {
  const publication = window.client.publication('alice', 'microphone');
  return publication?.track ? (await window.client.inbound('alice', 'microphone'))?.packetsReceived ?? -1 : -1;
}
"""
AUDIO_BACK_S = 1.0
# What the Join of either server tells clients, and what a connection and a way take then.
PINGS_STAY_AWAY_S = 15.0
LIBRARY_BACK_S = 5.0
# A way that is gone is noticed in two to three seconds, and a new one found in one.
PAGE_BACK_S = 6.0


@dataclass
class Call:
    """bob watches and hears alice from a network of his own."""

    bob: JsClient
    alice: JsClient
    network: Network
    joined_s: float

    def untilled(self, claim: Callable[[], bool], what: str) -> float:
        """Seconds until it is so, looked at twenty times a second."""
        started = time.monotonic()
        while not claim():
            assert time.monotonic() - started < 90, what
            self.bob.page.wait_for_timeout(50)
        return time.monotonic() - started

    def sound(self) -> int:
        count: int = self.bob.page.evaluate(SOUND)
        return count

    def until_sound(self, packets: int = 12) -> float:
        """Seconds until so much of it has come, a quarter of a second, from a track that may be another one."""
        since = self.sound()

        def has_come() -> bool:
            nonlocal since
            count = self.sound()
            if since < 0 or count < since:
                since = count
            return since >= 0 and count >= since + packets

        return self.untilled(has_come, "sound never came")

    def until_silent(self) -> None:
        counts = [-1, -2]

        def is_silent() -> bool:
            counts.append(self.sound())
            return counts[-1] == counts[-6:][0] and len(counts) > 8

        self.untilled(is_silent, "it was never cut")


@contextmanager
def browser_inside(driver: Playwright, inside: Network, folder: Path, origin: str) -> Iterator[Browser]:
    flags = [
        *CHROMIUM_FLAGS, FAKE_DEVICES, f"--unsafely-treat-insecure-origin-as-secure={origin}",
        "--ignore-certificate-errors",
    ]  # fmt: skip
    browser = driver.chromium.launch(executable_path=inside.browser(folder), headless=True, args=flags)
    yield browser
    browser.close()


@contextmanager
def call(driver: Playwright, outside: Browser, inside: Network, sfu: SfuAddress, folder: Path) -> Iterator[Call]:
    with browser_inside(driver, inside, folder, sfu.url) as browser:
        bob, alice = JsClient(browser, "bob"), JsClient(outside, "alice")
        for client, of in ((bob, browser), (alice, outside)):
            # The pages of `palaver serve` forbid scripts that are not theirs.
            client.page.context.close()
            client.page = of.new_context(bypass_csp=True, ignore_https_errors=True).new_page()
            client.page.set_default_timeout(60_000)
            client.page.add_init_script(KEEP_CONNECTIONS)
        room = f"room-{uuid4()}"
        # She sits beside the server: pages get a camera without https only from this very machine.
        alice.connect(replace(sfu, url=sfu.url.replace(inside.server, "127.0.0.1")), room)
        alice.call("publishCamera")
        alice.call("publishMicrophone")
        bob.open(sfu)
        started = time.monotonic()
        bob.connect(sfu, room)
        assert is_colour_of(bob.call("see", "alice")["colour"], "alice")
        assert bob.call("hear", "alice") > 0
        try:
            yield Call(bob, alice, inside, time.monotonic() - started)
        finally:
            bob.close()
            alice.close()


@pytest.fixture
def inside() -> Iterator[Network]:
    with network() as made:
        yield made


@contextmanager
def served(inside: Network, folder: Path, *options: str) -> Iterator[SfuAddress]:
    """The SFU alone, as the network reaches it."""
    with palaver_sfu(folder, "--host", "0.0.0.0", "--media-address", inside.server, *options) as address:
        yield replace(address, url=address.url.replace("127.0.0.1", inside.server))


def test_without_udp_sound_and_picture_come_by_tcp(
    playwright_driver: Playwright, publishing_browser: Browser, inside: Network, tmp_path: Path
) -> None:
    with served(inside, tmp_path) as sfu:
        inside.only_tcp()
        with call(playwright_driver, publishing_browser, inside, sfu, tmp_path) as story:
            assert story.bob.page.evaluate(WAYS) == "tcp"
            print(f"\nfigure: UDP blocked: sound and picture by TCP {story.joined_s:.1f} s after the join began")


def test_where_only_https_passes_sound_and_picture_come_by_turn_on_the_port_of_https(
    playwright_driver: Playwright, publishing_browser: Browser, inside: Network, tmp_path: Path
) -> None:
    server = PalaverServer(
        migrated(tmp_path / "data"), ("--tls-self-signed", "--host", "0.0.0.0", "--media-address", inside.server)
    )
    with server:
        keys = json.loads((server.data_dir / "secrets.json").read_text())
        url = f"https://{inside.server}:{server.port}"
        sfu = SfuAddress("palaver", url, keys["sfu_api_key"], keys["sfu_api_secret"], server.pid, server.media_port)
        inside.only_tcp(server.port)
        with call(playwright_driver, publishing_browser, inside, sfu, tmp_path) as story:
            assert story.bob.page.evaluate(WAYS) == "turn/tls"
            print(
                f"\nfigure: everything but TCP {server.port} (https) blocked: sound and picture by TURN over TLS "
                f"{story.joined_s:.1f} s after the join began"
            )


@pytest.mark.parametrize("seconds", [3, 30])
def test_sound_comes_back_after_an_outage(
    playwright_driver: Playwright, publishing_browser: Browser, inside: Network, tmp_path: Path, seconds: int
) -> None:
    with (
        served(inside, tmp_path) as sfu,
        call(playwright_driver, publishing_browser, inside, sfu, tmp_path) as story,
    ):
        inside.cut()
        story.until_silent()
        story.bob.page.wait_for_timeout(1_000 * seconds - 1_000)
        inside.mend()
        back_s = story.until_sound()
        events = [name for name, _ in story.bob.page.evaluate("window.client.events") if "econnect" in name]
        print(f"\nfigure: {seconds} s without network: sound back {back_s:.1f} s after its end; events {events}")
        if seconds == 3:
            assert back_s <= AUDIO_BACK_S
        assert is_colour_of(story.bob.call("see", "alice")["colour"], "alice")


# A browser's sockets stay at the address that is gone, so that nothing of ours reaches it and nothing of it reaches us:
# a server can do nothing. livekit-client finds a new way at once if the browser says that it is online again, which is
# a matter of chance; else it waits until pongs have stayed away for as long as the protocol has it. So there as here.
@pytest.mark.parametrize("server", ["palaver", "livekit"])
def test_a_call_goes_on_from_another_address(
    playwright_driver: Playwright, publishing_browser: Browser, inside: Network, tmp_path: Path, server: str
) -> None:
    if server == "livekit" and livekit.binary() is None:
        pytest.skip(livekit.SKIP_REASON)
    run = served(inside, tmp_path) if server == "palaver" else livekit.livekit_server(tmp_path, host=inside.server)
    with run as sfu, call(playwright_driver, publishing_browser, inside, sfu, tmp_path) as story:
        inside.move()
        # A second of sound takes a second; what it takes longer was silence.
        silent_s = story.until_sound(packets=50) - 1
        print(f"\nfigure: another address in a call ({server}): about {max(0.0, silent_s):.1f} s without sound")
        assert silent_s <= PINGS_STAY_AWAY_S + LIBRARY_BACK_S
        assert is_colour_of(story.bob.call("see", "alice")["colour"], "alice")
        assert story.bob.call("hear", "alice") > 0


def test_the_page_finds_its_way_back_from_another_address_by_itself(
    playwright_driver: Playwright, publishing_browser: Browser, inside: Network, tmp_path: Path
) -> None:
    """The page looks after its way more closely than livekit-client, which waits until the browser has given it up."""
    server = PalaverServer(
        migrated(tmp_path / "data"), ("--tls-self-signed", "--host", "0.0.0.0", "--media-address", inside.server)
    )
    urls = [f"https://{host}:{server.port}" for host in ("127.0.0.1", inside.server)]
    with server, browser_inside(playwright_driver, inside, tmp_path, urls[1]) as browser:
        alice, bob = (
            person_at(name, at, url)
            for name, at, url in (("alice", publishing_browser, urls[0]), ("bob", browser, urls[1]))
        )
        alice.sign_up()
        link = alice.new_meeting()
        alice.join(link)
        bob.join(link.replace(urls[0], urls[1]), types_name=True)
        bob.sees("alice")
        bob.hears(1)
        inside.move()
        # As above: a second of sound takes a second.
        moved_s, before = time.monotonic(), heard(bob)
        bob.wait_for(lambda: heard(bob) >= before + 50, "sound never came back", timeout_ms=90_000)
        silent_s = max(0.0, time.monotonic() - moved_s - 1)
        print(f"\nfigure: another address in a call of the page: about {silent_s:.1f} s without sound")
        assert silent_s <= PAGE_BACK_S
        bob.sees("alice")
        for someone in (alice, bob):
            someone.context.close()


def heard(person: Person) -> int:
    """Packets of sound that came so far."""
    return sum(row["packetsReceived"] for row in person.page.evaluate(INBOUND) if row["kind"] == "audio")


def person_at(name: str, browser: Browser, url: str) -> Person:
    context = browser.new_context(ignore_https_errors=True, locale="en-GB", viewport={"width": 1000, "height": 640})
    context.add_init_script(WATCH_CONNECTIONS)
    someone = Person(name, browser, context, context.new_page(), url)
    someone.page.set_default_timeout(60_000)
    return someone


def test_a_slow_and_uneven_line_makes_up_little_sound(
    publishing_browser: Browser, watching_browser: Browser, tmp_path: Path
) -> None:
    with palaver_sfu(tmp_path) as sfu, narrow_line(sfu.media_port, delay_s=0.15, jitter_s=0.03) as line:
        alice, bob = JsClient(publishing_browser, "alice"), JsClient(watching_browser, "bob")
        bob.page.add_init_script(reroute(sfu.media_port, line.port))
        room = f"room-{uuid4()}"
        alice.connect(sfu, room)
        alice.call("publishCamera")
        alice.call("publishMicrophone")
        bob.connect(sfu, room)
        bob.call("see", "alice")
        bob.call("hear", "alice")
        assert line.passed > 0
        # What is made up until the buffer has grown to the unevenness of the line is not what is asked here.
        bob.call("untilFrames", "alice", 60)
        bob.call("mark", "alice")
        bob.call("untilFrames", "alice", 300)
        told = bob.call("sinceMark", "alice")
        print(
            f"\nfigure: 150 ms with up to 30 ms of jitter: {100 * told['concealed']:.1f} % of the sound made up, "
            f"longest freeze {told['longestFreezeS']:.2f} s"
        )
        assert told["concealed"] <= 0.03, told
        alice.close()
        bob.close()
