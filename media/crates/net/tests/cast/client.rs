//! A browser's stand-in: a str0m client that keeps what it gets.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::time::Instant;

use palaver_session::srtp::Slot;
use str0m::channel::ChannelId;
use str0m::media::{Mid, Rid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpPacket;
use str0m::{Input, Output, Rtc};

/// A browser's stand-in.
pub(crate) struct Client {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    /// Where the server sees it: another address than its own behind a NAT.
    pub(crate) seen_at: SocketAddr,
    pub(crate) rtc: Rtc,
    /// Where the keys of its handshake appear.
    pub(crate) keys: Slot,
    pub(crate) offer_id: i64,
    pub(crate) is_connected: bool,
    pub(crate) is_closed: bool,
    pub(crate) packets: Vec<RtpPacket>,
    pub(crate) keyframe_requests: Vec<(Mid, Option<Rid>)>,
    pub(crate) messages: Vec<Vec<u8>>,
    pub(crate) channels: HashMap<String, ChannelId>,
    pub(crate) sender_reports: Vec<str0m::media::SenderFeedback>,
    pub(crate) deadline: Instant,
    pub(crate) publish: BTreeMap<String, (String, Vec<String>)>,
    pub(crate) microphones: BTreeSet<String>,
    pub(crate) subscribe: BTreeMap<String, (String, String)>,
    pub(crate) last_answer: String,
}

impl Client {
    pub(crate) fn receive(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) {
        let received = Receive::new(Protocol::Udp, from, self.address, bytes).expect("the server sends no garbage");
        self.rtc.handle_input(Input::Receive(now, received)).expect("the client lives");
        self.handle_output(now);
    }

    pub(crate) fn advance(&mut self, now: Instant) {
        self.rtc.handle_input(Input::Timeout(now)).expect("the client lives");
    }

    /// What it sends now.
    pub(crate) fn drain(&mut self, now: Instant) -> Vec<Vec<u8>> {
        if self.deadline <= now {
            self.advance(now);
        }
        self.handle_output(now);
        std::mem::take(&mut OUTGOING.with_borrow_mut(|map| map.remove(&self.address).unwrap_or_default()))
    }

    fn handle_output(&mut self, _now: Instant) {
        loop {
            match self.rtc.poll_output().expect("the client lives") {
                Output::Timeout(at) => return self.deadline = at,
                Output::Transmit(t) => {
                    OUTGOING.with_borrow_mut(|map| map.entry(self.address).or_default().push(t.contents.into()));
                }
                Output::Event(event) => self.on_event(event),
            }
        }
    }

    fn on_event(&mut self, event: str0m::Event) {
        use str0m::Event;
        match event {
            Event::Connected => self.is_connected = true,
            Event::Closed => self.is_closed = true,
            Event::RtpPacket(packet) => self.packets.push(packet),
            Event::KeyframeRequest(request) => self.keyframe_requests.push((request.mid, request.rid)),
            Event::SenderFeedback(feedback) => self.sender_reports.push(feedback),
            Event::ChannelOpen(id, label) => {
                self.channels.insert(label, id);
            }
            Event::ChannelData(message) => self.messages.push(message.data),
            _ => {}
        }
    }

    /// Received packets of a section.
    pub(crate) fn packets_of(&mut self, mid: Mid) -> Vec<&RtpPacket> {
        let ssrc = self.rtc.direct_api().stream_rx_by_mid(mid, None).map(|stream| stream.ssrc());
        self.packets.iter().filter(|packet| Some(packet.header.ssrc) == ssrc).collect()
    }
}

thread_local! {
    /// Datagrams of clients on their way; apart from the clients so that `handle_output` can be called anywhere.
    static OUTGOING: std::cell::RefCell<HashMap<SocketAddr, Vec<Vec<u8>>>> = std::cell::RefCell::default();
}
