"""Laws of the room machine, held against any order of what can happen."""

from __future__ import annotations

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from palaver_sfu.errors import ApiError
from palaver_sfu.room.values import (
    DEFAULT_PERMISSION,
    Identity,
    ParticipantState,
    Permission,
    TrackKind,
    TrackSettings,
    TrackSid,
    TrackSource,
    VideoQuality,
)
from palaver_sfu.session.effects import (
    Announce,
    ClosePeer,
    CloseSignal,
    DropSubscription,
    Negotiate,
    OpenPeer,
    RoomFact,
    Send,
    SetSubscription,
)
from palaver_sfu.session.inputs import (
    ApiInput,
    ChangeParticipant,
    FromClient,
    MuteTrackByServer,
    NegotiationFailed,
    PeerClosed,
    PeerConnected,
    PeerDisconnected,
    RemoveParticipant,
    SignalLost,
    TrackStarted,
)
from palaver_sfu.session.messages import Joined, Leave, ParticipantsChanged
from palaver_sfu.session.permitting import is_open_to
from palaver_sfu.session.requests import (
    AddTrack,
    ClientRequest,
    LeaveRequested,
    OfferSection,
    Ping,
    PublishDataTrack,
    SetMuted,
    SetSubscriptionPermission,
    UnpublishDataTrack,
    UpdateDataSubscription,
    UpdateSubscription,
    UpdateTrackSettings,
)
from palaver_sfu.session.state import Session
from palaver_sfu.session.subscribing import wanted
from palaver_sfu.tests.rehearsal import Stage, answer_of, inactive, permission, sendonly, spare_sections

NAMES = st.sampled_from(["alice", "bob", "carol"])
SOURCES = st.sampled_from([TrackSource.CAMERA, TrackSource.MICROPHONE, TrackSource.SCREEN_SHARE])
PERMISSIONS = st.builds(permission, can_publish=st.booleans(), can_subscribe=st.booleans(), is_hidden=st.booleans())


class RoomLaws(RuleBasedStateMachine):
    """People come, publish, lose their line and go in any order; what they were told must always add up."""

    @initialize(sections=st.integers(0, 3))
    def open(self, sections: int) -> None:
        self.stage = Stage(answers=False)
        self.spare = spare_sections(sections, sections) or spare_sections(1, 0)
        self.spare_count = sections
        self.sending: dict[str, set[TrackSource]] = {}
        self.read = 0
        self.open_peers: set[str] = set()
        self.seen: dict[str, dict[str, tuple[int, ParticipantState]]] = {}
        self.announced: dict[str, list[RoomFact]] = {}
        self.pending: list[Negotiate] = []
        self.ended: set[str] = set()
        self.forwarded: dict[str, set[TrackSid]] = {}  # what the media core forwards to whom

    # --- what can happen ------------------------------------------------------------------------
    # Few rules with much in each: a long story must be likely, not only possible.

    @rule(name=NAMES, rights=PERMISSIONS, subscribes=st.booleans())
    def join(self, name: str, rights: Permission, subscribes: bool) -> None:
        self.stage.join(name, sections=self.spare, active=False, permission=rights, is_auto_subscribing=subscribes)
        self.sending[name] = set()

    @rule(name=NAMES, source=SOURCES, is_muted=st.booleans(), is_offered=st.booleans())
    def publish(self, name: str, source: TrackSource, is_muted: bool, is_offered: bool) -> None:
        if self.stage.room.by_identity(Identity(name)) is None:
            self.join(name, DEFAULT_PERMISSION, True)
        kind = TrackKind.AUDIO if source is TrackSource.MICROPHONE else TrackKind.VIDEO
        self.request(name, AddTrack(cid=source.name, kind=kind, source=source, is_muted=is_muted))
        if is_offered:
            self.sending[name].add(source)
            self.offer(name)

    @rule(name=NAMES, source=SOURCES)
    def unpublish(self, name: str, source: TrackSource) -> None:
        if source in self.sending.get(name, set()):
            self.sending[name].discard(source)
            self.offer(name)

    @rule()
    def settle(self) -> None:
        """Everything on its way arrives: answers, offers that were asked for, connections, first packets."""
        for _ in range(30):
            asked = [s for s in self.stage.room.sessions.values() if s.reoffer_asked_at is not None and s.is_attached]
            if not asked and not self.pending:
                break
            for session in asked:
                self.spare_count += self.stage.asked[session.sid].audios + self.stage.asked[session.sid].videos
                self.offer(session.identity)
            while self.pending:
                self.answer(self.pending.pop(0))
                self.effects_add_up()
            for session in list(self.stage.room.sessions.values()):
                if session.media_closed_at is None:
                    self.stage.step(PeerConnected(peer=session.sid))
                self.packets_arrive(session)
            self.effects_add_up()
        else:
            raise AssertionError("the room never comes to rest")
        for session in self.stage.room.sessions.values():
            if session.is_attached and session.has_answer:
                assert session.received_tracks == set(wanted(self.stage.room, session)) == set(session.applied)

    @precondition(lambda self: self.pending)
    @rule(fails=st.booleans())
    def answer_one(self, fails: bool) -> None:
        effect = self.pending.pop(0)
        if fails:
            self.stage.step(NegotiationFailed(peer=effect.peer, offer_id=effect.offer_id, code="x", message=""))
        else:
            self.answer(effect)

    @rule(name=NAMES, subscribes=st.booleans(), width=st.sampled_from([0, 100, 2000]), is_disabled=st.booleans())
    def choose_tracks(self, name: str, subscribes: bool, width: int, is_disabled: bool) -> None:
        tracks = tuple(self.stage.room.tracks)
        self.request(name, UpdateSubscription(tracks=tracks, is_subscribed=subscribes))
        wish = TrackSettings(width=width, height=width, is_disabled=is_disabled, quality=VideoQuality.HIGH)
        self.request(name, UpdateTrackSettings(tracks=tracks, settings=wish))

    @rule(name=NAMES, is_open=st.booleans())
    def choose_subscribers(self, name: str, is_open: bool) -> None:
        self.request(name, SetSubscriptionPermission(all_participants=is_open, permissions=()))

    @rule(name=NAMES, handle=st.integers(1, 2), is_published=st.booleans(), subscribes=st.booleans())
    def use_data_tracks(self, name: str, handle: int, is_published: bool, subscribes: bool) -> None:
        if is_published:
            self.request(name, PublishDataTrack(handle=handle, name=str(handle)))
        else:
            self.request(name, UnpublishDataTrack(handle=handle))
        updates = tuple((track, subscribes) for track in self.stage.room.data_tracks)
        self.request(name, UpdateDataSubscription(updates=updates))

    @invariant()
    def data_tracks_add_up(self) -> None:
        room = self.stage.room
        owned = {info.sid: s.sid for s in room.sessions.values() for info in s.data_tracks.values()}
        assert owned == {track: owner for track, (owner, _) in room.data_tracks.items()}
        for session in room.sessions.values():
            wanted_tracks = {
                track
                for track, owner in owned.items()
                if session.data_wishes.get(track)
                and session.permission.can_subscribe
                and is_open_to(room.sessions[owner], track, session)
            }
            assert session.data_handles.keys() == wanted_tracks
            assert len(set(session.data_handles.values())) == len(wanted_tracks)

    @rule(name=NAMES, is_muted=st.booleans(), is_by_server=st.booleans())
    def mute(self, name: str, is_muted: bool, is_by_server: bool) -> None:
        for track in list(self.stage.room.tracks):
            if is_by_server:
                self.command(MuteTrackByServer(identity=Identity(name), track=track, is_muted=is_muted))
            else:
                self.request(name, SetMuted(track=track, is_muted=is_muted))

    @rule(name=NAMES, rights=PERMISSIONS)
    def change_rights(self, name: str, rights: Permission) -> None:
        self.command(ChangeParticipant(identity=Identity(name), permission=rights))

    @rule(name=NAMES, is_removed=st.booleans())
    def leave(self, name: str, is_removed: bool) -> None:
        if is_removed:
            self.command(RemoveParticipant(identity=Identity(name)))
        else:
            self.request(name, LeaveRequested())

    @rule(name=NAMES, kind=st.sampled_from(["signal", "silence", "ice_timeout", "peer_closed", "panic"]))
    def lose(self, name: str, kind: str) -> None:
        session = self.stage.room.by_identity(Identity(name))
        if session is None:
            return
        match kind:
            case "signal":
                self.stage.step(SignalLost(sid=session.sid))
            case "silence":
                self.stage.step(PeerDisconnected(peer=session.sid))
            case reason:
                self.stage.step(PeerClosed(peer=session.sid, reason=reason))

    @rule(seconds=st.sampled_from([1, 4, 12]))
    def time_passes(self, seconds: int) -> None:
        for session in list(self.stage.room.sessions.values()):
            self.stage.step(FromClient(sid=session.sid, request=Ping(), nonce="n"))
        self.stage.wait(seconds)

    # --- what must hold -------------------------------------------------------------------------

    @invariant()
    def everything_adds_up(self) -> None:
        if hasattr(self, "stage"):
            self.effects_add_up()
            self.the_room_is_consistent()
            self.clients_see_the_room_as_it_is()

    def effects_add_up(self) -> None:
        for effect in self.stage.effects[self.read :]:
            match effect:
                case OpenPeer(peer=peer):
                    assert peer not in self.open_peers
                    self.open_peers.add(peer)
                case ClosePeer(peer=peer):
                    self.open_peers.remove(peer)
                    self.forwarded.pop(peer, None)
                    self.pending = [p for p in self.pending if p.peer != peer]
                case Negotiate(peer=peer):
                    assert peer in self.open_peers
                    assert all(p.peer != peer for p in self.pending), "two offers of one peer in work"
                    assert not effect.publish.keys() & effect.subscribe.keys()
                    self.pending.append(effect)
                case SetSubscription(peer=peer, track=track):
                    assert track in self.forwarded[peer]
                case DropSubscription(peer=peer, track=track):
                    assert peer in self.open_peers
                    self.forwarded[peer].discard(track)
                case CloseSignal(sid=sid):
                    assert sid not in self.ended, "a connection is ended once"
                    self.ended.add(sid)
                case Announce():
                    self.check_fact(effect)
                case Send():
                    self.check_message(effect)
        self.read = len(self.stage.effects)

    def the_room_is_consistent(self) -> None:
        room = self.stage.room
        assert set(room.sessions) == self.open_peers
        assert {s.identity: s.sid for s in room.sessions.values()} == room.identities
        announced = {
            (track, s.sid) for s in room.sessions.values() for track, p in s.publications.items() if p.is_announced
        }
        assert announced == set(room.tracks.items())
        for session in room.sessions.values():
            self.check_session(session)

    def clients_see_the_room_as_it_is(self) -> None:
        """The replica law: what a client was told adds up to who is visible now."""
        room = self.stage.room
        visible = {s.identity: (s.sid, s.state) for s in room.sessions.values() if not s.permission.is_hidden}
        for session in room.sessions.values():
            if not session.is_attached:
                continue
            told = self.seen[session.sid]
            alive = {sid: state for sid, (_, state) in told.items() if state is not ParticipantState.DISCONNECTED}
            for identity, (sid, state) in visible.items():
                if identity != session.identity:
                    assert alive.get(sid) == state

    # --- helpers --------------------------------------------------------------------------------

    def check_session(self, session: Session) -> None:
        kinds = {section.mid: section.kind for section in session.sections}
        mids = [p.mid for p in session.publications.values() if p.mid is not None]
        assert len(mids) == len(set(mids)), "one section, one track"
        assert len(session.received) == len(session.received_tracks)
        assert session.applied.keys() <= session.received_tracks
        if session.permission.can_publish is False:
            assert not session.publications
        flowing = set(session.applied)
        assert flowing <= set(wanted(self.stage.room, session)), "what flows is wanted"
        if session.negotiating is None and session.has_answer:
            assert self.forwarded.get(session.sid, set()) == flowing, "the core forwards what flows, nothing else"
        is_settled = session.negotiating is None and session.reoffer_asked_at is None and session.is_attached
        if is_settled and session.has_answer:
            assert flowing == set(wanted(self.stage.room, session)), "what is wanted flows, or an offer is asked for"
        for mid, track in session.received.items():
            found = self.stage.room.publication(track)
            if found is not None and mid in kinds:
                assert kinds[mid] == ("audio" if found[1].info.kind is TrackKind.AUDIO else "video")

    def check_fact(self, effect: Announce) -> None:
        if effect.participant is None:
            return
        facts = self.announced.setdefault(effect.participant.sid, [])
        ends = {RoomFact.PARTICIPANT_LEFT, RoomFact.PARTICIPANT_CONNECTION_ABORTED}
        assert not ends & set(facts), "nothing after the end"
        if effect.fact is RoomFact.PARTICIPANT_LEFT:
            assert RoomFact.PARTICIPANT_JOINED in facts
        if effect.fact is RoomFact.PARTICIPANT_CONNECTION_ABORTED:
            assert RoomFact.PARTICIPANT_JOINED not in facts
        facts.append(effect.fact)
        published, unpublished = (
            facts.count(RoomFact.TRACK_PUBLISHED),
            facts.count(RoomFact.TRACK_UNPUBLISHED),
        )
        assert unpublished <= published
        if effect.fact in ends:
            assert unpublished == published

    def check_message(self, effect: Send) -> None:
        for sid in effect.to:
            assert sid not in self.ended or isinstance(effect.message, Leave), "nothing is said after the end"
            match effect.message:
                case Joined(others=others):
                    assert sid not in self.seen, "Join is the first message"
                    self.seen[sid] = {p.sid: (p.version, p.state) for p in others}
                case ParticipantsChanged(participants=participants):
                    for info in participants:
                        known = self.seen[sid].get(info.sid)
                        assert known is None or info.version > known[0], "clients drop what is not newer"
                        self.seen[sid][info.sid] = (info.version, info.state)
                case _:
                    pass

    def answer(self, effect: Negotiate) -> None:
        # A failed negotiation leaves everything as it was, so what is forwarded changes only here.
        self.forwarded[effect.peer] = {track for track, _ in effect.subscribe.values()}
        self.stage.step(answer_of(effect))

    def offer(self, name: str) -> None:
        session = self.stage.room.by_identity(Identity(name))
        if session is None or not session.is_attached:
            return
        sections: list[OfferSection] = list(spare_sections(self.spare_count, self.spare_count))
        for source in SOURCES_IN_ORDER:
            kind = "audio" if source is TrackSource.MICROPHONE else "video"
            mid = f"s{int(source)}"
            is_sending = source in self.sending[name]
            sections.append(sendonly(mid, kind, source.name) if is_sending else inactive(mid, kind))
        self.stage.offer(name, *sections)

    def packets_arrive(self, session: Session) -> None:
        for publication in list(session.publications.values()):
            if publication.mid is not None and not publication.info.is_muted:
                mime = "audio/opus" if publication.info.kind is TrackKind.AUDIO else "video/vp8"
                track = publication.info.sid
                self.stage.step(TrackStarted(peer=session.sid, track=track, mime_type=mime))

    def request(self, name: str, request: ClientRequest) -> None:
        session = self.stage.room.by_identity(Identity(name))
        if session is not None:
            self.stage.request(name, request)

    def command(self, event: ApiInput) -> None:
        try:
            self.stage.step(event)
        except ApiError:
            return


SOURCES_IN_ORDER = (TrackSource.CAMERA, TrackSource.MICROPHONE, TrackSource.SCREEN_SHARE)

TestRoomLaws = RoomLaws.TestCase
TestRoomLaws.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
