//! What each peer is sent and sends, for the control plane: at once when it changes, else now and then.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use palaver_forward::{Cause, LayerIx, Router};
use palaver_session::{Mid, Protocol, Rid, SessionFactory, StreamStats};

use super::peer::{Peer, Section};
use super::{PeerIx, Switchboard};
use crate::event::Event;
use crate::figures::{PeerStreams, ReceivedStream, SentStream, StreamTotals};

/// Without a change each peer is told of in every so many seconds: in a large meeting the figures of all streams are
/// more than anybody reads.
const ROUNDS: u64 = 5;

/// What is kept of a peer's streams.
#[derive(Debug, Default)]
pub(super) struct Streams {
    /// The way of the last datagram.
    pub(super) way: Option<Protocol>,
    /// The last figures of each stream.
    stats: BTreeMap<(Mid, Option<Rid>), StreamStats>,
    /// Of what was told last: tracks, layers, causes and the way.
    told: Option<u64>,
}

impl Streams {
    /// Of a section that only receives or only sends; `is_known` keeps strangers out.
    pub(super) fn on_stats(&mut self, stats: StreamStats, is_known: bool) {
        if is_known {
            self.stats.insert((stats.mid, stats.rid), stats);
        }
    }

    fn totals(&self, mid: Mid) -> StreamTotals {
        let streams = self.stats.iter().filter(|((of, _), _)| *of == mid).map(|(_, stats)| stats);
        streams.fold(StreamTotals::default(), |sum, stats| StreamTotals {
            bytes: sum.bytes.saturating_add(stats.bytes),
            packets: sum.packets.saturating_add(stats.packets),
            nacks: sum.nacks.saturating_add(stats.nacks),
            loss: sum.loss.max(stats.loss.unwrap_or(0.0)),
        })
    }
}

impl<F: SessionFactory> Switchboard<F> {
    pub(super) fn on_stream_stats(&mut self, ix: PeerIx, stats: StreamStats) {
        let Some(peer) = self.peers.get_mut(ix) else { return };
        let is_shown = || peer.sections.iter().any(|section| section.mid == stats.mid);
        let is_known = if stats.is_ours { is_shown() } else { peer.publications.contains_key(&stats.mid) };
        peer.streams.on_stats(stats, is_known);
    }

    /// Once a second.
    pub(super) fn emit_streams(&mut self) {
        self.stream_round = self.stream_round.wrapping_add(1);
        let mut lines = Vec::new();
        for ix in self.peers.indices() {
            let Some(peer) = self.peers.get_mut(ix).filter(|peer| peer.is_up()) else { continue };
            let Some(room) = self.rooms.get(&peer.room) else { continue };
            let state = state(peer, &room.router);
            let is_turn = (self.stream_round.wrapping_add(u64::from(ix))).is_multiple_of(ROUNDS);
            if peer.streams.told == Some(state) && !is_turn {
                continue;
            }
            peer.streams.told = Some(state);
            let line = line(peer, &room.router);
            if !(line.sent.is_empty() && line.received.is_empty()) {
                lines.push(line);
            }
        }
        if !lines.is_empty() {
            self.outbox.events.push(Event::Streams(lines));
        }
    }
}

/// A number for what is worth telling at once.
fn state<S>(peer: &Peer<S>, router: &Router) -> u64 {
    let mut hasher = DefaultHasher::new();
    peer.streams.way.hash(&mut hasher);
    for section in &peer.sections {
        (section.track.as_ref(), shown(section, router)).hash(&mut hasher);
    }
    for publication in peer.publications.values() {
        publication.track.hash(&mut hasher);
    }
    hasher.finish()
}

fn line<S>(peer: &Peer<S>, router: &Router) -> PeerStreams {
    let sent = |section: &Section| {
        let (layer, cause) = shown(section, router);
        Some(SentStream { track: section.track.clone()?, layer, cause, totals: peer.streams.totals(section.mid) })
    };
    let received = peer.publications.iter().map(|(mid, publication)| ReceivedStream {
        track: Arc::clone(&publication.track),
        totals: peer.streams.totals(*mid),
    });
    PeerStreams {
        peer: Arc::clone(&peer.name),
        way: if peer.streams.way == Some(Protocol::Tcp) { "tcp" } else { "udp" },
        sent: peer.sections.iter().filter_map(sent).collect(),
        received: received.collect(),
    }
}

/// A track that was not published yet is waited for.
fn shown(section: &Section, router: &Router) -> (Option<u8>, &'static str) {
    let Some(shown) = router.shown(section.key) else { return (None, "waiting") };
    let cause = match shown.cause {
        Cause::Whole => "whole",
        Cause::Asked => "asked",
        Cause::Bandwidth => "bandwidth",
        Cause::Busy => "cpu",
        Cause::Muted => "muted",
        Cause::Waiting => "waiting",
        Cause::Unheard => "unheard",
    };
    (shown.layer.map(|layer: LayerIx| layer.index() as u8), cause)
}
