//! What a server asks publishers for: key frames (RFC 4585 6.3.1, RFC 5104 4.3.1).

const PAYLOAD_FEEDBACK: u8 = 206;
const PICTURE_LOSS: u8 = 1;
const FULL_INTRA: u8 = 4;

/// Call `each` with the stream of every key frame that a compound asks for.
pub(crate) fn key_frames(mut compound: &[u8], mut each: impl FnMut(u32)) {
    while let Some((&[first, kind, high, low], rest)) = compound.split_first_chunk() {
        let Some((body, others)) = rest.split_at_checked(usize::from(u16::from_be_bytes([high, low])) * 4) else {
            return;
        };
        compound = others;
        if kind != PAYLOAD_FEEDBACK {
            continue;
        }
        // The sender, then the stream it is about; a full intra request names streams in its entries of eight bytes.
        let streams = match first & 0x1f {
            PICTURE_LOSS => body.get(4..8),
            FULL_INTRA => body.get(8..),
            _ => None,
        };
        for entry in streams.unwrap_or_default().chunks(8) {
            if let Some(ssrc) = entry.first_chunk() {
                each(u32::from_be_bytes(*ssrc));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_ask_are_found_among_reports() {
        let mut compound = vec![0x80, 201, 0, 1, 0, 0, 0, 9];
        compound.extend([0x81, 206, 0, 2, 0, 0, 0, 9, 0, 0, 0, 7]);
        compound.extend([0x84, 206, 0, 4, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 5, 1, 0, 0, 0]);
        compound.extend([0x8f, 206, 0, 2, 0, 0, 0, 9, 0, 0, 0, 3]);
        let mut asked = Vec::new();
        key_frames(&compound, |ssrc| asked.push(ssrc));
        assert_eq!(asked, [7, 5]);
    }

    #[test]
    fn a_compound_that_ends_too_soon_asks_for_nothing() {
        key_frames(&[0x81, 206, 0, 2, 0, 0, 0, 9], |ssrc| panic!("nobody asked for {ssrc}"));
    }
}
