"""A bot that joins a room unseen and writes what each participant says into a WAV file of its own.

    pip install livekit livekit-api
    export LIVEKIT_URL=ws://127.0.0.1:7880 LIVEKIT_API_KEY=devkey LIVEKIT_API_SECRET=secret
    python bot_that_listens.py standup recordings/

It ends with Ctrl-C, or when the room does. Tell people that they are recorded: it is the law in many places.
"""

import argparse
import asyncio
import os
import re
import wave
from contextlib import closing, suppress
from pathlib import Path

from livekit import api, rtc

RATE = 48_000


def token(room: str, identity: str) -> str:
    grants = api.VideoGrants(
        room_join=True, room=room, can_publish=False, can_publish_data=False, hidden=True, recorder=True
    )
    return api.AccessToken().with_identity(identity).with_grants(grants).to_jwt()


def file_name(identity: str, track: str) -> str:
    """An identity is whatever the application chose: it must not become a path."""
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', identity)[:60]}_{track}.wav"


async def record(track: rtc.Track, path: Path, who: str) -> None:
    """Until the track ends."""
    stream = rtc.AudioStream(track, sample_rate=RATE, num_channels=1)
    try:
        with closing(wave.open(str(path), "wb")) as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            async for event in stream:
                if file.tell() == 0:
                    print(f"hears {who}", flush=True)
                file.writeframes(event.frame.data)
    finally:
        await stream.aclose()


async def listen(room_name: str, folder: Path, identity: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    room = rtc.Room()
    recordings: dict[str, asyncio.Task[None]] = {}
    ended = asyncio.Event()

    @room.on("track_subscribed")
    def _(track: rtc.Track, _: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant) -> None:
        if track.kind == rtc.TrackKind.KIND_AUDIO:
            path = folder / file_name(participant.identity, track.sid)
            recordings[track.sid] = asyncio.create_task(record(track, path, participant.identity))

    @room.on("track_unsubscribed")
    def _(track: rtc.Track, _: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant) -> None:
        recording = recordings.pop(track.sid, None)
        if recording is not None:
            recording.cancel()  # closes its file
            print(f"heard {participant.identity}", flush=True)

    @room.on("disconnected")
    def _(_: object) -> None:
        ended.set()

    await room.connect(os.environ["LIVEKIT_URL"], token(room_name, identity))
    print(f"listens in {room_name}", flush=True)
    try:
        await ended.wait()
    finally:
        for recording in recordings.values():
            recording.cancel()
        await asyncio.gather(*recordings.values(), return_exceptions=True)
        await room.disconnect()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("room")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--identity", default="bot-that-listens")
    arguments = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(listen(arguments.room, arguments.folder, arguments.identity))
