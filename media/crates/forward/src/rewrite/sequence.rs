//! Received sequence numbers to sent ones, with the packets left out on purpose closed up.
//!
//! The numbers of a source fall into *spans*: sent ones, where sent = received + shift, and dropped ones. The newest
//! spans are kept, so that a late packet is given the number that it would have had, or is known to be dropped.

/// A packet later than this cannot be placed any more: about a second of a 10 Mbit/s layer.
const WINDOW: u64 = 1_024;
/// A jump of more packets than this is a restart of the source, not loss: nobody will resend so many.
const MAX_GAP: u64 = 1_000;
/// Spans kept: two for each dropped frame, so more than a second of 60 frames thinned to 30.
const SPANS: usize = 64;

#[derive(Clone, Copy, Debug, Default)]
struct Span {
    /// First received number.
    first: u64,
    /// Sent minus received, wrapping.
    shift: u64,
    /// Sent minus received picture index, wrapping.
    picture_shift: u64,
    is_dropped: bool,
}

/// Where a packet belongs in the outgoing stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) seq: u64,
    /// Sent minus received picture index at this packet, wrapping.
    pub(super) picture_shift: u64,
    /// Is newer than every packet before it.
    pub(super) is_newest: bool,
}

#[derive(Clone, Debug)]
pub(super) struct SequenceMap {
    /// The first number that no packet has or could still get.
    next: u64,
    /// Highest received number of the current source that was sent or dropped.
    highest: u64,
    /// The span that `highest` is in.
    newest: Span,
    /// Spans before it, a ring.
    older: [Span; SPANS],
    older_at: usize,
    older_len: usize,
    /// Timestamp of the picture dropped last.
    dropped_timestamp: Option<u32>,
    is_begun: bool,
}

impl SequenceMap {
    pub(super) fn new(first: u64) -> Self {
        Self {
            next: first,
            highest: 0,
            newest: Span::default(),
            older: [Span::default(); SPANS],
            older_at: 0,
            older_len: 0,
            dropped_timestamp: None,
            is_begun: false,
        }
    }

    /// Let a source begin at `seq`; nothing of it before is known.
    pub(super) fn begin(&mut self, seq: u64, picture_shift: u64) {
        self.highest = seq.wrapping_sub(1);
        self.newest = Span { first: seq, shift: self.next.wrapping_sub(seq), picture_shift, is_dropped: false };
        self.older_len = 0;
        self.dropped_timestamp = None;
        self.is_begun = true;
    }

    /// Take a number that no received packet has. To be followed by [`Self::begin`]: the current source ends here.
    pub(super) fn insert(&mut self) -> u64 {
        let taken = self.next;
        self.next = taken.wrapping_add(1);
        self.is_begun = false;
        taken
    }

    pub(super) fn forward(&mut self, seq: u64) -> Option<Placed> {
        if !self.is_begun {
            return None;
        }
        let ahead = seq.wrapping_sub(self.highest).cast_signed();
        if ahead <= 0 {
            return self.place_late(seq);
        }
        if ahead.cast_unsigned() > MAX_GAP {
            self.begin(seq, self.newest.picture_shift);
        } else if self.newest.is_dropped {
            // What was lost in between may still come, so its numbers are kept free.
            self.open_span(self.highest.wrapping_add(1), false, self.newest.picture_shift);
        }
        let sent = seq.wrapping_add(self.newest.shift);
        self.highest = seq;
        self.next = sent.wrapping_add(1);
        Some(Placed { seq: sent, picture_shift: self.newest.picture_shift, is_newest: true })
    }

    /// Close the number of a packet. `has_picture_id` tells whether its picture takes a number of its own.
    pub(super) fn skip(&mut self, seq: u64, timestamp: u32, has_picture_id: bool) {
        let ahead = seq.wrapping_sub(self.highest).cast_signed();
        if !self.is_begun || ahead <= 0 {
            return;
        }
        let is_same_picture = self.dropped_timestamp == Some(timestamp);
        let gap = ahead.cast_unsigned() - 1;
        if ahead.cast_unsigned() > MAX_GAP {
            self.begin(seq, self.newest.picture_shift);
        } else if gap > 0 && self.newest.is_dropped && !is_same_picture {
            // Lost packets after a dropped picture and before another: theirs may be a wanted picture in between.
            self.open_span(self.highest.wrapping_add(1), false, self.newest.picture_shift);
        }
        if !self.newest.is_dropped {
            let lost_before = seq.wrapping_sub(self.highest).wrapping_sub(1);
            self.next = self.next.wrapping_add(lost_before);
            self.open_span(seq, true, self.newest.picture_shift);
        }
        if !is_same_picture {
            self.dropped_timestamp = Some(timestamp);
            if has_picture_id {
                self.newest.picture_shift = self.newest.picture_shift.wrapping_sub(1);
            }
        }
        self.highest = seq;
    }

    fn open_span(&mut self, first: u64, is_dropped: bool, picture_shift: u64) {
        if let Some(slot) = self.older.get_mut(self.older_at) {
            *slot = self.newest;
        }
        self.older_at = (self.older_at + 1) % SPANS;
        self.older_len = (self.older_len + 1).min(SPANS);
        self.newest = Span { first, shift: self.next.wrapping_sub(first), picture_shift, is_dropped };
    }

    fn place_late(&self, seq: u64) -> Option<Placed> {
        if self.highest.wrapping_sub(seq) >= WINDOW {
            return None;
        }
        let older = (1..=self.older_len).filter_map(|back| self.older.get((self.older_at + SPANS - back) % SPANS));
        let span =
            std::iter::once(&self.newest).chain(older).find(|span| seq.wrapping_sub(span.first).cast_signed() >= 0)?;
        (!span.is_dropped).then(|| Placed {
            seq: seq.wrapping_add(span.shift),
            picture_shift: span.picture_shift,
            is_newest: false,
        })
    }
}
