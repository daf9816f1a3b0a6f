//! An epoll: one descriptor that is readable while any of many is.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

/// Descriptors served by one turn; the others keep it readable.
const MAX_READY: u8 = 64;

pub(super) struct Poller {
    descriptor: OwnedFd,
}

impl Poller {
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: epoll_create1 takes no pointers; the result is checked before use.
        let raw = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if raw < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `raw` is an open descriptor that nobody else owns.
        Ok(Self { descriptor: unsafe { OwnedFd::from_raw_fd(raw) } })
    }

    pub(super) fn descriptor(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }

    /// Watch for something to read.
    pub(super) fn add(&self, watched: RawFd, token: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, watched, token, false)
    }

    /// Watch for something to read, and for room to write or no more.
    pub(super) fn watch(&self, watched: RawFd, token: u64, is_for_room: bool) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, watched, token, is_for_room)
    }

    /// Watch no more. What is not watched stays so.
    pub(super) fn remove(&self, watched: RawFd) {
        // SAFETY: kernels since 2.6.9 ignore the event of a removal.
        unsafe { libc::epoll_ctl(self.descriptor(), libc::EPOLL_CTL_DEL, watched, ptr::null_mut()) };
    }

    /// Who is ready now, and whether to be written to. Never waits.
    pub(super) fn wait(&self, ready: &mut Vec<(u64, bool)>) {
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; MAX_READY as usize];
        // SAFETY: the array has room for the declared number of events and outlives the call.
        let count =
            unsafe { libc::epoll_wait(self.descriptor(), events.as_mut_ptr(), libc::c_int::from(MAX_READY), 0) };
        let count = usize::try_from(count).unwrap_or(0);
        ready.extend(events.iter().take(count).map(|event| {
            let bits = event.events;
            (event.u64, bits & libc::EPOLLOUT as u32 != 0)
        }));
    }

    fn control(&self, operation: libc::c_int, watched: RawFd, token: u64, is_for_room: bool) -> io::Result<()> {
        let room = if is_for_room { libc::EPOLLOUT as u32 } else { 0 };
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32 | room, u64: token };
        // SAFETY: the event outlives the call.
        if unsafe { libc::epoll_ctl(self.descriptor(), operation, watched, &raw mut event) } != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }
}
