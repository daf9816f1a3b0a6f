//! What the control plane is told of the streams of each peer.

use std::sync::Arc;

/// A track on its way to a peer.
#[derive(Debug, Clone, PartialEq)]
pub struct SentStream {
    /// The track.
    pub track: Arc<str>,
    /// The layer that is sent, 0 the smallest; `None` if nothing is.
    pub layer: Option<u8>,
    /// Why this and no more: `whole`, `asked`, `bandwidth`, `cpu`, `muted`, `waiting`, `unheard`.
    pub cause: &'static str,
    /// Totals of the section and its last share of losses.
    pub totals: StreamTotals,
}

/// A track on its way from a peer, all its layers together.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceivedStream {
    /// The track.
    pub track: Arc<str>,
    /// Totals, and the largest of the layers' shares of losses.
    pub totals: StreamTotals,
}

/// What a stream came to so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct StreamTotals {
    /// Bytes of payload, with what was sent again.
    pub bytes: u64,
    /// Packets, with what was sent again.
    pub packets: u64,
    /// Packets asked for again.
    pub nacks: u64,
    /// Share lost lately, 0 to 1.
    pub loss: f32,
}

/// The streams of one peer.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerStreams {
    /// Whose.
    pub peer: Arc<str>,
    /// How its datagrams travel: `udp` or `tcp`.
    pub way: &'static str,
    /// What it is sent.
    pub sent: Vec<SentStream>,
    /// What it sends.
    pub received: Vec<ReceivedStream>,
}
