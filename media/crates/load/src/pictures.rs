//! Pictures in VP8 as browsers send them: payload descriptors (RFC 7741 4.2), key frames, temporal layers; and what
//! somebody who watches can tell from them.

/// The sizes of a camera in simulcast, the smallest first.
pub(crate) const LAYERS: [Layer; 3] = [
    Layer { rid: "q", packets: 1, bytes: 750, size: (320, 180) },
    Layer { rid: "h", packets: 3, bytes: 850, size: (640, 360) },
    Layer { rid: "f", packets: 8, bytes: 1_060, size: (1_280, 720) },
];
/// What is sent in one size only.
pub(crate) const ONLY_SIZE: (u16, u16) = (1_280, 720);
/// A key frame has so many times the packets of another picture.
const KEY_FRAME_WEIGHT: usize = 3;
/// Temporal layers of pictures in turn, each half of which can be left out.
const TEMPORAL: [u8; 4] = [0, 2, 1, 2];
const NUMBER_MASK: u16 = 0x7fff;

/// One size of a camera.
pub(crate) struct Layer {
    /// Its restriction id.
    pub(crate) rid: &'static str,
    /// Of a picture that is no key frame.
    packets: usize,
    /// Of a payload.
    pub(crate) bytes: usize,
    pub(crate) size: (u16, u16),
}

impl Layer {
    pub(crate) fn packets(&self, is_key: bool) -> usize {
        if is_key { self.packets * KEY_FRAME_WEIGHT } else { self.packets }
    }
}

/// The pictures of one stream.
pub(crate) struct Pictures {
    has_temporal_layers: bool,
    size: (u16, u16),
    number: u16,
    /// TL0PICIDX.
    base: u8,
    /// KEYIDX.
    keys: u8,
    since_key: usize,
    is_key: bool,
}

impl Pictures {
    pub(crate) fn new(has_temporal_layers: bool, size: (u16, u16), first_number: u16) -> Self {
        Self { has_temporal_layers, size, number: first_number, base: 0, keys: 0, since_key: 0, is_key: false }
    }

    /// Go on to the next picture.
    pub(crate) fn next(&mut self, is_key: bool) {
        self.number = (self.number + 1) & NUMBER_MASK;
        self.is_key = is_key;
        if is_key {
            self.since_key = 0;
            self.keys = (self.keys + 1) & 0x1f;
        } else {
            self.since_key += 1;
        }
        if self.temporal_layer() == 0 {
            self.base = self.base.wrapping_add(1);
        }
    }

    fn temporal_layer(&self) -> u8 {
        TEMPORAL.get(self.since_key % TEMPORAL.len()).copied().filter(|_| self.has_temporal_layers).unwrap_or(0)
    }

    /// Append what a payload of the picture begins with.
    pub(crate) fn describe(&self, is_first: bool, out: &mut Vec<u8>) {
        let temporal_layer = self.temporal_layer();
        // Nothing refers to the topmost layer.
        let is_discardable = temporal_layer == 2;
        out.push(0x80 | u8::from(is_discardable) << 5 | u8::from(is_first) << 4);
        out.push(if self.has_temporal_layers { 0xf0 } else { 0x80 });
        out.extend((self.number | !NUMBER_MASK).to_be_bytes());
        if self.has_temporal_layers {
            // Layer 1, and the first picture of layer 2 after one of layer 0, refer to layer 0 only.
            let is_sync = self.since_key % TEMPORAL.len() == 1 || temporal_layer == 1;
            out.extend([self.base, temporal_layer << 6 | u8::from(is_sync) << 5 | self.keys]);
        }
        if is_first {
            let ((width, height), is_other) = (self.size, u8::from(!self.is_key));
            out.extend([is_other, 0, 0, 0x9d, 0x01, 0x2a]);
            out.extend(width.to_le_bytes());
            out.extend(height.to_le_bytes());
        }
    }
}

/// What a payload says about its picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Description {
    pub(crate) is_first: bool,
    /// Only said by the first packet of a picture.
    pub(crate) is_key: bool,
    number: u16,
    /// TL0PICIDX, where there is one.
    base: Option<u8>,
    temporal_layer: u8,
}

impl Description {
    /// `None` for what has no number of 15 bits.
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let (&[first, flags, high, low], mut rest) = payload.split_first_chunk()?;
        if first & 0x80 == 0 || flags & 0x80 == 0 || high & 0x80 == 0 {
            return None;
        }
        let mut base = None;
        if flags & 0x40 != 0 {
            let (one, others) = rest.split_first()?;
            (base, rest) = (Some(*one), others);
        }
        let mut temporal_layer = 0;
        if flags & 0x30 != 0 {
            let (one, others) = rest.split_first()?;
            (temporal_layer, rest) = (one >> 6, others);
        }
        let is_first = first & 0x1f == 0x10;
        let is_key = is_first && rest.first()? & 1 == 0;
        Some(Self { is_first, is_key, number: u16::from_be_bytes([high, low]) & NUMBER_MASK, base, temporal_layer })
    }
}

/// How far somebody has come who watches one stream.
pub(crate) struct Watched {
    layer: u8,
    last: Description,
}

impl Watched {
    pub(crate) fn new(layer: u8, first: Description) -> Self {
        Self { layer, last: first }
    }

    /// Whether a decoder can go on with this packet: pictures follow each other without a gap in their numbers, and
    /// another layer begins with a key frame.
    pub(crate) fn follow(&mut self, layer: u8, next: Description) -> bool {
        let last = std::mem::replace(&mut self.last, next);
        let is_other_layer = std::mem::replace(&mut self.layer, layer) != layer;
        if !next.is_first {
            return !is_other_layer && (next.number, next.base) == (last.number, last.base);
        }
        let step = u8::from(next.temporal_layer == 0);
        let is_next = next.number == (last.number + 1) & NUMBER_MASK
            && next.base == last.base.map(|base| base.wrapping_add(step));
        is_next && (next.is_key || !is_other_layer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of so many pictures, the first a key frame, each of two packets.
    fn said(pictures: &mut Pictures, count: usize) -> Vec<Description> {
        let mut said = Vec::new();
        for place in 0..count {
            pictures.next(place == 0);
            for is_first in [true, false] {
                let mut payload = Vec::new();
                pictures.describe(is_first, &mut payload);
                said.push(Description::parse(&payload).expect("a description"));
            }
        }
        said
    }

    #[test]
    fn numbers_go_on_over_their_end_and_half_of_the_pictures_can_be_left_out() {
        let all = said(&mut Pictures::new(true, ONLY_SIZE, 0x7ffd), 5);
        let firsts: Vec<_> = all.iter().step_by(2).map(|one| (one.number, one.base, one.temporal_layer)).collect();
        let expected = [(0x7ffe, 1, 0), (0x7fff, 1, 2), (0, 1, 1), (1, 1, 2), (2, 2, 0)];
        assert_eq!(firsts, expected.map(|(number, base, layer)| (number, Some(base), layer)));
        let keys: Vec<_> = all.iter().map(|one| one.is_first && one.is_key).collect();
        assert_eq!(keys.iter().filter(|is_key| **is_key).count(), 1);
        assert_eq!(keys.first(), Some(&true));
    }

    #[test]
    fn who_watches_sees_a_gap_and_a_layer_that_begins_without_a_key_frame() {
        let small = said(&mut Pictures::new(true, ONLY_SIZE, 7), 8);
        let follow_all = |layers: &dyn Fn(usize) -> u8, left_out: usize| {
            let mut watched = Watched::new(layers(0), *small.first().expect("not empty"));
            let rest = small.iter().enumerate().skip(1).filter(|(place, _)| *place != left_out);
            rest.filter(|(place, next)| !watched.follow(layers(*place), **next)).count()
        };
        assert_eq!(follow_all(&|_| 1, usize::MAX), 0);
        assert_eq!(follow_all(&|_| 1, 4), 1, "the rest of a picture without its beginning");
        assert_eq!(follow_all(&|place| u8::from(place >= 6), usize::MAX), 1);
        let mut watched = Watched::new(0, *small.last().expect("not empty"));
        let mut large = Pictures::new(true, ONLY_SIZE, 15);
        // As if a server had made its numbers go on.
        large.base = 2;
        assert!(watched.follow(2, *said(&mut large, 1).first().expect("a key frame")));
    }

    #[test]
    fn what_has_only_a_number_is_read_too() {
        let all = said(&mut Pictures::new(false, ONLY_SIZE, 1), 3);
        assert!(all.iter().all(|one| one.base.is_none() && one.temporal_layer == 0));
        assert_eq!(Description::parse(&[0x10, 0, 0]), None);
    }
}
