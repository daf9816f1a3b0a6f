//! H.264 payloads (RFC 6184): single NAL units, STAP-A and FU-A, the three of packetization modes 0 and 1.

use super::{FrameInfo, PictureNumbers};

const NAL_TYPE_MASK: u8 = 0x1f;
const NAL_IMPORTANCE_MASK: u8 = 0x60;
const NAL_PARTITION_A: u8 = 2;
const NAL_SLICE: u8 = 1;
const NAL_IDR: u8 = 5;
const NAL_SEI: u8 = 6;
const NAL_SPS: u8 = 7;
const NAL_PPS: u8 = 8;
const NAL_AUD: u8 = 9;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;
const FU_START: u8 = 0x80;

/// What a packet's NAL units say together.
#[derive(Default)]
struct Seen {
    is_idr: bool,
    has_sps: bool,
    is_frame_start: bool,
}

impl Seen {
    /// `body` is what follows the NAL header; `is_first` tells whether it begins there, not in a fragment's middle.
    fn nal(&mut self, kind: u8, body: &[u8], is_first: bool) -> Option<()> {
        match kind {
            NAL_SLICE | NAL_PARTITION_A | NAL_IDR => {
                self.is_idr |= kind == NAL_IDR;
                // first_mb_in_slice is an exponential-Golomb number: zero is a single set bit.
                let first = *body.first()?;
                self.is_frame_start |= is_first && first & 0x80 != 0;
            }
            NAL_SEI..=NAL_AUD => {
                self.has_sps |= kind == NAL_SPS;
                self.is_frame_start |= is_first;
            }
            _ => {}
        }
        Some(())
    }
}

/// A parameter set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterSet<'a> {
    /// Of the sequence: the whole unit, with its header.
    Sequence(&'a [u8]),
    /// Of the picture.
    Picture(&'a [u8]),
}

/// The parameter sets of a payload, alone or in an aggregate; of a malformed one, those before the fault.
pub fn parameter_sets(payload: &[u8]) -> impl Iterator<Item = ParameterSet<'_>> {
    let is_aggregate = payload.first().is_some_and(|header| header & NAL_TYPE_MASK == STAP_A);
    let mut rest = if is_aggregate { payload.get(1..).unwrap_or_default() } else { &[] };
    let alone = (!is_aggregate).then_some(payload);
    let aggregated = std::iter::from_fn(move || {
        let (size, after) = rest.split_first_chunk::<2>()?;
        let (nal, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*size)))?;
        rest = after;
        Some(nal)
    });
    alone.into_iter().chain(aggregated).filter_map(|nal| match nal.first()? & NAL_TYPE_MASK {
        NAL_SPS => Some(ParameterSet::Sequence(nal)),
        NAL_PPS => Some(ParameterSet::Picture(nal)),
        _ => None,
    })
}

/// The payload that carries both: an aggregate (section 5.7.1).
#[must_use]
pub fn aggregate(sequence: &[u8], picture: &[u8]) -> Vec<u8> {
    // What uses it is as important as its most important unit.
    let importance = [sequence, picture].into_iter().filter_map(|nal| Some(nal.first()? & NAL_IMPORTANCE_MASK)).max();
    let mut payload = vec![importance.unwrap_or_default() | STAP_A];
    for nal in [sequence, picture] {
        payload.extend_from_slice(&(nal.len() as u16).to_be_bytes());
        payload.extend_from_slice(nal);
    }
    payload
}

/// `None` if truncated, or of a type that the negotiated modes do not use.
#[must_use]
pub fn parse(payload: &[u8]) -> Option<FrameInfo> {
    let (&header, body) = payload.split_first()?;
    let mut seen = Seen::default();
    match header & NAL_TYPE_MASK {
        kind @ 1..=23 => seen.nal(kind, body, true)?,
        STAP_A => {
            let mut rest = body;
            if rest.is_empty() {
                return None;
            }
            while !rest.is_empty() {
                let (size, after) = rest.split_first_chunk::<2>()?;
                let (nal, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*size)))?;
                let (&header, body) = nal.split_first()?;
                seen.nal(header & NAL_TYPE_MASK, body, true)?;
                rest = after;
            }
        }
        FU_A => {
            let (&fu, body) = body.split_first()?;
            if body.is_empty() {
                return None;
            }
            seen.nal(fu & NAL_TYPE_MASK, body, fu & FU_START != 0)?;
        }
        _ => return None,
    }
    Some(FrameInfo {
        is_keyframe: seen.is_idr || seen.has_sps,
        is_frame_start: seen.is_frame_start,
        has_parameter_sets: seen.has_sps,
        temporal_id: 0,
        is_switch_up_point: true,
        picture: PictureNumbers::NONE,
    })
}

#[cfg(test)]
mod tests {
    use super::{ParameterSet, aggregate, parameter_sets, parse};
    use proptest::prelude::*;

    /// SPS, PPS and an IDR slice in one payload, as a browser sent it.
    const STAP_A: &[u8] = include_bytes!("captures/h264_stap_a.bin");

    #[test]
    fn a_browsers_aggregate_is_a_key_frame() {
        let info = parse(STAP_A).expect("well formed");
        assert!(info.is_keyframe && info.is_frame_start && info.has_parameter_sets);
        // Cut inside a unit or a length it is refused; cut between units it is a smaller aggregate.
        for length in [0, 1, 2, 3, 10, STAP_A.len() - 1] {
            assert_eq!(parse(STAP_A.get(..length).unwrap_or_default()), None, "{length} octets");
        }
        let parameter_sets = parse(STAP_A.get(..19).unwrap_or_default()).expect("SPS alone");
        assert!(parameter_sets.is_keyframe && parameter_sets.has_parameter_sets);
    }

    #[test]
    fn single_units_are_told_apart() {
        let sps = parse(&[0x67, 0x42, 0xc0, 0x1e]).expect("SPS");
        assert!(sps.is_keyframe && sps.is_frame_start && sps.has_parameter_sets);
        let pps = parse(&[0x68, 0xce, 0x3c, 0x80]).expect("PPS");
        assert!(!pps.is_keyframe && pps.is_frame_start && !pps.has_parameter_sets);
        let idr = parse(&[0x65, 0xb8, 0x00]).expect("IDR");
        assert!(idr.is_keyframe && idr.is_frame_start && !idr.has_parameter_sets);
        let second_slice = parse(&[0x65, 0x43, 0x00]).expect("second slice of an IDR");
        assert!(second_slice.is_keyframe && !second_slice.is_frame_start);
        let delta = parse(&[0x41, 0x9a, 0x21]).expect("slice");
        assert!(!delta.is_keyframe && delta.is_frame_start);
    }

    #[test]
    fn parameter_sets_are_found_alone_and_in_aggregates() {
        let (sps, pps) = (&[0x67, 0x42, 0xc0][..], &[0x68, 0xce][..]);
        assert_eq!(parameter_sets(sps).collect::<Vec<_>>(), [ParameterSet::Sequence(sps)]);
        assert_eq!(parameter_sets(pps).collect::<Vec<_>>(), [ParameterSet::Picture(pps)]);
        let both = aggregate(sps, pps);
        assert_eq!(both, [0x78, 0, 3, 0x67, 0x42, 0xc0, 0, 2, 0x68, 0xce]);
        assert_eq!(
            parameter_sets(&both).collect::<Vec<_>>(),
            [ParameterSet::Sequence(sps), ParameterSet::Picture(pps)]
        );
        assert!(parse(&both).is_some_and(|info| info.is_keyframe && info.has_parameter_sets));
        assert_eq!(parameter_sets(STAP_A).count(), 2);
        assert_eq!(parameter_sets(&[0x65, 0xb8, 0]).count() + parameter_sets(&[]).count(), 0);
    }

    #[test]
    fn only_the_first_fragment_starts_a_frame() {
        let start = parse(&[0x7c, 0x85, 0xb8]).expect("FU-A start of an IDR");
        assert!(start.is_keyframe && start.is_frame_start);
        let middle = parse(&[0x7c, 0x05, 0xb8]).expect("FU-A middle of an IDR");
        assert!(middle.is_keyframe && !middle.is_frame_start);
        let delta = parse(&[0x5c, 0x81, 0x9a]).expect("FU-A start of a slice");
        assert!(!delta.is_keyframe && delta.is_frame_start);
    }

    #[test]
    fn truncated_and_foreign_types_are_refused() {
        for bytes in [&[][..], &[0x65], &[0x7c], &[0x7c, 0x85], &[0x78], &[0x78, 0, 0], &[0x79, 0, 1, 0x65, 0]] {
            assert_eq!(parse(bytes), None, "{bytes:02x?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(kind in 0u8..32, bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = parameter_sets(&bytes).count();
            let _ = parse(&bytes);
            let _ = parse(&[&[kind | 0x60][..], &bytes].concat());
        }

        #[test]
        fn an_aggregate_is_a_key_frame_exactly_if_a_unit_is(kinds in prop::collection::vec(1u8..24, 1..6)) {
            let mut bytes = vec![0x78];
            for kind in &kinds {
                bytes.extend([0, 3, kind | 0x60, 0x80, 0x00]);
            }
            let info = parse(&bytes).expect("well formed");
            prop_assert_eq!(info.is_keyframe, kinds.iter().any(|kind| matches!(kind, 5 | 7)));
        }
    }
}
