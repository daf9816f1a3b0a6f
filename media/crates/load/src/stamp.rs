//! What a payload says about itself: when it was sent, by whom, and what it is worth.

/// Behind what servers look at.
pub(crate) const STAMP_AT: usize = 16;
/// Known from other packets (padding, repetitions) by this.
const MARK: [u8; 4] = *b"load";
pub(crate) const STAMP_BYTES: usize = 16;
/// There are no more kinds of packets than this.
pub(crate) const CLASSES: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) sent_us: u64,
    pub(crate) publisher: u16,
    /// The layer of a picture, or what a voice is worth to listeners.
    pub(crate) class: u8,
    /// Ends a picture.
    pub(crate) is_last: bool,
}

impl Stamp {
    /// Append.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        out.extend(MARK);
        out.extend(self.sent_us.to_be_bytes());
        out.extend(self.publisher.to_be_bytes());
        out.extend([self.class, u8::from(self.is_last)]);
    }

    /// Of a payload.
    pub(crate) fn read(payload: &[u8]) -> Option<Self> {
        let (mark, rest) = payload.get(STAMP_AT..)?.split_first_chunk()?;
        let (micros, rest) = rest.split_first_chunk()?;
        let &[high, low, class, is_last] = rest.first_chunk()?;
        (*mark == MARK && usize::from(class) < CLASSES).then(|| Self {
            sent_us: u64::from_be_bytes(*micros),
            publisher: u16::from_be_bytes([high, low]),
            class,
            is_last: is_last != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_stamped_has_a_time() {
        assert_eq!(Stamp::read(&[0; 100]), None);
        assert_eq!(Stamp::read(b"short"), None);
        let stamp = Stamp { sent_us: 1 << 40, publisher: 700, class: 2, is_last: true };
        let mut payload = vec![0; STAMP_AT];
        stamp.write(&mut payload);
        assert_eq!((payload.len(), Stamp::read(&payload)), (STAMP_AT + STAMP_BYTES, Some(stamp)));
    }
}
