//! Alice, Bob and Carol as str0m clients, a switchboard, and a network without real time: perfect unless told otherwise.
#![allow(dead_code, reason = "each scenario uses its own part")]

pub(crate) mod bare;
mod client;
pub(crate) mod network;
pub(crate) mod scenes;
mod sources;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use palaver_net::command::{Command, Wish};
use palaver_net::event::Event;
use palaver_net::switchboard::Switchboard;
use palaver_net::{Negotiate, print_text, read_offer};
use palaver_session::srtp::{latest_slot, provider};
use palaver_session::{Endpoint, Path, RtcFactory};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{Direction, MediaKind, Mid, Rid, Simulcast, SimulcastLayer};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Rtc};

pub(crate) use self::client::Client;
use self::network::{Network, Parcel};
pub(crate) use self::sources::{Camera, Voice, read_vp8, vp8};

pub(crate) const SERVER: &str = "192.0.2.1:7882";
pub(crate) const ROOM: &str = "room";
pub(crate) const RIDS: [&str; 3] = ["q", "h", "f"];

/// Index of [`World::loss`].
pub(crate) const TO_CLIENT: usize = 0;
/// Index of [`World::loss`].
pub(crate) const TO_SERVER: usize = 1;

/// Counts RTP (not RTCP, DTLS, STUN) and loses each `every`th.
fn is_lost(count: &mut usize, every: usize, bytes: &[u8]) -> bool {
    let is_media = bytes[0] >> 6 == 2 && !(192..=223).contains(&bytes[1]);
    *count += usize::from(is_media);
    is_media && every > 0 && count.is_multiple_of(every)
}

/// A binding request with USE-CANDIDATE (RFC 8445 16.1).
fn is_nomination(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x00, 0x01]) && bytes.windows(4).any(|attribute| attribute == [0x00, 0x25, 0x00, 0x00])
}

/// Everybody, and the time.
pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) board: Switchboard<RtcFactory>,
    pub(crate) clients: Vec<Client>,
    pub(crate) events: Vec<Event>,
    /// Every so many media datagrams to and from a client are lost; 0 loses none.
    pub(crate) loss: [usize; 2],
    pub(crate) media_datagrams: [usize; 2],
    pub(crate) lost: usize,
    /// Checks by which clients nominate a way never arrive.
    pub(crate) loses_nominations: bool,
    /// What stands between clients and server; none delivers at once.
    pub(crate) network: Option<Network>,
    /// Clients that come from now on offer RED.
    pub(crate) knows_red: bool,
    /// The last datagrams of clients, to be twisted by hostile tests.
    pub(crate) recorded: Vec<(SocketAddr, Vec<u8>)>,
}

impl World {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        let candidates = vec![Endpoint::udp(SERVER.parse().expect("address"))];
        let board = Switchboard::new(RtcFactory::new(), candidates, now);
        Self {
            now,
            board,
            clients: Vec::new(),
            events: Vec::new(),
            loss: [0; 2],
            media_datagrams: [0; 2],
            lost: 0,
            loses_nominations: false,
            network: None,
            knows_red: false,
            recorded: Vec::new(),
        }
    }

    /// Add a client that offers data channels, and connect it.
    pub(crate) fn join(&mut self, name: &'static str) -> usize {
        self.join_room(name, ROOM)
    }

    pub(crate) fn join_room(&mut self, name: &'static str, room: &str) -> usize {
        let who = self.enter_room(name, room);
        self.negotiate(who, |api| {
            api.add_channel("_reliable".to_owned());
            api.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
        });
        self.run_until("the client connects", |world| world.clients[who].is_connected);
        who
    }

    /// Add a client that offers nothing: it waits for an offer.
    pub(crate) fn enter(&mut self, name: &'static str) -> usize {
        self.enter_room(name, ROOM)
    }

    fn enter_room(&mut self, name: &'static str, room: &str) -> usize {
        let address = SocketAddr::from(([10, 0, 0, self.clients.len() as u8 + 1], 5_000));
        let mut config = Rtc::builder().set_rtp_mode(true).set_crypto_provider(Arc::new(provider()));
        config.codec_config().enable_opus(true, self.knows_red);
        let mut rtc = config.build(self.now);
        let keys = latest_slot();
        rtc.add_local_candidate(Candidate::host(address, "udp").expect("candidate"));
        self.clients.push(Client {
            name,
            address,
            seen_at: address,
            rtc,
            keys,
            offer_id: 0,
            is_connected: false,
            is_closed: false,
            packets: Vec::new(),
            keyframe_requests: Vec::new(),
            messages: Vec::new(),
            channels: HashMap::new(),
            sender_reports: Vec::new(),
            deadline: self.now,
            publish: BTreeMap::new(),
            microphones: BTreeSet::new(),
            subscribe: BTreeMap::new(),
            last_answer: String::new(),
        });
        let who = self.clients.len() - 1;
        self.command(Command::OpenPeer { room: room.into(), peer: name.into() });
        who
    }

    pub(crate) fn command(&mut self, command: Command) {
        self.board.command(self.now, command);
        self.settle();
    }

    /// Change the client's session, offer, and apply the answer. What was added is answered with the mids in order.
    pub(crate) fn negotiate<T>(&mut self, who: usize, change: impl FnOnce(&mut str0m::change::SdpApi<'_>) -> T) -> T {
        let client = &mut self.clients[who];
        let mut api = client.rtc.sdp_api();
        let changed = change(&mut api);
        if let Some((offer, pending)) = api.apply() {
            self.answer(who, offer.to_sdp_string(), pending);
        } else {
            panic!("nothing to negotiate");
        }
        changed
    }

    /// Offer again with an ICE restart, which is also the way to say "nothing changed here, what about you".
    pub(crate) fn restart_ice(&mut self, who: usize) {
        self.negotiate(who, |api| {
            api.ice_restart(true);
        });
    }

    fn answer(&mut self, who: usize, offer: String, pending: SdpPendingOffer) {
        let client = &mut self.clients[who];
        client.offer_id += 1;
        let negotiate = Negotiate {
            peer: client.name.to_owned(),
            offer_id: client.offer_id,
            offer,
            publish: client.publish.clone(),
            microphones: client.microphones.clone(),
            subscribe: client.subscribe.clone(),
        };
        let accept = read_offer(negotiate).expect("a good offer");
        self.board.command(self.now, Command::Accept(Box::new(accept)));
        self.board.flush(self.now);
        let answers: Vec<_> = self.board.outbox.texts.drain(..).collect();
        let [answer] = answers.as_slice() else { panic!("one answer, not {}", answers.len()) };
        let Event::Answer { sdp, .. } = print_text(answer) else { panic!("an answer") };
        let client = &mut self.clients[who];
        client.last_answer.clone_from(&sdp);
        let answer = SdpAnswer::from_sdp_string(&sdp).expect("an answer that str0m reads");
        client.rtc.sdp_api().accept_answer(pending, answer).expect("an answer that fits");
        self.settle();
    }

    /// Publish a camera with three layers.
    pub(crate) fn publish_camera(&mut self, who: usize, track: &str) -> Mid {
        let mut simulcast = Simulcast::new();
        for rid in RIDS {
            simulcast.add_send_layer(SimulcastLayer::new(rid));
        }
        // Mids are random in the client, and the publication must be named before the offer is read.
        let client = &mut self.clients[who];
        let mut api = client.rtc.sdp_api();
        let mid = api.add_media(MediaKind::Video, Direction::SendOnly, None, Some("camera".into()), Some(simulcast));
        let (offer, pending) = api.apply().expect("an offer");
        let rids = RIDS.iter().map(|rid| (*rid).to_owned()).collect();
        client.publish.insert(mid.to_string(), (track.to_owned(), rids));
        self.answer(who, offer.to_sdp_string(), pending);
        mid
    }

    /// Publish a microphone.
    pub(crate) fn publish_microphone(&mut self, who: usize, track: &str) -> Mid {
        let client = &mut self.clients[who];
        let mut api = client.rtc.sdp_api();
        let mid = api.add_media(MediaKind::Audio, Direction::SendOnly, None, None, None);
        let (offer, pending) = api.apply().expect("an offer");
        client.publish.insert(mid.to_string(), (track.to_owned(), Vec::new()));
        client.microphones.insert(mid.to_string());
        self.answer(who, offer.to_sdp_string(), pending);
        mid
    }

    /// Add a section that shows a track.
    pub(crate) fn subscribe(&mut self, who: usize, kind: MediaKind, track: &str, publisher: &str) -> Mid {
        let client = &mut self.clients[who];
        let mut api = client.rtc.sdp_api();
        let mid = api.add_media(kind, Direction::RecvOnly, None, None, None);
        let (offer, pending) = api.apply().expect("an offer");
        client.subscribe.insert(mid.to_string(), (track.to_owned(), publisher.to_owned()));
        self.answer(who, offer.to_sdp_string(), pending);
        mid
    }

    /// Let an existing section show another track.
    pub(crate) fn reuse(&mut self, who: usize, mid: Mid, track: &str, publisher: &str) {
        self.clients[who].subscribe.insert(mid.to_string(), (track.to_owned(), publisher.to_owned()));
        self.restart_ice(who);
    }

    pub(crate) fn wish(&mut self, who: usize, track: &str, is_enabled: bool, max_layer: u8) {
        let peer = self.clients[who].name.into();
        let wish = Wish { is_enabled, max_layer, max_fps: 0, priority: 1 };
        self.command(Command::SetSubscription { peer, track: track.into(), wish });
    }

    /// Deliver everything that is due now.
    pub(crate) fn settle(&mut self) {
        loop {
            self.board.flush(self.now);
            self.events.append(&mut self.board.outbox.events);
            let mut is_quiet = true;
            for datagram in self.board.outbox.take_datagrams() {
                if let Some(who) = self.clients.iter().position(|c| c.seen_at == datagram.path.remote) {
                    is_quiet = false;
                    if is_lost(&mut self.media_datagrams[TO_CLIENT], self.loss[TO_CLIENT], &datagram.bytes) {
                        self.lost += 1;
                        continue;
                    }
                    let parcel = Parcel { who, direction: TO_CLIENT, bytes: datagram.bytes };
                    match &mut self.network {
                        None => self.deliver(&parcel),
                        Some(network) => network.send(self.now, parcel),
                    }
                }
            }
            for who in 0..self.clients.len() {
                for bytes in self.clients[who].drain(self.now) {
                    is_quiet = false;
                    if is_lost(&mut self.media_datagrams[TO_SERVER], self.loss[TO_SERVER], &bytes) {
                        self.lost += 1;
                        continue;
                    }
                    if self.loses_nominations && is_nomination(&bytes) {
                        self.lost += 1;
                        continue;
                    }
                    self.recorded.push((self.clients[who].seen_at, bytes.clone()));
                    let parcel = Parcel { who, direction: TO_SERVER, bytes };
                    match &mut self.network {
                        None => self.deliver(&parcel),
                        Some(network) => network.send(self.now, parcel),
                    }
                }
            }
            while let Some(parcel) = self.network.as_mut().and_then(|network| network.due(self.now)) {
                is_quiet = false;
                self.deliver(&parcel);
            }
            if is_quiet {
                break;
            }
        }
        let excess = self.recorded.len().saturating_sub(500);
        self.recorded.drain(..excess);
    }

    fn deliver(&mut self, parcel: &Parcel) {
        let server = SERVER.parse().expect("address");
        let client = &mut self.clients[parcel.who];
        if parcel.direction == TO_CLIENT {
            client.receive(self.now, server, &parcel.bytes);
        } else {
            self.board.receive(self.now, Path::udp(server, client.seen_at), &parcel.bytes);
        }
    }

    /// Let time pass.
    pub(crate) fn run(&mut self, span: Duration) {
        let end = self.now + span;
        while self.now < end {
            let clients = self.clients.iter().map(|client| client.deadline).min().unwrap_or(end);
            let parcels = self.network.as_ref().and_then(Network::next).unwrap_or(end);
            let next = self.board.next_deadline().min(clients).min(parcels).min(end);
            // At least a little, so that a deadline that stays in the past cannot stop the clock.
            self.now = next.max(self.now + Duration::from_micros(100)).min(end.max(self.now));
            self.settle();
        }
    }

    pub(crate) fn run_until(&mut self, what: &str, is_done: impl Fn(&Self) -> bool) {
        for _ in 0..2_000 {
            if is_done(self) {
                return;
            }
            self.run(Duration::from_millis(5));
        }
        panic!("did not happen within 10 s: {what}");
    }

    /// One picture of each layer, as a camera would send it. Layers that were asked for a key frame send one.
    pub(crate) fn send_picture(&mut self, who: usize, camera: &mut Camera) {
        self.write_picture(who, camera);
        self.settle();
    }

    /// A picture in all layers, which goes when the client is drained.
    pub(crate) fn write_picture(&mut self, who: usize, camera: &mut Camera) {
        let requests: Vec<_> = self.clients[who].keyframe_requests.drain(..).collect();
        for (mid, rid) in requests {
            if mid == camera.mid
                && let Some(layer) = RIDS.iter().position(|name| rid.is_some_and(|r| *r == **name))
            {
                camera.wants_key[layer] = true;
            }
        }
        for (layer, rid) in RIDS.iter().enumerate() {
            let is_key = std::mem::take(&mut camera.wants_key[layer]);
            let payload = vp8(is_key, camera.picture_id, camera.tl0, layer as u8);
            let client = &mut self.clients[who];
            let mut direct = client.rtc.direct_api();
            let Some(stream) = direct.stream_tx_by_mid(camera.mid, Some(Rid::from(*rid))) else {
                panic!("no stream for layer {layer}")
            };
            let timestamp = camera.timestamp.wrapping_add(1_000_000 * layer as u32);
            let seq = camera.seqs[layer];
            camera.seqs[layer] += 1;
            stream.write_rtp(
                RtpWrite::new(camera.payload_type.into(), seq.into(), timestamp, self.now, payload)
                    .marker(true)
                    .nackable(true),
            );
            client.advance(self.now);
        }
        camera.picture_id = camera.picture_id.wrapping_add(1) & 0x7fff;
        camera.tl0 = camera.tl0.wrapping_add(1);
        camera.timestamp = camera.timestamp.wrapping_add(3_000);
    }

    /// `count` pictures at 30 a second.
    pub(crate) fn film(&mut self, who: usize, camera: &mut Camera, count: usize) {
        for _ in 0..count {
            self.send_picture(who, camera);
            self.run(Duration::from_micros(33_333));
        }
    }

    /// `count` packets of 20 ms with a level.
    pub(crate) fn speak(&mut self, who: usize, voice: &mut Voice, minus_dbov: i8, count: usize) {
        for _ in 0..count {
            voice.write(&mut self.clients[who], self.now, minus_dbov);
            self.settle();
            self.run(Duration::from_millis(20));
        }
    }

    /// Send a message as the client.
    pub(crate) fn send_message(&mut self, who: usize, bytes: &[u8]) {
        let client = &mut self.clients[who];
        let id = client.channels["_reliable"];
        let mut channel = client.rtc.channel(id).expect("open");
        assert!(channel.write(true, bytes).expect("written"));
        client.advance(self.now);
        self.settle();
    }

    pub(crate) fn has_event(&self, is_it: impl Fn(&Event) -> bool) -> bool {
        self.events.iter().any(is_it)
    }

    /// Nobody was closed and nothing panicked.
    pub(crate) fn assert_healthy(&self) {
        assert_eq!(self.board.counters().panics, 0);
        let closed: Vec<_> = self.events.iter().filter(|e| matches!(e, Event::Closed(..))).collect();
        assert!(closed.is_empty(), "{closed:?}");
    }
}
