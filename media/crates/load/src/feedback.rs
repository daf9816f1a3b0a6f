//! What a receiver says about what it got: receiver reports (RFC 3550) and transport-wide feedback
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01); and what a sender says.

/// A stream that arrives.
pub(crate) struct Stream {
    pub(crate) ssrc: u32,
    /// The highest extended sequence number.
    pub(crate) highest: u32,
    /// The first number that counts, and how many came since.
    counted_from: u32,
    received: u32,
}

impl Stream {
    pub(crate) fn new(ssrc: u32, first: u16) -> Self {
        Self { ssrc, highest: first.into(), counted_from: first.into(), received: 0 }
    }

    /// Begin to count.
    pub(crate) fn mark(&mut self) {
        (self.counted_from, self.received) = (self.highest + 1, 0);
    }

    /// A packet came that is whole.
    pub(crate) fn receive(&mut self, extended: u32) {
        self.highest = self.highest.max(extended);
        self.received += u32::from(extended >= self.counted_from);
    }

    /// Numbers since the mark under which nothing came.
    pub(crate) fn holes(&self) -> u32 {
        (self.highest + 1 - self.counted_from).saturating_sub(self.received)
    }

    /// The extended number nearest to the highest so far.
    pub(crate) fn extend(&self, seq: u16) -> u32 {
        let distance = seq.wrapping_sub(self.highest as u16).cast_signed();
        self.highest.saturating_add_signed(i32::from(distance))
    }
}

/// Transport-wide numbers with the time of their arrival, since the last feedback.
#[derive(Default)]
pub(crate) struct Arrivals {
    seen: Vec<(u16, u64)>,
    count: u8,
}

/// The unit of a delta.
const TICK_US: u64 = 250;
/// Ticks in the unit of the reference time, 64 ms.
const TICKS_PER_REFERENCE: u64 = 256;

impl Arrivals {
    pub(crate) fn note(&mut self, number: u16, now_us: u64) {
        self.seen.push((number, now_us));
    }

    /// Append feedback about all that was noted, and forget it.
    pub(crate) fn report(&mut self, sender: u32, media: u32, out: &mut Vec<u8>) {
        let Some(&(first, _)) = self.seen.first() else { return };
        // In order of the numbers; a path without reordering has them so.
        self.seen.sort_by_key(|(number, _)| number.wrapping_sub(first).cast_signed());
        let Some((&(base, first_us), &(last, _))) = self.seen.first().zip(self.seen.last()) else { return };
        let reference = first_us / TICK_US / TICKS_PER_REFERENCE;
        let mut symbols = Vec::with_capacity(usize::from(last.wrapping_sub(base)) + 8);
        let mut deltas = Vec::with_capacity(self.seen.len());
        let mut before = (reference * TICKS_PER_REFERENCE).cast_signed();
        for (number, at_us) in &self.seen {
            let place = usize::from(number.wrapping_sub(base));
            if place < symbols.len() {
                continue;
            }
            symbols.resize(place, 0_u16);
            let ticks = (at_us / TICK_US).cast_signed();
            let delta = ticks - before;
            before = ticks;
            if let Ok(small) = u8::try_from(delta) {
                symbols.push(1);
                deltas.push(small);
            } else {
                symbols.push(2);
                deltas.extend((delta.clamp(i64::from(i16::MIN), i64::from(i16::MAX)) as i16).to_be_bytes());
            }
        }
        let start = out.len();
        out.extend([0x8f, 205, 0, 0]);
        out.extend(sender.to_be_bytes());
        out.extend(media.to_be_bytes());
        out.extend(base.to_be_bytes());
        out.extend((symbols.len() as u16).to_be_bytes());
        out.extend(((reference as u32) << 8 | u32::from(self.count)).to_be_bytes());
        self.count = self.count.wrapping_add(1);
        for seven in symbols.chunks(7) {
            let chunk = (0..7).fold(0b11_u16, |chunk, place| chunk << 2 | seven.get(place).copied().unwrap_or(0));
            out.extend(chunk.to_be_bytes());
        }
        out.extend(deltas);
        out.resize(start + (out.len() - start).next_multiple_of(4), 0);
        close(out, start);
        self.seen.clear();
    }
}

/// Append reports that everything arrived.
pub(crate) fn receiver_reports(sender: u32, streams: &[Stream], out: &mut Vec<u8>) {
    let mut chunks = streams.chunks(31);
    let first = chunks.next().unwrap_or_default();
    for streams in std::iter::once(first).chain(chunks) {
        let start = out.len();
        out.extend([0x80 | streams.len() as u8, 201, 0, 0]);
        out.extend(sender.to_be_bytes());
        for stream in streams {
            out.extend(stream.ssrc.to_be_bytes());
            out.extend([0; 4]);
            out.extend(stream.highest.to_be_bytes());
            out.extend([0; 12]);
        }
        close(out, start);
    }
}

/// Append a sender report.
pub(crate) fn sender_report(ssrc: u32, now_us: u64, timestamp: u32, packets: u32, out: &mut Vec<u8>) {
    let start = out.len();
    let fraction = ((now_us % 1_000_000) << 32) / 1_000_000;
    out.extend([0x80, 200, 0, 0]);
    out.extend(ssrc.to_be_bytes());
    // Any wall clock will do that all publishers share.
    out.extend((3_900_000_000 + (now_us / 1_000_000) as u32).to_be_bytes());
    out.extend((fraction as u32).to_be_bytes());
    out.extend(timestamp.to_be_bytes());
    out.extend(packets.to_be_bytes());
    out.extend(packets.wrapping_mul(1_100).to_be_bytes());
    close(out, start);
}

/// Write the length of the packet that begins at `start`.
fn close(out: &mut [u8], start: usize) {
    let words = ((out.len() - start) / 4 - 1) as u16;
    for (to, from) in out.iter_mut().skip(start + 2).zip(words.to_be_bytes()) {
        *to = from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feedback_names_what_came_and_what_did_not() {
        let mut arrivals = Arrivals::default();
        arrivals.note(65_535, 64_000);
        arrivals.note(1, 64_500);
        let mut out = Vec::new();
        arrivals.report(1, 2, &mut out);
        // Base 65 535, three numbers, reference 1 x 64 ms; came after 0 ticks, lost, came 2 ticks later.
        let expected = [0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0xff, 0xff, 0, 3, 0, 0, 1, 0, 0b1101_0001, 0, 0, 2];
        assert_eq!(out, expected);
        arrivals.report(1, 2, &mut out);
        assert_eq!(out.len(), expected.len(), "nothing is told twice");
    }

    #[test]
    fn numbers_of_streams_go_on_over_their_end() {
        let stream = Stream::new(1, 65_530);
        assert_eq!(stream.extend(3), 65_539);
        assert_eq!(stream.extend(65_520), 65_520);
    }

    #[test]
    fn a_number_that_never_came_is_a_hole_until_the_next_mark() {
        let mut stream = Stream::new(1, 65_534);
        for seq in [65_534, 65_535, 1, 3, 2] {
            stream.receive(stream.extend(seq));
        }
        assert_eq!(stream.holes(), 1);
        stream.mark();
        assert_eq!(stream.holes(), 0);
        stream.receive(stream.extend(5));
        assert_eq!(stream.holes(), 1);
    }
}
