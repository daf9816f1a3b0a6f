//! What the fuzzer and the replay of its corpus do.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Instant;

use crate::credentials::{REALM, Secret};
use crate::framing::frame_bytes;
use crate::message::{Builder, Class, Message, attribute, method};
use crate::server::{Limits, Origin, Server, Taken, Transport, is_relayed};

const SECRET: &[u8] = b"exercise";

/// Any bytes, from a stranger and from somebody with an allocation, as they are and as a part of what he proves.
///
/// # Panics
/// Where a stranger's bytes leave something behind, or a datagram goes elsewhere than to the media port.
pub fn exercise(inputs: &[&[u8]]) {
    let now = Instant::now();
    let at = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let peer = at(7_882);
    let mut server = Server::new(Secret::new(SECRET), vec![peer], Limits::default(), now, 1_000);
    let origin = |transport, port| Origin { transport, local: at(3_478), remote: at(port) };
    let client = origin(Transport::Udp, 5_000);
    let username = "2000:PA_alice";
    let key = Secret::new(SECRET).key(username);
    let nonce = Secret::new(SECRET).nonce(1_000, client.remote.ip());
    let prove = |builder: Builder| {
        let builder = builder.add(attribute::USERNAME, username.as_bytes()).add(attribute::REALM, REALM.as_bytes());
        builder.add(attribute::NONCE, nonce.as_bytes()).finish(Some(&key))
    };
    let ask = |method| Builder::new(Class::Request, method, [0; 12]);
    server.receive(now, client, &prove(ask(method::ALLOCATE).add(attribute::REQUESTED_TRANSPORT, &[17, 0, 0, 0])));
    server.receive(now, client, &prove(ask(method::CREATE_PERMISSION).address(attribute::XOR_PEER_ADDRESS, peer)));
    assert!(server.count() == 1, "the exercise begins with one allocation");
    for bytes in inputs {
        let _ = frame_bytes(bytes);
        for transport in [Transport::Udp, Transport::Stream] {
            let taken = server.receive(now, origin(transport, 6_000), bytes);
            assert!(!matches!(taken, Taken::Inward { .. }) && server.count() <= 1, "a stranger was believed");
        }
        let mut proved = Vec::new();
        if let Some(message) = Message::read(bytes) {
            let builder = Builder::new(Class::Request, message.method, message.transaction);
            proved = prove(message.attributes().fold(builder, |builder, (kind, value)| builder.add(kind, value)));
        }
        for bytes in [bytes, proved.as_slice()] {
            if let Taken::Inward { from, to, .. } = server.receive(now, client, bytes) {
                assert!(is_relayed(from) && to == peer, "a datagram went to {to}");
            }
        }
        server.sweep(now);
    }
}
