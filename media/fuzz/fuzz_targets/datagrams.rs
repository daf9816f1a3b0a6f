//! Any bytes as datagrams: from a stranger, and from the address of a peer in its handshake.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palaver_net::switchboard::exercise;

fuzz_target!(|bytes: &[u8]| exercise(&[bytes]));
