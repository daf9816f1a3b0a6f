"""Fuzzing of what the control plane reads from strangers: signal messages, join requests, tokens.

Each input is changed at random from one that is known, and kept to be changed again when the answer to it is new. A
reader may answer or raise the one error that it names; nothing else, not slowly, and not with much memory.

    python -m palaver_sfu.tests.fuzzing join 60          # for so many seconds, with another seed each time
    python -m palaver_sfu.tests.fuzzing join FILE…       # an input that was found, again
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jwt
from google.protobuf.json_format import MessageToJson
from livekit.protocol import models, rtc

from palaver_sfu import _core
from palaver_sfu.errors import SfuError, WireError
from palaver_sfu.session.requests import OfferSection
from palaver_sfu.wire.join_query import read_join_query
from palaver_sfu.wire.join_request import read_join_request
from palaver_sfu.wire.requests import read_request
from palaver_sfu.wire.tokens import Keys, TokenError

# Processor time of one input; other work on the machine does not count.
SLOWEST_S = 0.1
MAX_INPUT_BYTES = 64 * 1024
MAX_KEPT = 512
FOUND = Path(".cache/fuzz")

_SECRET = "s" * 32
_KEYS = Keys(secrets={"key": _SECRET})
_OFFER = (
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdef01234567\r\n"
    "a=fingerprint:sha-256 " + ":".join(["AB"] * 32) + "\r\na=setup:actpass\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=sendonly\r\na=msid:s cam\r\na=rtpmap:96 VP8/90000\r\n"
)
_BYTES = (0x00, 0x01, 0x7F, 0x80, 0xFF, 0x22, 0x5B, 0x5C, 0x7B)
_WORDS = (
    b"null", b"true", b"-1", b"1e999", b"NaN", b"4294967296", b"9223372036854775808", b"[[[[[[[[", b'{"":', b"\\ud800",
    b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x00", b"\xff" * 10, b"=", b"..", b"a" * 300,
)  # fmt: skip


class FuzzError(AssertionError):
    """A reader did what it must not; `data` is the input."""

    def __init__(self, data: bytes, problem: str) -> None:
        super().__init__(f"{problem}: {data[:200]!r}")
        self.data = data


@dataclass(frozen=True, slots=True)
class Target:
    """`read` takes an input and returns what is new about its answer; `error` is all that it may raise."""

    read: Callable[[bytes], object]
    error: type[SfuError]
    seeds: tuple[bytes, ...]


def parse_offer(sdp: str) -> tuple[OfferSection, ...] | None:
    """As the core reads it: its text is half of a message."""
    try:
        return () if _core.parse_offer(sdp) else None
    except _core.SdpError:
        return None


def _read_signal(data: bytes) -> object:
    """The first byte says whether the frame is text."""
    if data[:1] == b"t":
        return type(read_request(data[1:].decode(errors="surrogateescape"), parse_offer=parse_offer))
    return type(read_request(data[1:], parse_offer=parse_offer))


def _read_join(data: bytes) -> object:
    """The first byte says how far the input is wrapped up already: not at all, in base64 only, or whole."""
    kind, body = data[:1], data[1:]
    if kind == b"q":
        text = body.decode(errors="replace")
        read_join_query({"attributes": text, "protocol": text, "capabilities": text, "auto_subscribe": text})
        return "query"
    if kind == b"w":
        return _join(body.decode(errors="replace"))
    if kind == b"b":
        return _join(base64.urlsafe_b64encode(body).decode())
    is_packed = kind == b"z"
    wrapped = rtc.WrappedJoinRequest(
        compression=rtc.WrappedJoinRequest.GZIP if is_packed else rtc.WrappedJoinRequest.NONE,
        join_request=gzip.compress(body, compresslevel=1, mtime=0) if is_packed else body,
    )
    return _join(base64.urlsafe_b64encode(wrapped.SerializeToString()).decode())


def _join(parameter: str) -> object:
    join = read_join_request(parameter, parse_offer=parse_offer)
    return join.sdk, len(join.add_tracks), join.is_resuming, join.sync is None


def _read_token(data: bytes) -> object:
    """The first byte says whether the input is a token, or claims that are still to be signed."""
    kind, body = data[:1], data[1:]
    if kind == b"t":
        claims = _KEYS.read(body.decode(errors="surrogateescape"))
    else:
        claims = _KEYS.read(jwt.api_jws.encode(body, _SECRET, algorithm="HS256"))
    return claims.kind, claims.video is None


def _signals() -> tuple[bytes, ...]:
    offer = rtc.SessionDescription(type="offer", sdp=_OFFER, id=1)
    track = models.TrackInfo(sid="TR_VC1", type=models.VIDEO)
    requests = (
        rtc.SignalRequest(offer=offer),
        rtc.SignalRequest(trickle=rtc.TrickleRequest(candidateInit='{"candidate":"candidate:1 1 udp 1 ::1 9 host"}')),
        rtc.SignalRequest(add_track=_camera()),
        rtc.SignalRequest(mute=rtc.MuteTrackRequest(sid="TR_VC1", muted=True)),
        rtc.SignalRequest(subscription=rtc.UpdateSubscription(track_sids=["TR_VC1"], subscribe=True)),
        rtc.SignalRequest(track_setting=rtc.UpdateTrackSettings(track_sids=["TR_VC1"], width=320, height=180, fps=7)),
        rtc.SignalRequest(
            subscription_permission=rtc.SubscriptionPermission(
                track_permissions=[rtc.TrackPermission(participant_identity="bob", track_sids=["TR_VC1"])]
            )
        ),
        rtc.SignalRequest(
            sync_state=rtc.SyncState(
                answer=offer, publish_tracks=[rtc.TrackPublishedResponse(track=track)], track_sids_disabled=["a"]
            )
        ),
        rtc.SignalRequest(update_metadata=rtc.UpdateParticipantMetadata(name="alice", attributes={"hand": "up"})),
        rtc.SignalRequest(simulate=rtc.SimulateScenario(speaker_update=3)),
        rtc.SignalRequest(ping_req=rtc.Ping(timestamp=5)),
        rtc.SignalRequest(update_audio_track=rtc.UpdateLocalAudioTrack(track_sid="a", features=[models.TF_STEREO])),
        rtc.SignalRequest(publish_data_track_request=rtc.PublishDataTrackRequest(pub_handle=1, name="pose")),
        rtc.SignalRequest(get_data_blob_request=rtc.GetDataBlobRequest(request_id=3)),
    )  # fmt: skip
    return (
        *(b"b" + request.SerializeToString() for request in requests),
        *(b"t" + MessageToJson(request, indent=None).encode() for request in requests),
        b"b\xf2\xff\xff\xff\x0f",
    )


def _camera() -> rtc.AddTrackRequest:
    return rtc.AddTrackRequest(
        cid="cam",
        type=models.VIDEO,
        source=models.CAMERA,
        layers=[models.VideoLayer(quality=models.HIGH, width=1280, height=720)],
        simulcast_codecs=[rtc.SimulcastCodec(codec="h264", cid="cam"), rtc.SimulcastCodec(codec="vp8")],
    )


def _joins() -> tuple[bytes, ...]:
    join = rtc.JoinRequest(
        client_info=models.ClientInfo(sdk=models.ClientInfo.JS, version="2.23.0", protocol=17, browser="Chrome"),
        connection_settings=rtc.ConnectionSettings(auto_subscribe=True, adaptive_stream=True),
        metadata="m",
        participant_attributes={"hand": "up"},
        add_track_requests=[_camera()],
        publisher_offer=rtc.SessionDescription(type="offer", sdp=_OFFER, id=1),
        sync_state=rtc.SyncState(track_sids_disabled=["TR_1"]),
    ).SerializeToString()
    wrapped = rtc.WrappedJoinRequest(
        compression=rtc.WrappedJoinRequest.GZIP, join_request=gzip.compress(join, mtime=0)
    ).SerializeToString()
    attributes = base64.urlsafe_b64encode(b'{"hand":"up"}')
    return (
        b"n" + join, b"z" + join, b"b" + wrapped, b"w" + base64.urlsafe_b64encode(wrapped), b"q" + attributes, b"q17",
        b"qCAP_PACKET_TRAILER,CAP_COMPRESSION_DEFLATE_RAW",
    )  # fmt: skip


def _tokens() -> tuple[bytes, ...]:
    video = {"roomJoin": True, "room": "standup", "canPublishSources": ["camera"], "hidden": False}
    claims = {
        "iss": "key",
        "sub": "alice",
        "exp": 2**31,
        "nbf": 0,
        "name": "Alice",
        "kind": "agent",
        "attributes": {"hand": "up"},
        "video": video,
        "sip": {"admin": True},
        "roomConfig": {"name": "standup", "emptyTimeout": 9, "syncStreams": True},
    }
    signed = jwt.encode(claims, _SECRET, algorithm="HS256")
    return b"c" + json.dumps(claims).encode(), b"t" + signed.encode(), b'c{"iss":"key","exp":1e400}'


TARGETS = {
    "signal": Target(_read_signal, WireError, _signals()),
    "join": Target(_read_join, WireError, _joins()),
    "token": Target(_read_token, TokenError, _tokens()),
}


@dataclass(slots=True)
class Fuzzer:
    """One run; the same seed gives the same inputs."""

    target: Target
    random: random.Random
    tried: int = 0
    kept: list[bytes] = field(default_factory=list)
    _answers: set[object] = field(default_factory=set)

    def __post_init__(self) -> None:
        for seed in self.target.seeds:
            self._take(seed)

    def step(self) -> None:
        """Raises: FuzzError."""
        self._take(self._changed(self.random.choice(self.kept or self.target.seeds)))

    def _take(self, data: bytes) -> None:
        self.tried += 1
        answer = check(self.target, data)
        if answer not in self._answers and len(self.kept) < MAX_KEPT:
            self._answers.add(answer)
            self.kept.append(data)

    def _changed(self, data: bytes) -> bytes:
        changed = bytearray(data)
        for _ in range(self.random.choice((1, 1, 2, 4, 8))):
            self._change(changed)
        # What comes first says how the rest is read.
        return data[:1] + bytes(changed[1:MAX_INPUT_BYTES])

    def _change(self, data: bytearray) -> None:
        rng = self.random
        at, end = sorted((rng.randint(1, max(1, len(data))), rng.randint(1, max(1, len(data)))))
        match rng.randrange(8):
            case 0 if at < len(data):
                data[at] ^= 1 << rng.randrange(8)
            case 1 if at < len(data):
                data[at] = rng.choice(_BYTES)
            case 2:
                del data[at:end]
            case 3:
                data[at:at] = data[at:end] * rng.choice((1, 1, 2, 16))
            case 4:
                data[at:at] = rng.randbytes(rng.randint(1, 8))
            case 5:
                data[at : at + rng.randrange(3)] = rng.choice(_WORDS) * rng.choice((1, 1, 1, 50))
            case 6:
                other = rng.choice(self.kept or self.target.seeds)
                data[at:end] = other[rng.randrange(len(other) + 1) :]
            case _:
                del data[at:]


def check(target: Target, data: bytes) -> object:
    """What is new about the answer to `data`. Raises: FuzzError."""
    spent_s, answer = _timed(target, data)
    if spent_s > SLOWEST_S:
        # The collector of garbage, or the machine: only what is slow each time is slow.
        spent_s = min(spent_s, *(_timed(target, data)[0] for _ in range(3)))
        if spent_s > SLOWEST_S:
            raise FuzzError(data, f"took {spent_s * 1000:.0f} ms")
    return answer


def _timed(target: Target, data: bytes) -> tuple[float, object]:
    begun = time.thread_time()
    try:
        answer = target.read(data)
    except target.error as error:
        answer = str(error)
    except Exception as error:
        raise FuzzError(data, f"raised {error!r}") from error
    return time.thread_time() - begun, answer


def main(arguments: Sequence[str]) -> int:
    name, *rest = arguments
    target = TARGETS[name]
    try:
        if not rest[0].isdigit():
            for path in rest:
                print(f"{path}: {check(target, Path(path).read_bytes())}")
            return 0
        seed = secrets.randbits(32)
        fuzzer = Fuzzer(target, random.Random(seed))
        end = time.monotonic() + int(rest[0])
        while time.monotonic() < end:
            fuzzer.step()
    except FuzzError as found:
        kept_as = FOUND / name / f"crash-{hashlib.sha256(found.data).hexdigest()[:16]}"
        kept_as.parent.mkdir(parents=True, exist_ok=True)
        kept_as.write_bytes(found.data)
        print(f"{found}\n{kept_as}")
        return 1
    print(f"seed {seed}: {fuzzer.tried} inputs, {len(fuzzer.kept)} kinds of answers")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
