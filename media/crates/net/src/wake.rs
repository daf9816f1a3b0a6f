//! An eventfd: one descriptor that is readable while something waits.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// Notify and clear are safe from any thread and never block.
#[derive(Debug)]
pub(crate) struct Wake {
    descriptor: OwnedFd,
}

impl Wake {
    /// Not readable at birth.
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: eventfd takes no pointers; the result is checked before use.
        let raw = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if raw < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `raw` is an open descriptor that nobody else owns.
        Ok(Self { descriptor: unsafe { OwnedFd::from_raw_fd(raw) } })
    }

    /// Make the descriptor readable.
    pub(crate) fn notify(&self) {
        let one: u64 = 1;
        // SAFETY: the buffer is 8 readable bytes, as eventfd wants. A full counter (EAGAIN) is readable already.
        unsafe { libc::write(self.descriptor(), (&raw const one).cast(), 8) };
    }

    /// Make the descriptor unreadable.
    pub(crate) fn clear(&self) {
        let mut count: u64 = 0;
        // SAFETY: the buffer is 8 writable bytes. EAGAIN means that it was clear.
        unsafe { libc::read(self.descriptor(), (&raw mut count).cast(), 8) };
    }

    /// For poll.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }
}
