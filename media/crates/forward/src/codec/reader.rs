//! Octets of a payload descriptor, one after the other.

/// `next` answers `None` past the end.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    /// Where the next octet is.
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn next(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at = self.at.saturating_add(1);
        Some(byte)
    }

    /// Pass so many octets, which must be there.
    pub(super) fn skip(&mut self, count: usize) -> Option<()> {
        let end = self.at.checked_add(count)?;
        self.bytes.get(self.at..end)?;
        self.at = end;
        Some(())
    }

    /// What is left; `None` if that is nothing.
    pub(super) fn rest(&self) -> Option<&'a [u8]> {
        self.bytes.get(self.at..).filter(|rest| !rest.is_empty())
    }
}
