//! UDP in batches: `recvmmsg` and `sendmmsg` of segmented datagrams, and the local address of each datagram.

mod kernel;
mod segments;

use std::cell::Cell;
use std::io;
use std::mem;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::time::Duration;

use kernel::{CONTROL_WORDS, Received, from_name, received_control, set_control, zeroed_headers, zeroed_name};
pub(crate) use kernel::{set_option, to_name};
use segments::{MAX_SEGMENTS, run};

/// Pieces read or sent by one call.
pub const BATCH: usize = 32;
/// Longest piece that is read: the kernel joins neighbours of equal length (`UDP_GRO`), up to what IP can say.
const MAX_PIECE_BYTES: usize = 65_535;
/// Kernel buffers: 4 MiB hold about 100 ms of 300 Mbit/s; the kernel may give less.
const SOCKET_BUFFER_BYTES: libc::c_int = 4 * 1024 * 1024;
/// Refused runs after which a socket sends one by one for good: a driver that cannot, or a path with a small MTU.
const MAX_REFUSED_RUNS: u32 = 64;

/// One received datagram.
#[derive(Debug, Clone, Copy)]
pub struct Arrived<'a> {
    /// Who sent it.
    pub from: SocketAddr,
    /// Which address of ours it was sent to, if the kernel said so.
    pub to: Option<IpAddr>,
    /// When the kernel got it, if it was asked to say so: by the wall clock, since 1970.
    pub at: Option<Duration>,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// One datagram to send.
#[derive(Debug, Clone, Copy)]
pub struct Departing<'a> {
    /// To whom.
    pub to: SocketAddr,
    /// From which address of ours; `None` lets the kernel choose.
    pub from: Option<IpAddr>,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// A bound, non-blocking UDP socket.
#[derive(Debug)]
pub struct UdpSocket {
    descriptor: OwnedFd,
    local: SocketAddr,
    refused_runs: Cell<u32>,
}

/// Buffers for one batch, kept between calls.
pub struct Batch {
    storage: Vec<Box<[u8]>>,
    names: Vec<libc::sockaddr_storage>,
    controls: Vec<[u64; CONTROL_WORDS]>,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            storage: vec![vec![0; MAX_PIECE_BYTES].into_boxed_slice(); BATCH],
            names: vec![zeroed_name(); BATCH],
            controls: vec![[0; CONTROL_WORDS]; BATCH],
        }
    }
}

impl UdpSocket {
    /// Bind. An IPv6 socket takes IPv6 only, so that both families can share a port number.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
        // SAFETY: socket takes no pointers; the result is checked before use.
        let raw = unsafe { libc::socket(family, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK, 0) };
        if raw < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `raw` is an open descriptor that nobody else owns.
        let descriptor = unsafe { OwnedFd::from_raw_fd(raw) };
        if address.is_ipv6() {
            set_option(raw, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, 1)?;
            set_option(raw, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)?;
        } else {
            set_option(raw, libc::IPPROTO_IP, libc::IP_PKTINFO, 1)?;
        }
        // Best effort: the kernel caps these silently.
        set_option(raw, libc::SOL_SOCKET, libc::SO_RCVBUF, SOCKET_BUFFER_BYTES)?;
        set_option(raw, libc::SOL_SOCKET, libc::SO_SNDBUF, SOCKET_BUFFER_BYTES)?;
        // Without it (Linux before 5.0) datagrams come one by one.
        let _ = set_option(raw, libc::SOL_UDP, libc::UDP_GRO, 1);
        let (name, length) = to_name(address);
        // SAFETY: `name` is a socket address of `length` valid bytes that outlives the call.
        if unsafe { libc::bind(raw, (&raw const name).cast(), length) } != 0 {
            return Err(io::Error::last_os_error());
        }
        let mut name = zeroed_name();
        let mut length = mem::size_of_val(&name) as libc::socklen_t;
        // SAFETY: `name` has room for `length` bytes, and both outlive the call.
        if unsafe { libc::getsockname(raw, (&raw mut name).cast(), &raw mut length) } != 0 {
            return Err(io::Error::last_os_error());
        }
        let local = from_name(&name).ok_or_else(|| io::Error::other("bound to a strange address"))?;
        Ok(Self { descriptor, local, refused_runs: Cell::new(0) })
    }

    /// Ask the kernel to say when each datagram arrived.
    pub fn ask_for_times(&self) -> io::Result<()> {
        set_option(self.descriptor(), libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1)
    }

    /// Where it is bound; the port is never 0.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// For poll.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }

    /// Read up to [`BATCH`] pieces; `each` is called for every datagram in them. Answers how many pieces.
    pub fn receive(&self, batch: &mut Batch, mut each: impl FnMut(Arrived<'_>)) -> io::Result<usize> {
        let mut slices: [libc::iovec; BATCH] = [libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 }; BATCH];
        let mut headers: [libc::mmsghdr; BATCH] = zeroed_headers();
        let parts = batch.storage.iter_mut().zip(&mut batch.names).zip(&mut batch.controls);
        for (((header, slice), ((storage, name), control)), _) in
            headers.iter_mut().zip(&mut slices).zip(parts).zip(0..BATCH)
        {
            *slice = libc::iovec { iov_base: storage.as_mut_ptr().cast(), iov_len: storage.len() };
            header.msg_hdr.msg_name = ptr::from_mut(name).cast();
            header.msg_hdr.msg_namelen = mem::size_of_val(name) as libc::socklen_t;
            header.msg_hdr.msg_iov = slice;
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_control = control.as_mut_ptr().cast();
            header.msg_hdr.msg_controllen = mem::size_of_val(control) as _;
        }
        // SAFETY: every header points to a name, one slice and a control buffer of `batch` or of this frame; all have
        // the lengths that are declared and outlive the call. No time-out is passed.
        let count = unsafe {
            libc::recvmmsg(
                self.descriptor(),
                headers.as_mut_ptr(),
                BATCH as libc::c_uint,
                libc::MSG_DONTWAIT as _,
                ptr::null_mut(),
            )
        };
        if count < 0 {
            return Err(io::Error::last_os_error());
        }
        let count = count as usize;
        for ((storage, name), header) in batch.storage.iter().zip(&batch.names).zip(headers.iter().take(count)) {
            let Some(from) = from_name(name) else { continue };
            let Received { to, segment_bytes, at } = received_control(&header.msg_hdr);
            let piece = storage.get(..header.msg_len as usize).unwrap_or_default();
            let longest = segment_bytes.filter(|bytes| *bytes > 0).unwrap_or(MAX_PIECE_BYTES);
            for bytes in piece.chunks(longest) {
                each(Arrived { from, to, at, bytes });
            }
        }
        Ok(count)
    }

    /// Wait until something has arrived at one of them or the time is over.
    pub fn wait_any(sockets: &[Self], at_most: Duration) {
        let poll = |socket: &Self| libc::pollfd { fd: socket.descriptor(), events: libc::POLLIN, revents: 0 };
        poll_readable(&mut sockets.iter().map(poll).collect::<Vec<_>>(), at_most);
    }

    /// Send; answers how many the kernel took. Fewer than all means that its buffer is full.
    ///
    /// Neighbours of equal length to one destination go to the kernel as one piece (`UDP_SEGMENT`): its way through the
    /// network stack is the dearest part of forwarding.
    pub fn send(&self, datagrams: &[Departing<'_>]) -> io::Result<usize> {
        let mut taken = 0;
        while let Some(rest) = datagrams.get(taken..).filter(|rest| !rest.is_empty()) {
            match self.send_some(rest) {
                Ok((sent, is_all)) => {
                    taken += sent;
                    if !is_all {
                        break;
                    }
                }
                // What was taken is not sent again; the failure will show itself once more, at the first place.
                Err(_) if taken > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(taken)
    }

    fn send_some(&self, datagrams: &[Departing<'_>]) -> io::Result<(usize, bool)> {
        let longest = if self.refused_runs.get() < MAX_REFUSED_RUNS { MAX_SEGMENTS } else { 1 };
        match self.send_batch(datagrams, longest) {
            Err(error) if run(datagrams, longest) > 1 && is_refusal(&error) => {
                // Whether it was the segments or the destination is shown by the same datagrams one by one.
                let alone = datagrams.get(..run(datagrams, longest)).unwrap_or(datagrams);
                let done = self.send_batch(alone, 1)?;
                self.refused_runs.set(self.refused_runs.get() + 1);
                Ok(done)
            }
            done => done,
        }
    }

    /// One system call for up to [`BATCH`] runs of neighbours. Answers how many datagrams the kernel took, and whether
    /// these were all that it was shown.
    fn send_batch(&self, datagrams: &[Departing<'_>], longest: usize) -> io::Result<(usize, bool)> {
        let mut names = [zeroed_name(); BATCH];
        let mut controls = [[0_u64; CONTROL_WORDS]; BATCH];
        let mut slices = [[libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 }; MAX_SEGMENTS]; BATCH];
        let mut headers: [libc::mmsghdr; BATCH] = zeroed_headers();
        let mut lengths = [0_usize; BATCH];
        let mut rest = datagrams;
        let mut count = 0;
        let parts = names.iter_mut().zip(&mut controls).zip(&mut slices).zip(&mut headers).zip(&mut lengths);
        for ((((name, control), slices), header), length) in parts {
            let Some(first) = rest.first() else { break };
            let (segments, others) = rest.split_at(run(rest, longest));
            for (slice, segment) in slices.iter_mut().zip(segments) {
                // The kernel only reads through this pointer.
                let start = segment.bytes.as_ptr().cast_mut().cast();
                *slice = libc::iovec { iov_base: start, iov_len: segment.bytes.len() };
            }
            let (filled, name_length) = to_name(first.to);
            *name = filled;
            header.msg_hdr.msg_name = ptr::from_mut(name).cast();
            header.msg_hdr.msg_namelen = name_length;
            header.msg_hdr.msg_iov = slices.as_mut_ptr();
            header.msg_hdr.msg_iovlen = segments.len() as _;
            let segment_bytes = (segments.len() > 1).then_some(first.bytes.len() as u16);
            set_control(&mut header.msg_hdr, control, first.from, segment_bytes);
            *length = segments.len();
            rest = others;
            count += 1;
        }
        // SAFETY: the first `count` headers point to names, slices and controls of this frame and to the bytes of
        // `datagrams`; all have the lengths that are declared and outlive the call.
        let sent = unsafe {
            libc::sendmmsg(self.descriptor(), headers.as_mut_ptr(), count as libc::c_uint, libc::MSG_DONTWAIT as _)
        };
        if sent < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok((lengths.iter().take(sent as usize).sum(), sent as usize == count))
    }
}

/// Wait until one of the descriptors is readable or the time is over; an interruption is an early return.
pub(crate) fn poll_readable(polled: &mut [libc::pollfd], at_most: Duration) {
    let timeout = libc::timespec {
        tv_sec: libc::time_t::try_from(at_most.as_secs()).unwrap_or(3_600),
        tv_nsec: libc::c_long::from(at_most.subsec_nanos()),
    };
    // SAFETY: the array has the declared length, the time-out is valid; both outlive the call. No signal mask.
    unsafe { libc::ppoll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, &raw const timeout, ptr::null()) };
}

/// What the kernel says to segments that a driver, a path or it itself cannot take.
fn is_refusal(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EINVAL | libc::EIO | libc::EMSGSIZE | libc::EOPNOTSUPP | libc::ENOPROTOOPT)
    )
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;

    fn exchange(address: &str) {
        let server = UdpSocket::bind(address.parse().expect("address")).expect("bind");
        let client = UdpSocket::bind(address.parse().expect("address")).expect("bind");
        let many: Vec<Vec<u8>> = (0..40_u8).map(|n| vec![n; 100 + usize::from(n)]).collect();
        let departing: Vec<_> = many.iter().map(|bytes| Departing { to: server.local(), from: None, bytes }).collect();
        assert_eq!(client.send(&departing).expect("send"), 40);
        let mut batch = Batch::default();
        let mut seen = Vec::new();
        while seen.len() < 40 {
            server
                .receive(&mut batch, |arrived| {
                    assert_eq!(arrived.from, client.local());
                    assert_eq!(arrived.to, Some(server.local().ip()));
                    seen.push(arrived.bytes.to_vec());
                })
                .expect("loopback delivers at once");
        }
        assert_eq!(seen, many);
        // And back, from a chosen address.
        let from = Some(server.local().ip());
        let answer = [Departing { to: client.local(), from, bytes: b"back" }];
        assert_eq!(server.send(&answer).expect("send"), 1);
        let mut answers = 0;
        client.receive(&mut batch, |arrived| answers += usize::from(arrived.from == server.local())).expect("receive");
        assert_eq!(answers, 1);
    }

    #[test]
    fn batches_cross_the_loopback_with_their_addresses() {
        exchange("127.0.0.1:0");
    }

    #[test]
    fn batches_cross_the_loopback_of_ipv6() {
        exchange("[::1]:0");
    }

    #[test]
    fn neighbours_of_equal_length_arrive_as_they_were() {
        let socket = || UdpSocket::bind("127.0.0.1:0".parse().expect("address")).expect("bind");
        let (server, other, client) = (socket(), socket(), socket());
        let frame =
            |n: u8, bytes: usize| (0..13_u8).map(move |part| vec![n ^ part; if part == 12 { 77 } else { bytes }]);
        let many: Vec<(SocketAddr, Vec<u8>)> = frame(64, 1_100)
            .map(|bytes| (server.local(), bytes))
            .chain(frame(128, 900).map(|bytes| (other.local(), bytes)))
            .chain(frame(192, 1_200).map(|bytes| (server.local(), bytes)))
            .collect();
        let from = Some(client.local().ip());
        let departing: Vec<_> = many.iter().map(|(to, bytes)| Departing { to: *to, from, bytes }).collect();
        assert_eq!(client.send(&departing).expect("send"), 39);
        assert_eq!(client.refused_runs.get(), 0);
        for receiver in [&server, &other] {
            let mine: Vec<&Vec<u8>> = many.iter().filter(|(to, _)| *to == receiver.local()).map(|(_, b)| b).collect();
            let mut batch = Batch::default();
            let mut seen = Vec::new();
            while seen.len() < mine.len() {
                receiver.receive(&mut batch, |arrived| seen.push(arrived.bytes.to_vec())).expect("it is there");
            }
            assert_eq!(seen.iter().collect::<Vec<_>>(), mine);
        }
    }

    #[test]
    fn what_the_kernel_refuses_in_one_piece_goes_one_by_one() {
        let socket = || UdpSocket::bind("127.0.0.1:0".parse().expect("address")).expect("bind");
        let (server, client) = (socket(), socket());
        // Without checksums there is no segmentation.
        set_option(client.descriptor(), libc::SOL_SOCKET, libc::SO_NO_CHECK, 1).expect("an option of the kernel");
        let many: Vec<Vec<u8>> = (0..20_u8).map(|n| vec![n; 500]).collect();
        let departing: Vec<_> = many.iter().map(|bytes| Departing { to: server.local(), from: None, bytes }).collect();
        assert_eq!(client.send(&departing).expect("send"), 20);
        assert!(client.refused_runs.get() > 0);
        let (mut batch, mut seen) = (Batch::default(), Vec::new());
        while seen.len() < 20 {
            server.receive(&mut batch, |arrived| seen.push(arrived.bytes.to_vec())).expect("it is there");
        }
        assert_eq!(seen, many);
    }

    #[test]
    fn both_families_share_a_port() {
        let v4 = UdpSocket::bind("0.0.0.0:0".parse().expect("address")).expect("bind");
        let v6 = SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), v4.local().port());
        assert_eq!(UdpSocket::bind(v6).expect("bind").local().port(), v4.local().port());
    }
}
