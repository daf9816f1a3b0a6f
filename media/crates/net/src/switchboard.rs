//! All peers and rooms of one worker, sans-IO: datagrams and commands in, datagrams and events out.
//!
//! Drive it so: any number of [`Switchboard::receive`] and [`Switchboard::command`], then one [`Switchboard::flush`],
//! then take what is in [`Switchboard::outbox`]; again no later than [`Switchboard::next_deadline`]. Packets
//! that are forwarded wait for the flush, so that those of one peer are sealed together.
//!
//! Every call into a peer's session is guarded: a panic costs that peer only.

mod accept;
mod data;
mod demux;
mod exercise;
mod media;
mod mutes;
mod offer;
mod opening;
mod outbox;
mod pace;
mod peer;
mod room;
mod route;
mod streams;
mod waiting;

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use palaver_forward::{LayerIx, Micros, TrackKey};
use palaver_session::{Endpoint, NegotiatedSession, Output, Path, SessionError, SessionFactory};

use self::demux::{Demux, Learned, MAX_OWNERS};
#[doc(hidden)]
pub use self::exercise::exercise;
use self::mutes::Mutes;
pub use self::outbox::{Datagram, Outbox, PendingText, Sealed};
use self::peer::{Peer, PeerTable, Phase};
use self::room::Room;
use self::waiting::Waiting;
use crate::command::Command;
use crate::event::{CloseReason, Event, LogLevel, PeerFigures};

/// How long a peer may take from its first offer to the end of the handshake.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a lost peer may take to come back. A LiveKit client gives up its resume after about this long.
pub const LOST_TIMEOUT: Duration = Duration::from_secs(30);
/// Figures are collected this often.
const STATS_INTERVAL: Duration = Duration::from_secs(1);

/// Totals since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Datagrams received.
    pub datagrams_in: u64,
    /// Datagrams of no known peer.
    pub unknown_source: u64,
    /// Connectivity checks that name no known user fragment.
    pub unknown_ufrag: u64,
    /// Checks whose integrity was not proved (no answer of the session came of them).
    pub unverified_checks: u64,
    /// Verified checks from an address that another peer proved lately, and checks from too many addresses.
    pub address_conflicts: u64,
    /// Panics caught in a peer's step.
    pub panics: u64,
    /// RTP packets of sections without a publication, or of unknown layers.
    pub unrouted_packets: u64,
    /// Packets that a subscriber could not take (codec, section).
    pub unsendable_packets: u64,
    /// Messages dropped because a channel was full or not open.
    pub data_dropped: u64,
    /// Datagrams of peers that said more on their channels than they may.
    pub data_refused: u64,
    /// Candidates that could not be read.
    pub bad_candidates: u64,
}

/// All peers and rooms of one worker.
pub struct Switchboard<F: SessionFactory> {
    factory: F,
    candidates: Vec<Endpoint>,
    epoch: Instant,
    peers: PeerTable<F::Session>,
    by_name: HashMap<Arc<str>, PeerIx>,
    rooms: BTreeMap<Arc<str>, Room>,
    tracks: HashMap<Arc<str>, (Arc<str>, TrackKey)>,
    mutes: Mutes,
    demux: Demux,
    next_stats: Instant,
    figures: BTreeMap<PeerIx, PeerFigures>,
    /// Counts the seconds for what is told in turn.
    stream_round: u64,
    /// The largest layer that there is time for.
    ceiling: LayerIx,
    /// What was forwarded in this turn.
    waiting: Waiting,
    totals: Counters,
    /// Of the routers of rooms that have ended.
    ended: palaver_forward::Counters,
    /// To be carried out by the caller after each flush.
    pub outbox: Outbox,
}

/// Position of a peer in the table.
pub type PeerIx = u32;

/// What a guarded step came to.
enum Step<T> {
    Done(T),
    Failed(CloseReason, String),
}

fn guarded<T>(step: impl FnOnce() -> Result<T, SessionError>) -> Step<T> {
    // The session is thrown away after a panic, so that a half-made change in it is never seen.
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(Ok(value)) => Step::Done(value),
        Ok(Err(SessionError::Dtls(text))) => Step::Failed(CloseReason::DtlsFailed, text),
        Ok(Err(error)) => Step::Failed(CloseReason::Panic, error.to_string()),
        Err(panic) => Step::Failed(CloseReason::Panic, panic_text(panic.as_ref())),
    }
}

fn add(sum: &mut palaver_forward::Counters, counters: &palaver_forward::Counters) {
    sum.packets_in += counters.packets_in;
    sum.packets_out += counters.packets_out;
    sum.muted += counters.muted;
    sum.duplicates += counters.duplicates;
    sum.malformed += counters.malformed;
    sum.unknown += counters.unknown;
    sum.keyframe_requests += counters.keyframe_requests;
    sum.layer_switches += counters.layer_switches;
    sum.recovered += counters.recovered;
    sum.unheard += counters.unheard;
}

/// The message of a caught panic.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|t| (*t).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panic".to_owned())
}

impl<F: SessionFactory> Switchboard<F> {
    /// Nobody in it. `candidates` are announced to every peer.
    pub fn new(factory: F, candidates: Vec<Endpoint>, now: Instant) -> Self {
        Self {
            factory,
            candidates,
            epoch: now,
            peers: PeerTable::new(now),
            by_name: HashMap::new(),
            rooms: BTreeMap::new(),
            tracks: HashMap::new(),
            mutes: Mutes::default(),
            demux: Demux::default(),
            next_stats: now + STATS_INTERVAL,
            figures: BTreeMap::new(),
            stream_round: 0,
            ceiling: LayerIx::HIGHEST,
            waiting: Waiting::default(),
            totals: Counters::default(),
            ended: palaver_forward::Counters::default(),
            outbox: Outbox::default(),
        }
    }

    /// Do what the control plane asks.
    #[allow(clippy::missing_panics_doc, clippy::panic, reason = "only the tests' command panics")]
    pub fn command(&mut self, now: Instant, command: Command) {
        match command {
            Command::OpenPeer { room, peer } => self.open_peer(now, &room, &peer),
            Command::Introduce { room, peer, owner, voices } => self.introduce(&room, &peer, owner, voices),
            Command::SetVoices { room, voices } => self.set_voices(&room, voices),
            Command::ClosePeer { peer } => {
                if let Some(&ix) = self.by_name.get(&peer) {
                    self.say_goodbye(ix);
                    self.remove_peer(now, ix, CloseReason::Requested);
                }
            }
            Command::Accept(accept) => self.accept(now, *accept),
            Command::Offer { peer, offer_id, plan } => self.offer(now, peer, offer_id, &plan),
            Command::TakeAnswer { peer, offer_id, answer } => self.take_answer(now, peer, offer_id, *answer),
            Command::SetSubscription { peer, track, wish } => self.set_subscription(now, &peer, &track, wish),
            Command::DropSubscription { peer, track } => self.drop_subscription(now, &peer, &track),
            Command::SetPlayoutDelay { peer, delay } => self.set_playout_delay(&peer, delay),
            Command::SetMayPause { peer, may_pause } => self.set_may_pause(now, &peer, may_pause),
            Command::OpenTracks { peer } => self.open_tracks(&peer),
            Command::LimitLine { peer, bps } => self.limit_line(now, &peer, bps),
            Command::SetTrackMuted { track, is_muted } => self.set_track_muted(now, track, is_muted),
            Command::SendData { peers, label, payload } => {
                for name in peers {
                    if let Some(&ix) = self.by_name.get(&name) {
                        self.send_data(now, ix, label, &payload);
                    }
                }
            }
            Command::AddCandidate { peer, candidate } => {
                let Some(&ix) = self.by_name.get(&peer) else { return };
                let Some(entry) = self.peers.get_mut(ix) else { return };
                match guarded(|| Ok(entry.session.add_candidate(&candidate))) {
                    Step::Done(true) => self.peers.mark_dirty(ix),
                    Step::Done(false) => self.totals.bad_candidates += 1,
                    Step::Failed(reason, text) => self.fail(now, ix, reason, &text),
                }
            }
            Command::FailWorker => panic!("told to fail"),
        }
    }

    /// A datagram from the network.
    pub fn receive(&mut self, now: Instant, path: Path, datagram: &[u8]) {
        self.totals.datagrams_in += 1;
        let Some(check) = demux::binding_request(datagram) else {
            // Nearly always one owner.
            for position in 0..MAX_OWNERS {
                match self.demux.owner(path.origin(), position) {
                    Some(ix) => self.hand_over(now, ix, path, datagram),
                    None if position == 0 => self.totals.unknown_source += 1,
                    None => break,
                }
            }
            return;
        };
        let Some(ix) = self.demux.by_ufrag(check.local_ufrag) else {
            self.totals.unknown_ufrag += 1;
            return;
        };
        if !self.demux.may_prove(path.origin(), ix, now) {
            self.totals.address_conflicts += 1;
            return;
        }
        let before = self.outbox.datagrams.len();
        self.hand_over(now, ix, path, datagram);
        // The session answers a check only after it proved its integrity; nothing else teaches us an address.
        let answers = self.outbox.datagrams.get(before..).unwrap_or_default();
        if answers.iter().any(|d| d.path.origin() == path.origin() && check.is_answered_by(&d.bytes)) {
            let learned = self.demux.learn(path.origin(), ix, now);
            if let Some(peer) = self.peers.get_mut(ix) {
                peer.heard_at = now;
                if learned != Learned::Refused {
                    peer.route.follow(path, &check, now);
                }
            }
            if matches!(learned, Learned::Shared | Learned::Refused) {
                self.totals.address_conflicts += 1;
            }
        } else {
            self.totals.unverified_checks += 1;
        }
    }

    fn hand_over(&mut self, now: Instant, ix: PeerIx, path: Path, datagram: &[u8]) {
        let Some(peer) = self.peers.get_mut(ix) else { return };
        if peer.pace.refuses(now, datagram) {
            self.totals.data_refused += 1;
            return;
        }
        peer.streams.way = Some(path.protocol);
        match guarded(|| peer.session.receive(now, path, datagram)) {
            Step::Done(()) => self.drain(now, ix),
            Step::Failed(reason, text) => self.fail(now, ix, reason, &text),
        }
    }

    /// Let packets go, let time pass, collect.
    pub fn flush(&mut self, now: Instant) {
        let expired = self.peers.mark_due(now);
        self.seal(now);
        // A drained session can write to another one, so this ends when nobody is dirty; a bound keeps a defect finite.
        for _ in 0..16 {
            self.poll_rooms(now);
            let dirty = self.peers.take_dirty();
            if dirty.is_empty() {
                break;
            }
            for ix in dirty {
                self.step(now, ix);
            }
        }
        self.seal(now);
        for ix in expired {
            self.expire(now, ix);
        }
        if now >= self.next_stats {
            self.next_stats = now + STATS_INTERVAL;
            self.emit_stats();
            self.emit_streams();
        }
    }

    /// Call [`Switchboard::flush`] again at this moment at the latest.
    pub fn next_deadline(&mut self) -> Instant {
        let rooms = self.rooms.values().filter_map(|room| room.deadline).min();
        let rooms = rooms.map_or(self.next_stats, |at| self.instant(at));
        let peers = self.peers.next_deadline().unwrap_or(self.next_stats);
        self.next_stats.min(rooms).min(peers)
    }

    /// Say goodbye to everybody.
    pub fn close(&mut self, now: Instant) {
        for ix in self.peers.indices() {
            self.say_goodbye(ix);
            self.remove_peer(now, ix, CloseReason::Requested);
        }
    }

    /// Totals since the start.
    pub fn counters(&self) -> Counters {
        self.totals
    }

    /// Totals of all rooms' routers, by the name of the counter.
    pub fn router_counters(&self) -> palaver_forward::Counters {
        let mut sum = self.ended;
        for room in self.rooms.values() {
            add(&mut sum, &room.router.counters());
        }
        sum
    }

    /// Count on from where another one ended.
    pub(crate) fn count_on(&mut self, totals: Counters, routers: palaver_forward::Counters) {
        (self.totals, self.ended) = (totals, routers);
    }

    /// How many peers there are.
    pub fn peer_count(&self) -> usize {
        self.by_name.len()
    }

    /// Names of the rooms.
    pub fn room_names(&self) -> Vec<Arc<str>> {
        self.rooms.keys().cloned().collect()
    }

    fn open_peer(&mut self, now: Instant, room: &Arc<str>, name: &Arc<str>) {
        if self.by_name.contains_key(name) {
            return self.log(LogLevel::Warning, format!("peer {name} is open already"));
        }
        let made = guarded(|| Ok(self.factory.make(now, &self.candidates)));
        let session = match made {
            Step::Done(session) => session,
            Step::Failed(_, text) => {
                self.totals.panics += 1;
                self.log(LogLevel::Error, format!("peer {name} could not be made: {text}"));
                return self.outbox.events.push(Event::Closed(name.clone(), CloseReason::Panic));
            }
        };
        let at = self.epoch_micros(now);
        let entry = self.rooms.entry(room.clone()).or_default();
        entry.router.set_ceiling(self.ceiling, at);
        let publisher = entry.router.add_publisher(at);
        let ix = self.peers.insert(Peer::new(name.clone(), room.clone(), session, publisher, now));
        if let (Some(entry), Some(peer)) = (self.rooms.get_mut(room), self.peers.get_mut(ix)) {
            peer.subscriber = Some(entry.admit(ix));
        }
        self.by_name.insert(name.clone(), ix);
    }

    /// Advance a session and drain it.
    fn step(&mut self, now: Instant, ix: PeerIx) {
        let Some(peer) = self.peers.get_mut(ix) else { return };
        match guarded(|| peer.session.advance(now)) {
            Step::Done(()) => self.drain(now, ix),
            Step::Failed(reason, text) => self.fail(now, ix, reason, &text),
        }
    }

    /// Drain a session to idle; events are handled as they come.
    fn drain(&mut self, now: Instant, ix: PeerIx) {
        loop {
            let Some(peer) = self.peers.get_mut(ix) else { return };
            match guarded(|| peer.session.poll()) {
                Step::Done(Output::Transmit { path, bytes }) => {
                    let path = peer.route.of(path, &bytes);
                    self.outbox.datagrams.push(Datagram { path, bytes });
                }
                Step::Done(Output::Event(event)) => self.on_event(now, ix, event),
                Step::Done(Output::Idle(deadline)) => return self.peers.set_deadline(now, ix, deadline),
                Step::Failed(reason, text) => return self.fail(now, ix, reason, &text),
            }
        }
    }

    fn say_goodbye(&mut self, ix: PeerIx) {
        let Some(peer) = self.peers.get_mut(ix) else { return };
        if let Step::Failed(..) = guarded(|| {
            peer.session.close();
            Ok(())
        }) {
            return;
        }
        while let Some(peer) = self.peers.get_mut(ix) {
            match guarded(|| peer.session.poll()) {
                Step::Done(Output::Transmit { path, bytes }) => {
                    let path = peer.route.of(path, &bytes);
                    self.outbox.datagrams.push(Datagram { path, bytes });
                }
                Step::Done(Output::Event(_)) => {}
                Step::Done(Output::Idle(_)) | Step::Failed(..) => return,
            }
        }
    }

    /// A step failed: the peer goes, everybody else stays.
    fn fail(&mut self, now: Instant, ix: PeerIx, reason: CloseReason, text: &str) {
        if reason == CloseReason::Panic {
            self.totals.panics += 1;
        }
        if let Some(peer) = self.peers.get(ix) {
            let line = format!("peer {} closed ({}): {text}", peer.name, reason.as_str());
            self.log(if reason == CloseReason::Panic { LogLevel::Error } else { LogLevel::Warning }, line);
        }
        self.remove_peer(now, ix, reason);
    }

    fn remove_peer(&mut self, now: Instant, ix: PeerIx, reason: CloseReason) {
        let Some(peer) = self.peers.remove(ix) else { return };
        self.by_name.remove(&peer.name);
        self.figures.remove(&ix);
        self.demux.forget_peer(ix);
        let at = self.epoch_micros(now);
        if let Some(room) = self.rooms.get_mut(&peer.room) {
            for section in &peer.sections {
                room.router.remove_section(section.key, at);
            }
            for publication in peer.publications.values() {
                room.router.remove_track(publication.key, at);
                room.forget_track(publication.key, &peer.name);
                self.tracks.remove(&publication.track);
                self.mutes.forget(&publication.track);
            }
            room.router.remove_publisher(peer.publisher, at);
            room.dismiss(ix, peer.subscriber, at);
            room.is_touched = true;
            if room.peers.is_empty() {
                add(&mut self.ended, &room.router.counters());
                self.rooms.remove(&peer.room);
            }
        }
        let Peer { name, session, .. } = peer;
        if let Step::Failed(_, text) = guarded(|| {
            drop(session);
            Ok(())
        }) {
            self.totals.panics += 1;
            self.log(LogLevel::Error, format!("peer {name} could not be dropped: {text}"));
        }
        self.outbox.events.push(Event::Closed(name, reason));
    }

    /// Unless it came up in this very flush.
    fn expire(&mut self, now: Instant, ix: PeerIx) {
        let Some(peer) = self.peers.get(ix).filter(|peer| peer.is_expired(now)) else { return };
        let reason = match peer.phase {
            Phase::Connecting { .. } if self.demux.has_address(ix) => CloseReason::DtlsFailed,
            _ => CloseReason::IceTimeout,
        };
        self.say_goodbye(ix);
        self.remove_peer(now, ix, reason);
    }

    fn emit_stats(&mut self) {
        let lines: Vec<_> = std::mem::take(&mut self.figures)
            .into_iter()
            .filter_map(|(ix, figures)| Some((self.peers.get(ix)?.name.clone(), figures)))
            .collect();
        if !lines.is_empty() {
            self.outbox.events.push(Event::Stats(lines));
        }
    }

    fn log(&mut self, level: LogLevel, text: String) {
        self.outbox.events.push(Event::Log(level, text));
    }

    fn epoch_micros(&self, now: Instant) -> Micros {
        Micros(now.saturating_duration_since(self.epoch).as_micros() as u64)
    }

    fn instant(&self, at: Micros) -> Instant {
        self.epoch.checked_add(Duration::from_micros(at.0)).unwrap_or(self.next_stats)
    }
}
