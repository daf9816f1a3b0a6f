"""A Python program in a meeting: publishes a picture of one colour and a tone, and says what it receives.

`python python_program.py <ws url> <token> <red> <green> <blue>`; runs until its input is closed. Each line of its
output is JSON about one participant whose picture or sound has arrived: identity, frames, mean colour, energy.
"""

import asyncio
import contextlib
import json
import sys
from dataclasses import asdict, dataclass

import numpy as np
from livekit import rtc

WIDTH, HEIGHT, FPS = 320, 180, 15
RATE_HZ, TONE_HZ = 48_000, 440
TELL_EVERY_S = 0.25


@dataclass(slots=True)
class Received:
    """What has come from one participant."""

    identity: str
    frames: int = 0
    colour: tuple[float, ...] = (0.0, 0.0, 0.0)
    energy: float = 0.0


async def film(source: rtc.VideoSource, colour: tuple[int, int, int]) -> None:
    number = 0
    while True:
        picture = np.full((HEIGHT, WIDTH, 4), (*colour, 255), dtype=np.uint8)
        # A light bar in the upper half moves, as in the films of the browsers.
        left = number * 8 % (WIDTH - 24)
        picture[HEIGHT // 4 : HEIGHT // 2, left : left + 24] = 230
        source.capture_frame(rtc.VideoFrame(WIDTH, HEIGHT, rtc.VideoBufferType.RGBA, picture.tobytes()))
        number += 1
        await asyncio.sleep(1 / FPS)


async def tone(source: rtc.AudioSource) -> None:
    samples, start = RATE_HZ // 100, 0
    while True:
        times = np.arange(start, start + samples) / RATE_HZ
        wave = (np.sin(2 * np.pi * TONE_HZ * times) * 12_000).astype(np.int16)
        await source.capture_frame(rtc.AudioFrame(wave.tobytes(), RATE_HZ, 1, samples))
        start += samples


async def watch(track: rtc.Track, into: Received) -> None:
    async for event in rtc.VideoStream(track, format=rtc.VideoBufferType.RGBA):
        frame = event.frame
        pixels = np.frombuffer(frame.data, dtype=np.uint8).reshape(frame.height, frame.width, 4)
        into.frames += 1
        # Below the bar that moves.
        into.colour = tuple(pixels[frame.height * 2 // 3 :, :, :3].mean(axis=(0, 1)).round(1).tolist())


async def listen(track: rtc.Track, into: Received) -> None:
    async for event in rtc.AudioStream(track):
        samples = np.frombuffer(event.frame.data, dtype=np.int16).astype(np.float64)
        into.energy += float(np.mean(np.square(samples / 32_768)))


async def tell(received: dict[str, Received]) -> None:
    while True:
        for one in received.values():
            print(json.dumps(asdict(one)), flush=True)
        await asyncio.sleep(TELL_EVERY_S)


async def main(url: str, token: str, colour: tuple[int, int, int]) -> None:
    room = rtc.Room()
    received: dict[str, Received] = {}
    tasks: set[asyncio.Task[None]] = set()

    def on_track(track: rtc.Track, _: rtc.RemoteTrackPublication, sender: rtc.RemoteParticipant) -> None:
        into = received.setdefault(sender.identity, Received(sender.identity))
        is_picture = isinstance(track, rtc.RemoteVideoTrack)
        tasks.add(asyncio.create_task(watch(track, into) if is_picture else listen(track, into)))

    room.on("track_subscribed", on_track)
    await room.connect(url, token)
    picture, sound = rtc.VideoSource(WIDTH, HEIGHT), rtc.AudioSource(RATE_HZ, 1)
    tasks |= {asyncio.create_task(work) for work in (film(picture, colour), tone(sound), tell(received))}
    publish = room.local_participant.publish_track
    await publish(
        rtc.LocalVideoTrack.create_video_track("camera", picture),
        rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA),
    )
    await publish(
        rtc.LocalAudioTrack.create_audio_track("microphone", sound),
        rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE),
    )
    with contextlib.suppress(ConnectionError):
        await asyncio.to_thread(sys.stdin.read)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await room.disconnect()


if __name__ == "__main__":
    red, green, blue = (int(part) for part in sys.argv[3:6])
    asyncio.run(main(sys.argv[1], sys.argv[2], (red, green, blue)))
