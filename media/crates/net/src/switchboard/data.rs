//! Messages to peers, and what waits for room in a channel.

use std::sync::Arc;
use std::time::Instant;

use palaver_session::api::DataOutcome;
use palaver_session::{NegotiatedSession, SessionFactory};

use super::{PeerIx, Step, Switchboard, guarded};

/// Reliable bytes that may wait for one peer. A peer that far behind reads nothing any more.
const MAX_BACKLOG_BYTES: usize = 4 * 1024 * 1024;

impl<F: SessionFactory> Switchboard<F> {
    /// Reliable messages wait when the channel is full; others are dropped, as they would be by the network.
    pub(super) fn send_data(&mut self, now: Instant, ix: PeerIx, label: &'static str, payload: &Arc<[u8]>) {
        let Some(peer) = self.peers.get_mut(ix) else { return };
        let is_reliable = label == "_reliable";
        let outcome = if is_reliable && !peer.backlog.is_empty() {
            Step::Done(DataOutcome::Full)
        } else {
            guarded(|| peer.session.send_data(label, payload))
        };
        match outcome {
            Step::Done(DataOutcome::Sent) => self.peers.mark_dirty(ix),
            Step::Done(DataOutcome::Full)
                if is_reliable && peer.backlog_bytes.saturating_add(payload.len()) <= MAX_BACKLOG_BYTES =>
            {
                peer.backlog_bytes += payload.len();
                peer.backlog.push_back((label, Arc::clone(payload)));
            }
            Step::Done(DataOutcome::Full | DataOutcome::NoChannel) => self.totals.data_dropped += 1,
            Step::Failed(reason, text) => self.fail(now, ix, reason, &text),
        }
    }

    /// The channel has room again.
    pub(super) fn send_backlog(&mut self, now: Instant, ix: PeerIx) {
        loop {
            let Some(peer) = self.peers.get_mut(ix) else { return };
            let Some((label, payload)) = peer.backlog.front().cloned() else { return };
            match guarded(|| peer.session.send_data(label, &payload)) {
                Step::Done(DataOutcome::Full) => return,
                Step::Done(outcome) => {
                    peer.backlog.pop_front();
                    peer.backlog_bytes = peer.backlog_bytes.saturating_sub(payload.len());
                    if outcome == DataOutcome::NoChannel {
                        self.totals.data_dropped += 1;
                    }
                    self.peers.mark_dirty(ix);
                }
                Step::Failed(reason, text) => return self.fail(now, ix, reason, &text),
            }
        }
    }
}
