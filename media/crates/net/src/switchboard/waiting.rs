//! Packets on their way out, until the end of a turn: those of one peer are sealed together, while all that belongs to
//! the peer is in the processor's caches, and so they lie in memory as they are sent.

use std::sync::Arc;

use palaver_forward::Forward;
use palaver_session::CarriedExtensions;

use super::PeerIx;

/// What is kept between two turns: more than a large room's sound of a second never needs.
const KEPT: usize = 8 * 1_024;

/// What many of the packets share.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) payload: Arc<[u8]>,
    pub(super) extensions: CarriedExtensions,
}

/// Place of a content among those of the turn.
pub(super) type ContentIx = u32;

/// Packets with what they carry.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    contents: Vec<Content>,
    packets: Vec<(ContentIx, Forward)>,
    /// Receiver and place of each packet.
    order: Vec<u64>,
}

impl Waiting {
    /// Something that packets will carry.
    pub(super) fn share(&mut self, payload: &Arc<[u8]>, extensions: &CarriedExtensions) -> ContentIx {
        self.contents.push(Content { payload: Arc::clone(payload), extensions: extensions.clone() });
        (self.contents.len() - 1) as ContentIx
    }

    /// A packet more.
    pub(super) fn push(&mut self, content: ContentIx, forward: Forward) {
        self.order.push(u64::from(receiver(&forward)) << 32 | self.packets.len() as u64);
        self.packets.push((content, forward));
    }

    /// All packets, each receiver's own together and in the order in which they came.
    pub(super) fn sorted(&mut self) -> impl Iterator<Item = (PeerIx, &Content, &Forward)> {
        self.order.sort_unstable();
        self.order.iter().filter_map(|place| {
            let (content, forward) = self.packets.get(*place as u32 as usize)?;
            Some((receiver(forward), self.contents.get(*content as usize)?, forward))
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Forget all, and keep the memory.
    pub(super) fn clear(&mut self) {
        self.contents.clear();
        self.packets.clear();
        self.order.clear();
        self.contents.shrink_to(KEPT);
        self.packets.shrink_to(KEPT);
        self.order.shrink_to(KEPT);
    }
}

/// The high half of a target is the peer, the low half its section.
fn receiver(forward: &Forward) -> PeerIx {
    (forward.target >> 32) as PeerIx
}
