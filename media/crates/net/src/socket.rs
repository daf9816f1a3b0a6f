//! UDP in batches: `recvmmsg`, `sendmmsg`, and the local address of each datagram.

use std::io;
use std::mem::{self, MaybeUninit};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

/// Datagrams read by one call.
pub(crate) const BATCH: usize = 32;
/// Longest datagram that is read; WebRTC stays below the usual MTU, jumbo frames fit too.
const MAX_DATAGRAM_BYTES: usize = 9_216;
/// Kernel buffers: 4 MiB hold about 100 ms of 300 Mbit/s; the kernel may give less.
const SOCKET_BUFFER_BYTES: libc::c_int = 4 * 1024 * 1024;
/// Room for one `IP_PKTINFO` or `IPV6_PKTINFO` with its header, aligned for `cmsghdr`.
const CONTROL_WORDS: usize = 8;

/// One received datagram.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrived<'a> {
    /// Who sent it.
    pub(crate) from: SocketAddr,
    /// Which address of ours it was sent to, if the kernel said so.
    pub(crate) to: Option<IpAddr>,
    /// The bytes.
    pub(crate) bytes: &'a [u8],
}

/// One datagram to send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Departing<'a> {
    /// To whom.
    pub(crate) to: SocketAddr,
    /// From which address of ours; `None` lets the kernel choose.
    pub(crate) from: Option<IpAddr>,
    /// The bytes.
    pub(crate) bytes: &'a [u8],
}

/// A bound, non-blocking UDP socket.
#[derive(Debug)]
pub(crate) struct UdpSocket {
    descriptor: OwnedFd,
    local: SocketAddr,
}

/// Buffers for one batch, kept between calls.
pub(crate) struct Batch {
    storage: Vec<[u8; MAX_DATAGRAM_BYTES]>,
    names: Vec<libc::sockaddr_storage>,
    controls: Vec<[u64; CONTROL_WORDS]>,
    lengths: Vec<usize>,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            storage: vec![[0; MAX_DATAGRAM_BYTES]; BATCH],
            names: vec![zeroed_name(); BATCH],
            controls: vec![[0; CONTROL_WORDS]; BATCH],
            lengths: Vec::with_capacity(BATCH),
        }
    }
}

impl UdpSocket {
    /// Bind. An IPv6 socket takes IPv6 only, so that both families can share a port number.
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
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
        Ok(Self { descriptor, local })
    }

    /// Where it is bound; the port is never 0.
    pub(crate) fn local(&self) -> SocketAddr {
        self.local
    }

    /// For poll.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }

    /// Read up to [`BATCH`] datagrams; `each` is called for every one. Answers how many.
    pub(crate) fn receive(&self, batch: &mut Batch, mut each: impl FnMut(Arrived<'_>)) -> io::Result<usize> {
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
        batch.lengths.clear();
        let to: Vec<Option<IpAddr>> = headers.iter().take(count).map(|h| local_address(&h.msg_hdr)).collect();
        batch.lengths.extend(headers.iter().take(count).map(|h| h.msg_len as usize));
        for (((storage, name), length), to) in batch.storage.iter().zip(&batch.names).zip(&batch.lengths).zip(to) {
            if let (Some(from), Some(bytes)) = (from_name(name), storage.get(..*length)) {
                each(Arrived { from, to, bytes });
            }
        }
        Ok(count)
    }

    /// Send; answers how many the kernel took. Fewer than all means that its buffer is full.
    pub(crate) fn send(&self, datagrams: &[Departing<'_>]) -> io::Result<usize> {
        let mut taken = 0;
        for chunk in datagrams.chunks(BATCH) {
            let sent = self.send_chunk(chunk)?;
            taken += sent;
            if sent < chunk.len() {
                break;
            }
        }
        Ok(taken)
    }

    fn send_chunk(&self, chunk: &[Departing<'_>]) -> io::Result<usize> {
        let mut names = [zeroed_name(); BATCH];
        let mut controls = [[0_u64; CONTROL_WORDS]; BATCH];
        let mut slices: [libc::iovec; BATCH] = [libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 }; BATCH];
        let mut headers: [libc::mmsghdr; BATCH] = zeroed_headers();
        let parts = names.iter_mut().zip(&mut controls).zip(&mut slices).zip(&mut headers);
        for (datagram, (((name, control), slice), header)) in chunk.iter().zip(parts) {
            let (filled, length) = to_name(datagram.to);
            *name = filled;
            // The kernel only reads through this pointer.
            *slice = libc::iovec { iov_base: datagram.bytes.as_ptr().cast_mut().cast(), iov_len: datagram.bytes.len() };
            header.msg_hdr.msg_name = ptr::from_mut(name).cast();
            header.msg_hdr.msg_namelen = length;
            header.msg_hdr.msg_iov = slice;
            header.msg_hdr.msg_iovlen = 1;
            if let Some(from) = datagram.from {
                set_local_address(&mut header.msg_hdr, control, from);
            }
        }
        // SAFETY: the first `chunk.len()` headers point to names, slices and controls of this frame and to the bytes of
        // `chunk`; all have the lengths that are declared and outlive the call.
        let sent = unsafe {
            libc::sendmmsg(
                self.descriptor(),
                headers.as_mut_ptr(),
                chunk.len().min(BATCH) as libc::c_uint,
                libc::MSG_DONTWAIT as _,
            )
        };
        if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(sent as usize) }
    }
}

fn set_option(descriptor: RawFd, level: libc::c_int, name: libc::c_int, value: libc::c_int) -> io::Result<()> {
    let length = mem::size_of_val(&value) as libc::socklen_t;
    // SAFETY: the value is an int of the declared length that outlives the call.
    if unsafe { libc::setsockopt(descriptor, level, name, (&raw const value).cast(), length) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

fn zeroed_name() -> libc::sockaddr_storage {
    // SAFETY: sockaddr_storage is plain data for which all zeros is a valid value (AF_UNSPEC).
    unsafe { MaybeUninit::zeroed().assume_init() }
}

fn zeroed_headers() -> [libc::mmsghdr; BATCH] {
    // SAFETY: mmsghdr is plain data of integers and pointers; zeros are null pointers and empty lengths.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// The kernel's form of an address, and its length.
fn to_name(address: SocketAddr) -> (libc::sockaddr_storage, libc::socklen_t) {
    let mut name = zeroed_name();
    match address {
        SocketAddr::V4(v4) => {
            let filled = libc::sockaddr_in {
                sin_family: libc::AF_INET as libc::sa_family_t,
                sin_port: v4.port().to_be(),
                sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(v4.ip().octets()) },
                sin_zero: [0; 8],
            };
            // SAFETY: sockaddr_storage is larger than sockaddr_in and aligned for every socket address.
            unsafe { ptr::from_mut(&mut name).cast::<libc::sockaddr_in>().write(filled) };
            (name, mem::size_of::<libc::sockaddr_in>() as libc::socklen_t)
        }
        SocketAddr::V6(v6) => {
            let filled = libc::sockaddr_in6 {
                sin6_family: libc::AF_INET6 as libc::sa_family_t,
                sin6_port: v6.port().to_be(),
                sin6_flowinfo: v6.flowinfo(),
                sin6_addr: libc::in6_addr { s6_addr: v6.ip().octets() },
                sin6_scope_id: v6.scope_id(),
            };
            // SAFETY: as above, for sockaddr_in6.
            unsafe { ptr::from_mut(&mut name).cast::<libc::sockaddr_in6>().write(filled) };
            (name, mem::size_of::<libc::sockaddr_in6>() as libc::socklen_t)
        }
    }
}

fn from_name(name: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match libc::c_int::from(name.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says that this is a sockaddr_in, which the storage has room and alignment for.
            let v4 = unsafe { &*ptr::from_ref(name).cast::<libc::sockaddr_in>() };
            let ip = Ipv4Addr::from(v4.sin_addr.s_addr.to_ne_bytes());
            Some(SocketAddrV4::new(ip, u16::from_be(v4.sin_port)).into())
        }
        libc::AF_INET6 => {
            // SAFETY: as above, for sockaddr_in6.
            let v6 = unsafe { &*ptr::from_ref(name).cast::<libc::sockaddr_in6>() };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            // Without flow information: it is no part of who the peer is.
            Some(SocketAddrV6::new(ip, u16::from_be(v6.sin6_port), 0, v6.sin6_scope_id).into())
        }
        _ => None,
    }
}

/// Read `IP_PKTINFO` or `IPV6_PKTINFO`.
fn local_address(header: &libc::msghdr) -> Option<IpAddr> {
    // SAFETY: the kernel filled the control buffer and its length; the CMSG functions walk within that length.
    unsafe {
        let mut control = libc::CMSG_FIRSTHDR(header);
        while !control.is_null() {
            match ((*control).cmsg_level, (*control).cmsg_type) {
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                    let info = libc::CMSG_DATA(control).cast::<libc::in_pktinfo>().read_unaligned();
                    return Some(Ipv4Addr::from(info.ipi_addr.s_addr.to_ne_bytes()).into());
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    let info = libc::CMSG_DATA(control).cast::<libc::in6_pktinfo>().read_unaligned();
                    return Some(Ipv6Addr::from(info.ipi6_addr.s6_addr).into());
                }
                _ => control = libc::CMSG_NXTHDR(header, control),
            }
        }
        None
    }
}

/// Write `IP_PKTINFO` or `IPV6_PKTINFO`.
fn set_local_address(header: &mut libc::msghdr, control: &mut [u64; CONTROL_WORDS], from: IpAddr) {
    header.msg_control = control.as_mut_ptr().cast();
    // SAFETY: the control buffer is zeroed, aligned for cmsghdr, lives as long as the header, and is larger than
    // CMSG_SPACE of either structure; its length is set before CMSG_FIRSTHDR reads it.
    unsafe {
        match from {
            IpAddr::V4(ip) => {
                let info = libc::in_pktinfo {
                    ipi_ifindex: 0,
                    ipi_spec_dst: libc::in_addr { s_addr: u32::from_ne_bytes(ip.octets()) },
                    ipi_addr: libc::in_addr { s_addr: 0 },
                };
                let size = mem::size_of_val(&info) as libc::c_uint;
                header.msg_controllen = libc::CMSG_SPACE(size) as _;
                let first = libc::CMSG_FIRSTHDR(header);
                (*first).cmsg_level = libc::IPPROTO_IP;
                (*first).cmsg_type = libc::IP_PKTINFO;
                (*first).cmsg_len = libc::CMSG_LEN(size) as _;
                libc::CMSG_DATA(first).cast::<libc::in_pktinfo>().write_unaligned(info);
            }
            IpAddr::V6(ip) => {
                let info = libc::in6_pktinfo { ipi6_addr: libc::in6_addr { s6_addr: ip.octets() }, ipi6_ifindex: 0 };
                let size = mem::size_of_val(&info) as libc::c_uint;
                header.msg_controllen = libc::CMSG_SPACE(size) as _;
                let first = libc::CMSG_FIRSTHDR(header);
                (*first).cmsg_level = libc::IPPROTO_IPV6;
                (*first).cmsg_type = libc::IPV6_PKTINFO;
                (*first).cmsg_len = libc::CMSG_LEN(size) as _;
                libc::CMSG_DATA(first).cast::<libc::in6_pktinfo>().write_unaligned(info);
            }
        }
    }
}

#[cfg(test)]
mod tests {
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
    fn both_families_share_a_port() {
        let v4 = UdpSocket::bind("0.0.0.0:0".parse().expect("address")).expect("bind");
        let v6 = SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), v4.local().port());
        assert_eq!(UdpSocket::bind(v6).expect("bind").local().port(), v4.local().port());
    }
}
