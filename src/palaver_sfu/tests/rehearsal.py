"""A room on a stage: people by name, a clock that is moved by hand, and what each of them was told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from palaver_sfu.room.values import (
    DEFAULT_OPTIONS,
    DEFAULT_PERMISSION,
    Identity,
    Mid,
    ParticipantSid,
    Permission,
    RoomName,
    RoomOptions,
    RoomSid,
    TrackKind,
    TrackSid,
    TrackSource,
    VideoLayer,
    VideoQuality,
)
from palaver_sfu.session.effects import Announce, Effect, Negotiate, Send
from palaver_sfu.session.inputs import Answered, FromClient, Input, Join, PeerConnected, Tick, TrackStarted
from palaver_sfu.session.machine import open_room, step
from palaver_sfu.session.messages import MediaSections, TrackPublished
from palaver_sfu.session.requests import AddTrack, ClientRequest, Offer, OfferSection
from palaver_sfu.session.state import Session

T = TypeVar("T")

AUDIO_CODECS, VIDEO_CODECS = ("opus", "red"), ("vp8", "h264")
THREE_LAYERS = (
    VideoLayer(VideoQuality.LOW, 320, 180),
    VideoLayer(VideoQuality.MEDIUM, 640, 360),
    VideoLayer(VideoQuality.HIGH, 1280, 720),
)


def recvonly(mid: str, kind: str, *, codecs: tuple[str, ...] | None = None) -> OfferSection:
    known = AUDIO_CODECS if kind == "audio" else VIDEO_CODECS
    return OfferSection(mid=Mid(mid), kind=kind, direction="recvonly", codecs=known if codecs is None else codecs)


def sendonly(mid: str, kind: str, track_id: str | None, rids: tuple[str, ...] = ()) -> OfferSection:
    return OfferSection(mid=Mid(mid), kind=kind, direction="sendonly", track_id=track_id, rids=rids)


def inactive(mid: str, kind: str) -> OfferSection:
    return OfferSection(mid=Mid(mid), kind=kind, direction="inactive")


def spare_sections(audios: int = 2, videos: int = 2) -> tuple[OfferSection, ...]:
    return (
        *(recvonly(f"a{i}", "audio") for i in range(audios)),
        *(recvonly(f"v{i}", "video") for i in range(videos)),
    )


@dataclass
class Stage:
    """`answers` False leaves offers in work until `answer` is called."""

    options: RoomOptions = DEFAULT_OPTIONS
    answers: bool = True
    now: float = 1_000.0
    effects: list[Effect] = field(default_factory=list)
    sections: dict[str, list[OfferSection]] = field(default_factory=dict)
    asked: dict[str, MediaSections] = field(default_factory=dict)
    _count: int = 0

    def __post_init__(self) -> None:
        self.room, effects = open_room(
            sid=RoomSid("RM_1"), name=RoomName("standup"), options=self.options, now=self.now
        )
        self.effects += effects

    # --- what happens -------------------------------------------------------------------------

    def step(self, event: Input) -> list[Effect]:
        effects = step(self.room, event, self.now)
        self.effects += effects
        for effect in effects:
            if isinstance(effect, Send) and isinstance(effect.message, MediaSections):
                self.asked.update(dict.fromkeys(effect.to, effect.message))
        if self.answers:
            for effect in effects:
                if isinstance(effect, Negotiate):
                    self.step(answer_of(effect))
        return effects

    def join(
        self, name: str, *, sections: tuple[OfferSection, ...] = (), active: bool = True, **more: Any
    ) -> ParticipantSid:
        """Bring `name` in with an offer of `sections`; returns the participant's sid."""
        self._count += 1
        sid = ParticipantSid(f"PA_{name}{self._count}")
        sections = sections or spare_sections()
        self.sections[sid] = list(sections)
        self.step(
            Join(
                sid=sid,
                identity=Identity(name),
                name=name.capitalize(),
                nonce=f"join{self._count}",
                permission=more.pop("permission", DEFAULT_PERMISSION),
                offer=more.pop("offer", Offer(id=1, sdp="v=0", sections=sections)),
                **more,
            )
        )
        if active and sid in self.room.sessions:
            self.step(PeerConnected(peer=sid))
        return sid

    def request(self, name: str, request: ClientRequest) -> list[Effect]:
        self._count += 1
        return self.step(FromClient(sid=self.session(name).sid, request=request, nonce=f"n{self._count}"))

    def offer(self, name: str, *sections: OfferSection) -> list[Effect]:
        """A new offer: the sections of before, changed or extended by mid."""
        sid = self.session(name).sid
        known = {section.mid: section for section in self.sections[sid]}
        known.update({section.mid: section for section in sections})
        self.sections[sid] = list(known.values())
        self._count += 1
        return self.request(name, Offer(id=self._count, sdp="v=0", sections=tuple(known.values())))

    def publish(
        self,
        name: str,
        *,
        cid: str = "cam",
        kind: TrackKind = TrackKind.VIDEO,
        source: TrackSource = TrackSource.CAMERA,
        mime_type: str = "video/vp8",
        starts: bool = True,
        **more: Any,
    ) -> TrackSid:
        """AddTrack, the offer that carries it, and its first packet."""
        layers = THREE_LAYERS if kind is TrackKind.VIDEO else ()
        self.request(name, AddTrack(cid=cid, kind=kind, source=source, layers=layers, **more))
        sid = self.told(name, TrackPublished)[-1].track.sid
        self.offer(name, sendonly(f"s-{cid}", kind.name.lower(), cid))
        if starts:
            self.step(TrackStarted(peer=self.session(name).sid, track=sid, mime_type=mime_type))
        return sid

    def speak_up(self, name: str, cid: str = "mic") -> TrackSid:
        return self.publish(name, cid=cid, kind=TrackKind.AUDIO, source=TrackSource.MICROPHONE, mime_type="audio/opus")

    def follow_requirements(self) -> None:
        """Do what clients do: offer again whenever they are asked to, until nobody is asked any more."""
        for _ in range(20):
            asked = [s for s in self.room.sessions.values() if s.reoffer_asked_at is not None and s.is_attached]
            if not asked:
                return
            for session in asked:
                needed = self.asked[session.sid]
                count = len(self.sections[session.sid])
                extra = [recvonly(f"x{count + i}", "audio") for i in range(needed.audios)]
                extra += [recvonly(f"y{count + i}", "video") for i in range(needed.videos)]
                self.offer(session.identity, *extra)
        raise AssertionError("the room keeps asking for offers")

    def wait(self, seconds: float) -> None:
        """Let time pass, with the ticks that belong to it."""
        for _ in range(int(seconds)):
            self.now += 1.0
            self.step(Tick())

    # --- what can be seen ---------------------------------------------------------------------

    def session(self, name: str) -> Session:
        session = self.room.by_identity(Identity(name))
        assert session is not None, f"{name} is not here"
        return session

    def told(self, name: str, kind: type[T], *, sid: str | None = None) -> list[T]:
        """Messages of one kind that went to `name`, oldest first."""
        to = sid or self.session(name).sid
        return [e.message for e in self.effects if isinstance(e, Send) and to in e.to and isinstance(e.message, kind)]

    def done(self, kind: type[T]) -> list[T]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def facts(self) -> list[str]:
        return [effect.fact.value for effect in self.done(Announce)]

    def forget(self) -> None:
        """Look only at what comes from here on."""
        self.effects.clear()


def answer_of(effect: Negotiate) -> Answered:
    mids = {mid: track for mid, (track, _) in effect.subscribe.items()}
    return Answered(peer=effect.peer, offer_id=effect.offer_id, sdp="v=0 answer", mid_to_track=mids)


def permission(**changes: Any) -> Permission:
    return replace(DEFAULT_PERMISSION, **changes)
