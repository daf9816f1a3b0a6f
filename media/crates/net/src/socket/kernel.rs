//! What the kernel wants to see: socket addresses and control messages.

use std::io;
use std::mem::{self, MaybeUninit};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::RawFd;
use std::ptr;
use std::time::Duration;

use super::BATCH;

/// Room for one address (`IP_PKTINFO` or `IPV6_PKTINFO`), one segment size and one time with their headers, aligned for
/// `cmsghdr`.
pub(super) const CONTROL_WORDS: usize = 12;

pub(crate) fn set_option(
    descriptor: RawFd,
    level: libc::c_int,
    name: libc::c_int,
    value: libc::c_int,
) -> io::Result<()> {
    let length = mem::size_of_val(&value) as libc::socklen_t;
    // SAFETY: the value is an int of the declared length that outlives the call.
    if unsafe { libc::setsockopt(descriptor, level, name, (&raw const value).cast(), length) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

pub(super) fn zeroed_name() -> libc::sockaddr_storage {
    // SAFETY: sockaddr_storage is plain data for which all zeros is a valid value (AF_UNSPEC).
    unsafe { MaybeUninit::zeroed().assume_init() }
}

pub(super) fn zeroed_headers() -> [libc::mmsghdr; BATCH] {
    // SAFETY: mmsghdr is plain data of integers and pointers; zeros are null pointers and empty lengths.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// The kernel's form of an address, and its length.
pub(crate) fn to_name(address: SocketAddr) -> (libc::sockaddr_storage, libc::socklen_t) {
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

pub(super) fn from_name(name: &libc::sockaddr_storage) -> Option<SocketAddr> {
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

/// What the kernel says about a received piece.
#[derive(Default)]
pub(super) struct Received {
    /// The address of ours that it was sent to (`IP_PKTINFO` or `IPV6_PKTINFO`).
    pub(super) to: Option<IpAddr>,
    /// Size of the segments that the kernel joined (`UDP_GRO`).
    pub(super) segment_bytes: Option<usize>,
    /// When it arrived, since 1970 (`SO_TIMESTAMPNS`).
    pub(super) at: Option<Duration>,
}

pub(super) fn received_control(header: &libc::msghdr) -> Received {
    let mut received = Received::default();
    // SAFETY: the kernel filled the control buffer and its length; the CMSG functions walk within that length.
    unsafe {
        let mut control = libc::CMSG_FIRSTHDR(header);
        while !control.is_null() {
            let data = libc::CMSG_DATA(control);
            match ((*control).cmsg_level, (*control).cmsg_type) {
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                    let info = data.cast::<libc::in_pktinfo>().read_unaligned();
                    received.to = Some(Ipv4Addr::from(info.ipi_addr.s_addr.to_ne_bytes()).into());
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    let info = data.cast::<libc::in6_pktinfo>().read_unaligned();
                    received.to = Some(Ipv6Addr::from(info.ipi6_addr.s6_addr).into());
                }
                (libc::SOL_UDP, libc::UDP_GRO) => {
                    received.segment_bytes = usize::try_from(data.cast::<libc::c_int>().read_unaligned()).ok();
                }
                (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => {
                    let at = data.cast::<libc::timespec>().read_unaligned();
                    received.at = Some(Duration::new(at.tv_sec as u64, at.tv_nsec as u32));
                }
                _ => {}
            }
            control = libc::CMSG_NXTHDR(header, control);
        }
    }
    received
}

/// Write the address to send from and the size of segments, where there are any.
pub(super) fn set_control(
    header: &mut libc::msghdr,
    control: &mut [u64; CONTROL_WORDS],
    from: Option<IpAddr>,
    segment_bytes: Option<u16>,
) {
    if from.is_none() && segment_bytes.is_none() {
        return;
    }
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = mem::size_of_val(control) as _;
    // SAFETY: the control buffer is zeroed, aligned for cmsghdr, lives as long as the header and has room for one address
    // and one segment size, which the test of this module holds against CMSG_SPACE; its length is set before the CMSG
    // functions read it, and cut to what was written afterwards.
    unsafe {
        let mut next = libc::CMSG_FIRSTHDR(header);
        let mut written = 0;
        match from {
            Some(IpAddr::V4(ip)) => {
                let info = libc::in_pktinfo {
                    ipi_ifindex: 0,
                    ipi_spec_dst: libc::in_addr { s_addr: u32::from_ne_bytes(ip.octets()) },
                    ipi_addr: libc::in_addr { s_addr: 0 },
                };
                written += put(next, libc::IPPROTO_IP, libc::IP_PKTINFO, info);
                next = libc::CMSG_NXTHDR(header, next);
            }
            Some(IpAddr::V6(ip)) => {
                let info = libc::in6_pktinfo { ipi6_addr: libc::in6_addr { s6_addr: ip.octets() }, ipi6_ifindex: 0 };
                written += put(next, libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, info);
                next = libc::CMSG_NXTHDR(header, next);
            }
            None => {}
        }
        if let Some(bytes) = segment_bytes {
            written += put(next, libc::SOL_UDP, libc::UDP_SEGMENT, bytes);
        }
        header.msg_controllen = written as _;
    }
}

/// Fill one control message; answers how much of the buffer it takes.
///
/// # Safety
/// `at` points to a control header with room for `T` behind it.
unsafe fn put<T>(at: *mut libc::cmsghdr, level: libc::c_int, kind: libc::c_int, value: T) -> usize {
    let size = mem::size_of::<T>() as libc::c_uint;
    // SAFETY: promised by the caller; the data is written without regard to alignment.
    unsafe {
        (*at).cmsg_level = level;
        (*at).cmsg_type = kind;
        (*at).cmsg_len = libc::CMSG_LEN(size) as _;
        libc::CMSG_DATA(at).cast::<T>().write_unaligned(value);
        libc::CMSG_SPACE(size) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_control_messages_fit() {
        // SAFETY: CMSG_SPACE only computes.
        let needed = unsafe {
            libc::CMSG_SPACE(mem::size_of::<libc::in6_pktinfo>() as libc::c_uint)
                + libc::CMSG_SPACE(mem::size_of::<libc::c_int>() as libc::c_uint)
                + libc::CMSG_SPACE(mem::size_of::<libc::timespec>() as libc::c_uint)
        };
        assert!(needed as usize <= mem::size_of::<[u64; CONTROL_WORDS]>());
    }
}
