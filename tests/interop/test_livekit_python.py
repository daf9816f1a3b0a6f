"""The `livekit` package from PyPI: a full client with libwebrtc, on our SFU and on the reference alike."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import numpy as np
import pytest
from livekit import api, rtc
from livekit.rtc.participant import PublishTrackError

from tests.interop.js_client import token
from tests.servers.sfu import SfuAddress
from tests.servers.wire_cutter import WireCutter

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]

WIDTH, HEIGHT, FPS = 640, 360, 15
RATE_HZ, TONE_HZ = 48_000, 440
WAIT_S = 30.0
GREY_STEP = 4  # how far the picture's grey moves from frame to frame

T = TypeVar("T")


class Person:
    """Somebody with a Python client: what it publishes, and what has arrived."""

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.room = rtc.Room()
        self.frames: list[rtc.VideoFrame] = []
        self.energy = 0.0
        self.data: list[rtc.DataPacket] = []
        self.changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self.room.on("track_subscribed", self._on_track)
        self.room.on("data_received", self._on_data)

    async def connect(self, server: SfuAddress, room: str, **grants: object) -> None:
        async with asyncio.timeout(WAIT_S):
            await self.room.connect(server.ws_url, token(server, self.identity, room, **grants))

    async def show(self, codec: rtc.VideoCodec.ValueType = rtc.VideoCodec.VP8) -> rtc.LocalTrackPublication:
        """Publish a picture whose grey keeps changing."""
        source = rtc.VideoSource(WIDTH, HEIGHT)
        track = rtc.LocalVideoTrack.create_video_track("camera", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA, video_codec=codec)
        self._start(self._film(source))
        async with asyncio.timeout(WAIT_S):
            return await self.room.local_participant.publish_track(track, options)

    async def sound(self) -> rtc.LocalTrackPublication:
        """Publish a tone."""
        source = rtc.AudioSource(RATE_HZ, 1)
        track = rtc.LocalAudioTrack.create_audio_track("microphone", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        self._start(self._tone(source))
        async with asyncio.timeout(WAIT_S):
            return await self.room.local_participant.publish_track(track, options)

    async def until(self, check: Callable[[], T]) -> T:
        """Wait until `check` answers something true."""
        async with asyncio.timeout(WAIT_S):
            while not (found := check()):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.1), self.changed:
                        await self.changed.wait()
        return found

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.room.disconnect()

    async def _film(self, source: rtc.VideoSource) -> None:
        number = 0
        while True:
            grey = (number * GREY_STEP) % 256
            picture = np.full((HEIGHT, WIDTH, 4), grey, dtype=np.uint8)
            source.capture_frame(rtc.VideoFrame(WIDTH, HEIGHT, rtc.VideoBufferType.RGBA, picture.tobytes()))
            number += 1
            await asyncio.sleep(1 / FPS)

    async def _tone(self, source: rtc.AudioSource) -> None:
        samples, start = RATE_HZ // 100, 0
        while True:
            times = np.arange(start, start + samples) / RATE_HZ
            wave = (np.sin(2 * np.pi * TONE_HZ * times) * 12_000).astype(np.int16)
            await source.capture_frame(rtc.AudioFrame(wave.tobytes(), RATE_HZ, 1, samples))
            start += samples

    def _on_track(self, track: rtc.Track, *_: object) -> None:
        self._start(self._watch(track) if isinstance(track, rtc.RemoteVideoTrack) else self._listen(track))

    def _on_data(self, packet: rtc.DataPacket) -> None:
        self.data.append(packet)

    async def _watch(self, track: rtc.Track) -> None:
        async for event in rtc.VideoStream(track, format=rtc.VideoBufferType.I420):
            async with self.changed:
                self.frames.append(event.frame)
                self.changed.notify_all()

    async def _listen(self, track: rtc.Track) -> None:
        async for event in rtc.AudioStream(track):
            samples = np.frombuffer(event.frame.data, dtype=np.int16).astype(np.float64)
            async with self.changed:
                self.energy += float(np.mean(np.square(samples / 32_768)))
                self.changed.notify_all()

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        assert isinstance(task, asyncio.Task)
        self._tasks.add(task)


def greys(frames: list[rtc.VideoFrame]) -> set[int]:
    """The brightness in the middle of each picture, in coarse steps: a film that runs has many."""
    middle = (HEIGHT // 2) * WIDTH + WIDTH // 2
    return {int(frame.data[middle % len(frame.data)]) // 16 for frame in frames}


@pytest.fixture
async def people() -> AsyncIterator[tuple[Person, Person]]:
    alice, bob = Person("alice"), Person("bob")
    yield alice, bob
    await bob.close()
    await alice.close()


@pytest.fixture
def room() -> str:
    return f"room-{uuid4()}"


def remote(person: Person, identity: str) -> rtc.RemoteParticipant | None:
    return person.room.remote_participants.get(identity)


def test_two_programs_see_and_hear_each_other_is_measured_in_frames_and_energy() -> None:
    """What `greys` counts can be wrong: a still picture has one grey."""
    still = [rtc.VideoFrame(WIDTH, HEIGHT, rtc.VideoBufferType.I420, bytes(WIDTH * HEIGHT * 3 // 2))] * 5
    assert len(greys(still)) == 1


async def test_two_programs_see_and_hear_each_other(sfu: SfuAddress, people: tuple[Person, Person], room: str) -> None:
    alice, bob = people
    await alice.connect(sfu, room)
    await bob.connect(sfu, room)
    for person in people:
        await person.show()
        await person.sound()
    for person in people:
        await person.until(lambda person=person: len(person.frames) > 3 * FPS and len(greys(person.frames)) > 4)  # type: ignore[misc]
        await person.until(lambda person=person: person.energy > 1.0)  # type: ignore[misc]
        assert (person.frames[-1].width, person.frames[-1].height) == (WIDTH, HEIGHT)


async def test_a_late_joiner_gets_what_is_there(sfu: SfuAddress, people: tuple[Person, Person], room: str) -> None:
    alice, bob = people
    await alice.connect(sfu, room)
    await alice.show()
    await alice.sound()
    await bob.connect(sfu, room)
    await bob.until(lambda: len(greys(bob.frames)) > 2)
    await bob.until(lambda: bob.energy > 0.2)


@pytest.mark.parametrize("codec", ["H264", "VP9", "AV1"])
async def test_other_codecs_pass(sfu: SfuAddress, people: tuple[Person, Person], room: str, codec: str) -> None:
    alice, bob = people
    await alice.connect(sfu, room)
    await bob.connect(sfu, room)
    publication = await alice.show(rtc.VideoCodec.Value(codec))
    await bob.until(lambda: len(greys(bob.frames)) > 2)
    seen = remote(bob, "alice")
    assert seen is not None
    assert seen.track_publications[publication.sid].mime_type.lower() == f"video/{codec.lower()}"


async def test_data_goes_both_ways_and_names_its_true_sender(
    sfu: SfuAddress, people: tuple[Person, Person], room: str
) -> None:
    alice, bob = people
    await alice.connect(sfu, room)
    await bob.connect(sfu, room)
    await alice.until(lambda: remote(alice, "bob"))
    await alice.room.local_participant.publish_data(b"to all", reliable=True, topic="greeting")
    await bob.until(lambda: bob.data)
    assert (bob.data[0].data, bob.data[0].topic) == (b"to all", "greeting")
    assert bob.data[0].participant is not None
    assert bob.data[0].participant.identity == "alice"
    await bob.room.local_participant.publish_data(b"to alice", reliable=False, destination_identities=["alice"])
    await alice.until(lambda: alice.data)
    assert alice.data[0].data == b"to alice"


async def test_data_for_somebody_else_does_not_arrive(
    sfu: SfuAddress, people: tuple[Person, Person], room: str
) -> None:
    alice, bob = people
    await alice.connect(sfu, room)
    await bob.connect(sfu, room)
    await alice.until(lambda: remote(alice, "bob"))
    send = alice.room.local_participant.publish_data
    await send(b"secret", reliable=True, destination_identities=["carol"])
    await send(b"open", reliable=True)
    await bob.until(lambda: bob.data)
    assert [packet.data for packet in bob.data] == [b"open"]


async def test_long_texts_arrive_whole(sfu: SfuAddress, people: tuple[Person, Person], room: str) -> None:
    alice, bob = people
    arrived: list[str] = []

    async def read(reader: rtc.TextStreamReader) -> None:
        arrived.append(await reader.read_all())

    readers: list[asyncio.Task[None]] = []
    await alice.connect(sfu, room)
    await bob.connect(sfu, room)
    bob.room.register_text_stream_handler("notes", lambda reader, _: readers.append(asyncio.create_task(read(reader))))
    await alice.until(lambda: remote(alice, "bob"))
    text = "palaver " * 12_500
    await alice.room.local_participant.send_text(text, topic="notes")
    await bob.until(lambda: arrived)
    assert arrived == [text]


async def test_a_file_arrives_whole_and_people_call_each_other(
    sfu: SfuAddress, people: tuple[Person, Person], room: str
) -> None:
    alice, bob = people
    arrived: list[tuple[str, str, bytes]] = []
    readers: list[asyncio.Task[None]] = []
    sent = bytes(range(256)) * 3_000

    async def read(reader: rtc.ByteStreamReader, sender: str) -> None:
        arrived.append((sender, reader.info.name, b"".join([chunk async for chunk in reader])))

    async def greet(data: rtc.RpcInvocationData) -> str:
        return f"{data.payload}, {data.caller_identity}"

    await alice.connect(sfu, room)
    await bob.connect(sfu, room)
    await alice.until(lambda: remote(alice, "bob"))
    bob.room.register_byte_stream_handler("files", lambda *given: readers.append(asyncio.create_task(read(*given))))
    bob.room.local_participant.register_rpc_method("greet", greet)
    speaker = alice.room.local_participant
    writer = await speaker.stream_bytes("notes.bin", topic="files")
    await writer.write(sent)
    # On its way, the file holds up no question.
    long = "x" * 14_000
    assert await speaker.perform_rpc(destination_identity="bob", method="greet", payload=long) == f"{long}, alice"
    with pytest.raises(rtc.RpcError) as refused:
        await speaker.perform_rpc(destination_identity="bob", method="dance", payload="")
    assert refused.value.code == rtc.RpcError.ErrorCode.UNSUPPORTED_METHOD
    await writer.aclose()
    await bob.until(lambda: arrived)
    assert arrived == [("alice", "notes.bin", sent)]


async def test_mute_unpublish_and_leave_are_seen(sfu: SfuAddress, people: tuple[Person, Person], room: str) -> None:
    alice, bob = people
    await alice.connect(sfu, room)
    await bob.connect(sfu, room)
    publication = await alice.show()

    def seen() -> rtc.RemoteTrackPublication | None:
        other = remote(bob, "alice")
        return other.track_publications.get(publication.sid) if other is not None else None

    await bob.until(lambda: len(bob.frames) > 2)
    assert isinstance(publication.track, rtc.LocalVideoTrack)
    publication.track.mute()
    await bob.until(lambda: (found := seen()) is not None and found.muted)
    publication.track.unmute()
    await bob.until(lambda: (found := seen()) is not None and not found.muted)
    await alice.room.local_participant.unpublish_track(publication.sid)
    await bob.until(lambda: seen() is None)
    await alice.room.disconnect()
    await bob.until(lambda: remote(bob, "alice") is None)


async def test_metadata_reaches_the_other(sfu: SfuAddress, people: tuple[Person, Person], room: str) -> None:
    alice, bob = people
    await alice.connect(sfu, room, can_update_own_metadata=True)
    await bob.connect(sfu, room)
    await alice.room.local_participant.set_attributes({"hand": "up"})
    await bob.until(lambda: (found := remote(bob, "alice")) is not None and found.attributes.get("hand") == "up")


async def test_without_the_right_to_publish_a_track_is_refused(
    sfu: SfuAddress, people: tuple[Person, Person], room: str
) -> None:
    alice, _ = people
    await alice.connect(sfu, room, can_publish=False)
    with pytest.raises(PublishTrackError):
        await alice.show()


async def test_a_cut_signal_is_resumed_and_nobody_else_notices(
    sfu: SfuAddress, people: tuple[Person, Person], room: str
) -> None:
    alice, bob = people
    events: list[str] = []
    alice.room.on("reconnected", lambda: events.append("reconnected"))
    bob.room.on("participant_disconnected", lambda _: events.append("left"))
    with WireCutter(urlsplit(sfu.url).port or 0) as wire:
        await alice.connect(replace(sfu, url=wire.url), room)
        await bob.connect(sfu, room)
        await alice.show()
        await alice.sound()
        await bob.until(lambda: len(bob.frames) > 2 and bob.energy > 0.1)
        sid = alice.room.local_participant.sid
        assert wire.cut("/rtc") == 1
        seen = len(bob.frames)
        await bob.room.local_participant.publish_data(b"while you were away", reliable=True)
        wire.mend()
        await alice.until(lambda: "reconnected" in events)
        await bob.until(lambda: len(bob.frames) > seen + FPS)
        await alice.until(lambda: alice.data)
        await alice.room.local_participant.publish_data(b"I am back", reliable=True)
        await bob.until(lambda: bob.data)
        found = remote(bob, "alice")
        assert found is not None
        assert found.sid == sid
        assert events == ["reconnected"]
        assert [packet.data for packet in (*alice.data, *bob.data)] == [b"while you were away", b"I am back"]


async def test_removal_by_the_server_says_why(sfu: SfuAddress, people: tuple[Person, Person], room: str) -> None:
    alice, _ = people
    reasons: list[int] = []
    alice.room.on("disconnected", reasons.append)
    await alice.connect(sfu, room)
    async with api.LiveKitAPI(sfu.url, sfu.api_key, sfu.api_secret) as client:
        await client.room.remove_participant(api.RoomParticipantIdentity(room=room, identity="alice"))
    await alice.until(lambda: reasons)
    assert reasons == [rtc.DisconnectReason.PARTICIPANT_REMOVED]
