//! Where one message ends and the next begins (RFC 8656 section 3.5 and 12): on a stream, and in a datagram.

use crate::message::{HEADER_BYTES, MAGIC_COOKIE, padded};

/// Bytes before the datagram on a channel.
pub const CHANNEL_HEADER_BYTES: usize = 4;
/// Longest that a frame may say it is. Two letters, as a line of text has them there, say more.
const MAX_LENGTH: usize = 0x1fff;

/// Bytes that are neither a message nor a channel's: the other side does not speak this protocol.
#[derive(Debug, PartialEq, Eq)]
pub struct NotTurn;

/// How long the first frame of a stream is, or `None` while too little of it came.
pub fn frame_bytes(stream: &[u8]) -> Result<Option<usize>, NotTurn> {
    let [first, _, l0, l1, rest @ ..] = stream else {
        return if stream.first().is_none_or(|byte| *byte < 0x50) { Ok(None) } else { Err(NotTurn) };
    };
    let length = usize::from(u16::from_be_bytes([*l0, *l1]));
    if length > MAX_LENGTH {
        return Err(NotTurn);
    }
    match first {
        0x00..=0x3f => {
            let cookie = rest.get(..MAGIC_COOKIE.len()).unwrap_or(rest);
            if length % 4 != 0 || !MAGIC_COOKIE.starts_with(cookie) {
                return Err(NotTurn);
            }
            Ok(Some(HEADER_BYTES + length))
        }
        0x40..=0x4f => Ok(Some(CHANNEL_HEADER_BYTES + padded(length))),
        _ => Err(NotTurn),
    }
}

/// The number and the datagram of a channel's frame.
pub fn read_channel(frame: &[u8]) -> Option<(u16, &[u8])> {
    let [n0, n1, l0, l1, rest @ ..] = frame else { return None };
    let length = usize::from(u16::from_be_bytes([*l0, *l1]));
    (0x40..=0x4f).contains(n0).then_some(())?;
    Some((u16::from_be_bytes([*n0, *n1]), rest.get(..length)?))
}

/// The frame of a datagram on a channel; on streams it is filled up.
pub fn write_channel(channel: u16, datagram: &[u8], is_stream: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(&channel.to_be_bytes());
    out.extend_from_slice(&(datagram.len() as u16).to_be_bytes());
    out.extend_from_slice(datagram);
    if is_stream {
        out.resize(out.len() + padded(datagram.len()) - datagram.len(), 0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_of_http_or_tls_is_known_at_once() {
        for line in ["GET / HTTP/1.1\r\n", "HEAD / HTTP/1.1\r\n", "POST / HTTP/1.1\r\n", "DELETE /"] {
            assert_eq!(frame_bytes(line.as_bytes()), Err(NotTurn));
        }
        assert_eq!(frame_bytes(&[0x16, 3, 1, 2, 0, 1, 0, 1]), Err(NotTurn));
        assert_eq!(frame_bytes(&[0, 1, 0, 3]), Err(NotTurn), "no message has such a length");
        assert_eq!(frame_bytes(&[0, 1, 0]), Ok(None));
    }

    proptest! {
        #[test]
        fn what_was_put_on_a_channel_comes_off_it(
            channel in 0x4000..=0x4fff_u16,
            datagram in prop::collection::vec(any::<u8>(), 0..1_500),
            is_stream: bool,
        ) {
            let mut frame = Vec::new();
            write_channel(channel, &datagram, is_stream, &mut frame);
            prop_assert_eq!(read_channel(&frame), Some((channel, &datagram[..])));
            if is_stream {
                prop_assert_eq!(frame_bytes(&frame), Ok(Some(frame.len())));
            }
        }

        #[test]
        fn no_bytes_confuse(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Some((channel, datagram)) = read_channel(&bytes) {
                prop_assert!(datagram.len() + 4 <= bytes.len() && (0x4000..=0x4fff).contains(&channel));
            }
            if let Ok(Some(length)) = frame_bytes(&bytes) {
                prop_assert!(length >= 4);
            }
        }
    }
}
