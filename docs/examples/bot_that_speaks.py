"""A bot that joins a room and says a WAV file, or a tone where it is given none.

    pip install livekit livekit-api
    export LIVEKIT_URL=ws://127.0.0.1:7880 LIVEKIT_API_KEY=devkey LIVEKIT_API_SECRET=secret
    python bot_that_speaks.py standup hello.wav

The three variables are those of the SDK. The WAV file has 16 bits a sample, and any rate and number of channels.
"""

import argparse
import asyncio
import math
import os
import wave
from array import array
from collections.abc import Iterator
from contextlib import closing, suppress

from livekit import api, rtc

FRAME_MS = 20
PATIENCE_S = 10
TONE_HZ, TONE_RATE, TONE_S = 440, 48_000, 2


def token(room: str, identity: str) -> str:
    """Signed with the key and the secret of the environment: only servers have them, never browsers."""
    grants = api.VideoGrants(room_join=True, room=room, can_subscribe=False, can_publish_data=False)
    return api.AccessToken().with_identity(identity).with_name("Bot").with_grants(grants).to_jwt()


def tone() -> tuple[int, int, bytes]:
    wave_form = (math.sin(2 * math.pi * TONE_HZ * n / TONE_RATE) for n in range(TONE_RATE * TONE_S))
    return TONE_RATE, 1, array("h", (int(8_000 * value) for value in wave_form)).tobytes()


def read(path: str) -> tuple[int, int, bytes]:
    """The rate, the number of channels, and the samples."""
    with closing(wave.open(path, "rb")) as file:
        if file.getsampwidth() != 2:
            raise SystemExit(f"{path}: not 16 bits a sample")
        return file.getframerate(), file.getnchannels(), file.readframes(file.getnframes())


def frames(rate: int, channels: int, samples: bytes) -> Iterator[rtc.AudioFrame]:
    """Pieces as the source takes them; the last one ends in silence."""
    per_frame = rate * FRAME_MS // 1000
    size = per_frame * channels * 2
    for start in range(0, len(samples), size):
        piece = samples[start : start + size].ljust(size, b"\0")
        yield rtc.AudioFrame(piece, rate, channels, per_frame)


async def speak(room_name: str, identity: str, sound: tuple[int, int, bytes]) -> None:
    rate, channels, samples = sound
    room = rtc.Room()
    await room.connect(os.environ["LIVEKIT_URL"], token(room_name, identity))
    try:
        source = rtc.AudioSource(rate, channels)
        track = rtc.LocalAudioTrack.create_audio_track("voice", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        publication = await room.local_participant.publish_track(track, options)
        # What is said before anybody listens is lost; but nobody may come.
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await publication.wait_for_subscription()
        print(f"{identity} speaks in {room_name}", flush=True)
        for frame in frames(rate, channels, samples):
            await source.capture_frame(frame)  # waits until there is room: it keeps the pace
        await source.wait_for_playout()
    finally:
        await room.disconnect()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("room")
    parser.add_argument("sound", nargs="?", help="a WAV file (default: a tone of two seconds)")
    parser.add_argument("--identity", default="bot-that-speaks")
    arguments = parser.parse_args()
    said = read(arguments.sound) if arguments.sound else tone()
    asyncio.run(speak(arguments.room, arguments.identity, said))
