"""Join time to the first decoded remote frame in Chromium: our SFU and livekit-server in the same run.

One browser publishes 1280×720 with three layers; another joins, waits for the first frame and leaves, in turn on the
one and the other server, so that a drift of the machine's speed meets both alike.
"""

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benches.scoreboard import quantile, write
from tests.e2e.cameras import camera_film
from tests.e2e.people import CHROMIUM, CHROMIUM_FLAGS, FAKE_DEVICES
from tests.interop.js_client import JsClient, token
from tests.servers import livekit
from tests.servers.sfu import SfuAddress, palaver_sfu

JOINS = 24
WARM_UPS = 2
AIM = 0.8


def join(browser: Browser, server: SfuAddress, room: str, number: int) -> tuple[float, float]:
    """One join of a fresh page: milliseconds until `connected` and until the first frame."""
    client = JsClient(browser, f"bob-{number}")
    try:
        client.open(server)
        measured = client.call("measureJoin", server.ws_url, token(server, client.identity, room), {})
        return measured["connectedMs"], measured["firstFrameMs"]
    finally:
        client.close()


def main() -> int:
    with ExitStack() as stack, sync_playwright() as driver:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = [stack.enter_context(palaver_sfu(folder))]
        if livekit.binary() is not None:
            servers.append(stack.enter_context(livekit.livekit_server(folder)))
        else:
            print(livekit.SKIP_REASON)
        film = camera_film(folder, "alice", width=1280, height=720)
        flags = [*CHROMIUM_FLAGS, FAKE_DEVICES]
        publishing = driver.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=[*flags, f"--use-file-for-fake-video-capture={film}"]
        )
        watching = driver.chromium.launch(executable_path=CHROMIUM, headless=True, args=flags)
        results: dict[str, list[tuple[float, float]]] = {server.name: [] for server in servers}
        for number in range(WARM_UPS + JOINS):
            for server in servers:
                # A publisher of its own for each server, present only while that server is measured.
                publisher = JsClient(publishing, "alice")
                publisher.connect(server, "bench")
                publisher.call("publishCamera")
                publisher.call("publishMicrophone")
                publisher.page.wait_for_function("client.room.localParticipant.trackPublications.size === 2")
                measured = join(watching, server, "bench", number)
                if number >= WARM_UPS:
                    results[server.name].append(measured)
                publisher.close()
        publishing.close()
        watching.close()
    report(results)
    return 0


def report(results: dict[str, list[tuple[float, float]]]) -> None:
    rows = ["| server | connected p50 / p95 ms | first frame p50 / p95 ms |", "|---|---|---|"]
    for name, measured in results.items():
        connected, frames = [row[0] for row in measured], [row[1] for row in measured]
        rows.append(
            f"| {name} | {quantile(connected, 0.5):.0f} / {quantile(connected, 0.95):.0f} "
            f"| {quantile(frames, 0.5):.0f} / {quantile(frames, 0.95):.0f} |"
        )
    notes = f"{JOINS} joins each, in turn."
    if len(results) > 1:
        ours, theirs = (quantile([row[1] for row in results[name]], 0.5) for name in ("palaver", "livekit"))
        notes += f" Ratio of the medians to livekit-server 1.13.5: **{ours / theirs:.2f}** (aim: at most {AIM})."
    write(Path(__file__).parent / "SCOREBOARD.md", title="Join to first picture", table="\n".join(rows), notes=notes)


if __name__ == "__main__":
    sys.exit(main())
