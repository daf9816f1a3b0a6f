//! Parameter sets that came once, for those who come later.
//!
//! Browsers send those of H.264 with each key frame; other encoders send them with the first only. Whoever begins at a
//! later key frame is given them before it.

use std::sync::Arc;

use super::api::RtpMeta;
use crate::codec::{Codec, FrameInfo, h264};

/// Longer ones are nobody's: a set has some tens of octets, and a packet must hold both.
const MAX_SET_BYTES: usize = 512;
/// After so many key frames in a row without sets, none were lost: they do not come any more.
const BARE: u8 = 2;

/// Those of one layer.
#[derive(Clone, Debug, Default)]
pub(super) struct ParameterSets {
    sequence: Vec<u8>,
    picture: Vec<u8>,
    /// Both, as they are sent.
    payload: Option<Arc<[u8]>>,
    /// The picture that the newest sets came with.
    timestamp: Option<u32>,
    /// Key frames in a row that came without.
    bare: u8,
}

impl ParameterSets {
    /// Look at a packet. Answers whether a key frame begins with it to which these sets have to be added.
    pub(super) fn inspect(&mut self, meta: &RtpMeta, frame: &FrameInfo, payload: &[u8], is_newest: bool) -> bool {
        if !matches!(meta.codec, Codec::H264 | Codec::H264High) {
            return false;
        }
        let mut is_new = false;
        for set in h264::parameter_sets(payload) {
            let (known, set) = match set {
                h264::ParameterSet::Sequence(set) => (&mut self.sequence, set),
                h264::ParameterSet::Picture(set) => (&mut self.picture, set),
            };
            self.timestamp = Some(meta.timestamp);
            if set.len() <= MAX_SET_BYTES && known[..] != *set {
                set.clone_into(known);
                is_new = true;
            }
        }
        if is_new && !self.sequence.is_empty() && !self.picture.is_empty() {
            self.payload = Some(h264::aggregate(&self.sequence, &self.picture).into());
        }
        if !is_newest || !frame.is_keyframe || !frame.is_frame_start {
            return false;
        }
        if frame.has_parameter_sets || self.timestamp == Some(meta.timestamp) {
            self.bare = 0;
            return false;
        }
        self.bare = self.bare.saturating_add(1);
        self.bare >= BARE && self.payload.is_some()
    }

    /// Both in one payload, if both are known.
    pub(super) fn payload(&self) -> Option<&Arc<[u8]>> {
        self.payload.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::ParameterSets;
    use crate::codec::Codec;
    use crate::router::api::RtpMeta;

    const SPS: &[u8] = &[0x67, 0x42, 0xc0];
    const PPS: &[u8] = &[0x68, 0xce];
    const IDR: &[u8] = &[0x65, 0xb8, 0];

    fn inspect(sets: &mut ParameterSets, codec: Codec, timestamp: u32, payload: &[u8]) -> bool {
        let meta = RtpMeta { codec, seq: 1, timestamp, marker: false, level: None };
        let frame = codec.parse(payload).expect("well formed");
        sets.inspect(&meta, &frame, payload, true)
    }

    #[test]
    fn they_are_added_once_it_is_clear_that_they_do_not_come() {
        let mut sets = ParameterSets::default();
        for payload in [SPS, PPS, IDR] {
            assert!(!inspect(&mut sets, Codec::H264, 0, payload));
        }
        assert!(!inspect(&mut sets, Codec::H264, 3_000, IDR), "they may be lost");
        assert!(inspect(&mut sets, Codec::H264, 6_000, IDR));
        assert!(!inspect(&mut sets, Codec::H264, 9_000, SPS));
        assert!(!inspect(&mut sets, Codec::H264, 9_000, IDR), "they came");
        assert!(!inspect(&mut sets, Codec::H264, 12_000, IDR));
    }

    #[test]
    fn the_newest_are_kept_and_half_of_them_is_nothing() {
        let mut sets = ParameterSets::default();
        inspect(&mut sets, Codec::H264High, 0, SPS);
        assert!(sets.payload().is_none());
        inspect(&mut sets, Codec::H264High, 0, PPS);
        let first = sets.payload().cloned().expect("both");
        inspect(&mut sets, Codec::H264High, 3_000, SPS);
        assert!(sets.payload().is_some_and(|same| std::sync::Arc::ptr_eq(same, &first)), "the same again");
        inspect(&mut sets, Codec::H264High, 6_000, &[0x67, 0x64, 0, 0x1f]);
        assert!(sets.payload().is_some_and(|payload| **payload != *first));
        let huge = [&[0x67][..], &[0; 600]].concat();
        inspect(&mut sets, Codec::H264High, 9_000, &huge);
        assert!(sets.payload().is_some_and(|payload| payload.len() < 100));
    }
}
