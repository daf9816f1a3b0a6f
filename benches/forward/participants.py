"""Participants of a LiveKit room whose media is the generator's: here is only what they say on the signal line."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from livekit.protocol import models, rtc
from websockets.asyncio.client import connect

from benches.forward.generator import Generator
from tests.conformance.client import WireClient, join_parameter, token
from tests.servers.sfu import SfuAddress

# The name that the generator gives to what it publishes.
TRACK = "load-track"
TYPES = {
    "audio": (models.AUDIO, models.MICROPHONE),
    "video": (models.VIDEO, models.CAMERA),
    "layers": (models.VIDEO, models.CAMERA),
}
# The sizes of a camera in simulcast, as the generator sends them.
SIZES = ((320, 180), (640, 360), (1280, 720))
# What makes a server estimate (RFC 8888, REMB and the like); without it, it sends all that is asked for.
ESTIMATION = re.compile(r"^a=(rtcp-fb:.* (transport-cc|goog-remb)|extmap:.*transport-wide-cc)")
# Browsers name no streams of a camera in several sizes: these are known by their restriction ids.
STREAMS = re.compile(r"^a=ssrc")
UP_TIMEOUT_S = 60
JOINS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Role:
    """What a participant publishes (`none`, `audio`, `video`, `layers`), and its sections for others, of which kind."""

    publishes: str
    sections: int
    kind: str
    # Whether it tells when each packet came, of which a server estimates what the line carries.
    has_feedback: bool = False


def without_estimation(sdp: str) -> str:
    return _without(ESTIMATION, sdp)


def as_sent(role: Role, sdp: str) -> str:
    """The generator's offer as a client with that role would make it."""
    if not role.has_feedback:
        sdp = without_estimation(sdp)
    return _without(STREAMS, sdp) if role.publishes == "layers" else sdp


def _without(lines: re.Pattern[str], sdp: str) -> str:
    return "".join(line for line in sdp.splitlines(keepends=True) if not lines.search(line))


def identity(number: int) -> str:
    return f"person-{number}"


class Participant:
    def __init__(self, client: WireClient, generator: Generator, number: int, role: Role) -> None:
        self._client = client
        self._generator = generator
        self._number = number
        self._role = role
        # The first track of each other participant.
        self._tracks: dict[str, str] = {}
        self._offers = 0
        self._is_answered = True
        # Sections that the server asked for while an offer was open; None when it asked for nothing.
        self._wanted: int | None = None

    async def join(self) -> None:
        """Offer after the join, as browsers do that cannot offer with it."""
        client = self._client
        self._meet((await client.until("join")).other_participants)
        if self._role.publishes != "none":
            kind, source = TYPES[self._role.publishes]
            track = rtc.AddTrackRequest(cid=TRACK, type=kind, source=source)
            if kind == models.VIDEO:
                track.width, track.height = SIZES[-1]
            if self._role.publishes == "layers":
                sizes = [
                    models.VideoLayer(
                        quality=models.VideoQuality.Name(place),
                        width=width,
                        height=height,
                        rid=rid,
                        spatial_layer=place,
                    )
                    for place, (rid, (width, height)) in enumerate(zip("qhf", SIZES, strict=True))
                ]
                track.layers.extend(sizes)
                track.simulcast_codecs.append(rtc.SimulcastCodec(codec="vp8", cid=TRACK, layers=sizes))
            await client.send(add_track=track)
        role = self._role
        offer = await self._generator.offer("open", self._number, role.publishes, role.sections, role.kind)
        await self._send_offer(offer)

    async def want(self, publisher: int, layer: int) -> None:
        """Ask for somebody's picture in a size."""
        width, height = SIZES[layer]
        track = self._tracks[identity(publisher)]
        settings = rtc.UpdateTrackSettings(track_sids=[track], width=width, height=height)
        self._generator.tell("wish", self._number, publisher, layer, time.time_ns() // 1_000)
        await self._client.send(track_setting=settings)

    async def serve(self) -> None:
        """Until the task is cancelled."""
        while True:
            await self._hear(await self._client.next())

    async def ping(self) -> None:
        while True:
            await asyncio.sleep(5)
            await self._client.send(ping_req=rtc.Ping(timestamp=1))

    async def leave(self) -> None:
        await self._client.send(leave=rtc.LeaveRequest())
        await self._client.socket.close()

    def _meet(self, people: Iterable[models.ParticipantInfo]) -> None:
        self._tracks.update({person.identity: track.sid for person in people for track in person.tracks[:1]})

    async def _hear(self, response: rtc.SignalResponse) -> None:
        match response.WhichOneof("message"):
            case "answer":
                self._generator.answer(self._number, response.answer.sdp)
                self._is_answered = True
            case "update":
                self._meet(response.update.participants)
            case "trickle":
                candidate = json.loads(response.trickle.candidateInit).get("candidate", "")
                if candidate and " udp " in candidate.lower():
                    self._generator.tell("candidate", self._number, candidate)
            case "media_sections_requirement":
                wanted = response.media_sections_requirement
                count = wanted.num_audios if self._role.kind == "audio" else wanted.num_videos
                self._wanted = max(self._wanted or 0, count)
            case "leave":
                raise RuntimeError(f"participant {self._number} was sent away: {response.leave}")
        if self._is_answered and self._wanted is not None:
            count, self._wanted = self._wanted, None
            await self._send_offer(await self._generator.offer("more", self._number, count, self._role.kind))

    async def _send_offer(self, sdp: str) -> None:
        self._offers += 1
        self._is_answered = False
        offer = rtc.SessionDescription(type="offer", sdp=as_sent(self._role, sdp), id=self._offers)
        await self._client.send(offer=offer)


class Room:
    """Participants come by `admit`, and all go at the end of the block."""

    def __init__(self, server: SfuAddress, generator: Generator, name: str) -> None:
        self._server = server
        self._generator = generator
        self._name = name
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self._people: dict[int, Participant] = {}
        self._admitted = 0

    async def __aenter__(self) -> Room:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._generator.tell("close")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(person.leave() for person in self._people.values()), return_exceptions=True)
        await self._stack.aclose()

    async def prepare(self, role: Role) -> None:
        """Whatever must be there before somebody with that role comes: nothing."""

    async def admit(self, roles: list[Role]) -> None:
        """All of them are up when this is done."""
        gate = asyncio.Semaphore(JOINS_AT_ONCE)
        numbers = range(self._admitted, self._admitted + len(roles))
        self._admitted += len(roles)
        await asyncio.gather(*(self._admit(gate, number, role) for number, role in zip(numbers, roles, strict=True)))

    async def want(self, viewer: int, publisher: int, layer: int) -> None:
        """Somebody asks for somebody's picture in a size, both by their places among all roles."""
        await self._people[viewer].want(publisher, layer)

    async def _admit(self, gate: asyncio.Semaphore, number: int, role: Role) -> None:
        async with gate:
            # Who has no sections for others shall not be asked for some.
            bearer = token(self._server, identity(number), self._name, can_subscribe=role.sections > 0)
            url = f"{self._server.ws_url}/rtc/v1?join_request={join_parameter()}"
            headers = {"Authorization": f"Bearer {bearer}"}
            dialing = connect(url, additional_headers=headers, proxy=None, open_timeout=UP_TIMEOUT_S, close_timeout=2)
            client = WireClient(await self._stack.enter_async_context(dialing))
            participant = self._people[number] = Participant(client, self._generator, number, role)
            is_up = self._generator.up(number)
            await participant.join()
            serving = asyncio.create_task(participant.serve())
            self._tasks += [serving, asyncio.create_task(participant.ping())]
            either: set[asyncio.Future[Any]] = {serving, is_up}
            await asyncio.wait(either, timeout=UP_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
            if not is_up.done():
                raise TimeoutError(f"participant {number} never came up")
