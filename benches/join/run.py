"""Join time to the first decoded remote frame in Chromium: our SFU and livekit-server in the same run.

One browser publishes 1280×720 with three layers; another joins, waits for the first frame and leaves, in turn on the
one and the other server, so that a drift of the machine's speed meets both alike. It joins twice: when the publisher
has just begun, whose encoders make key frames of their own then, and when all layers have run for some seconds.
"""

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benches.scoreboard import quantile, write
from tests.e2e.cameras import camera_film
from tests.e2e.people import CHROMIUM, CHROMIUM_FLAGS, FAKE_DEVICES
from tests.interop.js_client import JsClient, token
from tests.servers import livekit
from tests.servers.sfu import SfuAddress, palaver_sfu

JOINS = 12
WARM_UPS = 1
AIM = 0.7
MARKS = Path(__file__).parent / "marks.js"
# Pictures after which a meeting is under way, and no key frame is young: 3 s.
STEADY_FRAMES = 45

SITUATIONS = {"begun": "the publisher has just begun", "under way": "a meeting under way"}
# What `measureJoin` tells and `marks.js` notes, in the order in which it happens.
STEPS = {
    "asked": "offer made, socket asked for",
    "open": "socket open",
    "joined": "join answered",
    "answered": "answer taken",
    "keyed": "handshake done",
    "connectedMs": "connected, as the library says",
    "receivedMs": "first frame that is shown has arrived",
    "firstFrameMs": "it is shown",
}

Join = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Measured:
    """The joins of one server in one situation."""

    server: str
    situation: str
    joins: Sequence[Join]

    def median(self, step: str) -> float:
        return quantile([join[step] for join in self.joins], 0.5)

    def spread(self, step: str) -> str:
        return f"{self.median(step):.0f} / {quantile([join[step] for join in self.joins], 0.95):.0f}"


def join(browser: Browser, server: SfuAddress, room: str, identity: str) -> Join:
    """One join of a fresh page: milliseconds from the call of `connect` until each step."""
    client = JsClient(browser, identity)
    try:
        client.page.add_init_script(path=MARKS)
        client.open(server)
        measured: dict[str, float] = client.call("measureJoin", server.ws_url, token(server, identity, room), {})
        marks: dict[str, float] = client.page.evaluate("() => window.joinMarks")
        return measured | {name: at - measured["startedAt"] for name, at in marks.items()}
    finally:
        client.close()


def go_first() -> None:
    """Let this process and all that it starts go before others, where we may.

    Not by niceness: Chromium chooses that of its renderers by itself, and they are most of a join.
    """
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def main() -> int:
    go_first()
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
        joins: dict[tuple[str, str], list[Join]] = {(s.name, name): [] for name in SITUATIONS for s in servers}
        for number in range(WARM_UPS + JOINS):
            for server in servers:
                # A publisher of its own for each server, present only while that server is measured.
                publisher = JsClient(publishing, "alice")
                publisher.connect(server, "bench")
                publisher.call("publishCamera")
                publisher.call("publishMicrophone")
                publisher.page.wait_for_function("() => client.room.localParticipant.trackPublications.size === 2")
                for situation in SITUATIONS:
                    if situation == "under way":
                        publisher.call("untilLayersRun", STEADY_FRAMES)
                    measured = join(watching, server, "bench", f"bob-{situation}-{number}")
                    if number >= WARM_UPS:
                        joins[server.name, situation].append(measured)
                publisher.close()
        publishing.close()
        watching.close()
    report([Measured(server, situation, found) for (server, situation), found in joins.items()])
    return 0


def report(measured: Sequence[Measured]) -> None:
    rows = ["| joins when | server | connected p50 / p95 ms | first frame p50 / p95 ms |", "|---|---|---|---|"]
    rows += [
        f"| {SITUATIONS[row.situation]} | {row.server} | {row.spread('connectedMs')} | {row.spread('firstFrameMs')} |"
        for row in measured
    ]
    notes = [f"{JOINS} joins each, in turn; the processes of the measurement go before others on the machine."]
    for situation, title in SITUATIONS.items():
        frames = [row.median("firstFrameMs") for row in measured if row.situation == situation]
        if len(frames) > 1:
            ours, theirs = frames
            notes.append(f"Ratio of the medians to livekit-server 1.13.5, {title}: **{ours / theirs:.2f}**.")
    notes[-1] += f" Aim: at most {AIM}."
    write(
        Path(__file__).parent / "SCOREBOARD.md",
        title="Join to first picture",
        table="\n".join(rows),
        notes="\n\n".join([" ".join(notes), time_line(measured)]),
    )


def time_line(measured: Sequence[Measured]) -> str:
    """Where the time of a join goes: the medians of its steps."""
    head = [f"{row.server}, {row.situation}" for row in measured]
    rows = [f"| ms from the call of `connect` until (medians) | {' | '.join(head)} |", "|---" * (len(head) + 1) + "|"]
    for step, title in STEPS.items():
        rows.append(f"| {title} | {' | '.join(f'{row.median(step):.0f}' for row in measured)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
