//! What the fuzz target for datagrams does.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Instant;

use palaver_session::{Endpoint, Path};

use super::Switchboard;
use crate::command::Command;

/// Give datagrams to a switchboard with one peer that has just offered: as a stranger's, and as the peer's own after a
/// check. Fuzz target and corpus replay share it.
///
/// # Panics
/// When something panicked inside, or a stranger left a trace.
#[doc(hidden)]
pub fn exercise(datagrams: &[&[u8]]) {
    let now = Instant::now();
    let local = SocketAddr::from(([192, 0, 2, 1], 7_882));
    let mut board = Switchboard::new(palaver_session::RtcFactory::new(), vec![Endpoint::udp(local)], now);
    board.command(now, Command::OpenPeer { room: "room".into(), peer: "alice".into() });
    let offer = include_str!("../../../../fuzz/corpus/sdp/chromium-simulcast.sdp").to_owned();
    let negotiate = crate::Negotiate {
        peer: "alice".to_owned(),
        offer_id: 1,
        offer,
        publish: BTreeMap::new(),
        microphones: std::collections::BTreeSet::new(),
        subscribe: BTreeMap::new(),
    };
    if let Ok(accept) = crate::read_offer(negotiate) {
        board.command(now, Command::Accept(Box::new(accept)));
    }
    let stranger = SocketAddr::from(([203, 0, 113, 9], 9));
    let own = SocketAddr::from(([10, 0, 0, 1], 5_000));
    board.demux.learn(Endpoint::udp(own), 0, now);
    for datagram in datagrams {
        for remote in [stranger, own] {
            board.receive(now, Path::udp(local, remote), datagram);
            board.flush(now);
        }
    }
    assert_eq!(board.totals.panics, 0);
    assert_eq!(board.peer_count(), 1);
    assert_eq!(board.demux.owner(Endpoint::udp(stranger), 0), None);
}
