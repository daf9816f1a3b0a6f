//! A defect in one peer's code costs that peer only.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_wrap,
    reason = "a test fails by panicking"
)]

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use palaver_net::command::{Accept, Command, Publish};
use palaver_net::event::{CloseReason, Event};
use palaver_net::switchboard::Switchboard;
use palaver_session::api::{DataOutcome, Printed};
use palaver_session::sdp::Assignment;
use palaver_session::{
    CarriedExtensions, Codec, Endpoint, MadeOffer, Mid, NegotiatedSession, OfferPlan, OutgoingRtp, Output, Path,
    PreparedAnswer, PreparedOffer, ReceivedRtp, Rid, SessionError, SessionEvent, SessionFactory, Written,
};

/// Where a session is made to fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fault {
    Send,
    Poll,
    Advance,
    Keyframe,
    Engine,
}

/// What the test and a session share.
#[derive(Default)]
struct Script {
    events: VecDeque<SessionEvent>,
    sent: usize,
    fault: Option<Fault>,
}

type Shared = Rc<RefCell<Script>>;

/// Answers everything, sends nothing, fails where the script says so.
struct ScriptedSession {
    script: Shared,
    now: Instant,
}

impl ScriptedSession {
    fn fail_at(&self, place: Fault) {
        let fault = self.script.borrow().fault;
        assert!(fault != Some(place), "defect in {place:?}");
    }
}

struct NoText;

impl Printed for NoText {
    fn print(&self) -> String {
        String::new()
    }
}

impl NegotiatedSession for ScriptedSession {
    fn accept(&mut self, _: Instant, _: PreparedOffer) -> Result<Box<dyn Printed>, SessionError> {
        Ok(Box::new(NoText))
    }

    fn offer(&mut self, _: Instant, _: &OfferPlan) -> Result<MadeOffer, SessionError> {
        Ok(MadeOffer { text: Box::new(NoText), assigned: BTreeMap::new() })
    }

    fn take_answer(&mut self, _: Instant, _: PreparedAnswer) -> Result<BTreeMap<Mid, Assignment>, SessionError> {
        Ok(BTreeMap::new())
    }

    fn local_ufrag(&mut self) -> String {
        "ufrag".to_owned()
    }

    fn receive(&mut self, _: Instant, _: Path, _: &[u8]) -> Result<(), SessionError> {
        Ok(())
    }

    fn advance(&mut self, now: Instant) -> Result<(), SessionError> {
        self.now = now;
        self.fail_at(Fault::Advance);
        if self.script.borrow().fault == Some(Fault::Engine) {
            return Err(SessionError::Engine("beyond repair".to_owned()));
        }
        Ok(())
    }

    fn poll(&mut self) -> Result<Output, SessionError> {
        self.fail_at(Fault::Poll);
        let event = self.script.borrow_mut().events.pop_front();
        Ok(event.map_or(Output::Idle(self.now + Duration::from_millis(10)), Output::Event))
    }

    fn send_rtp(&mut self, _: Instant, _: Mid, _: &OutgoingRtp<'_>, _: &mut Vec<u8>) -> Written {
        self.fail_at(Fault::Send);
        self.script.borrow_mut().sent += 1;
        Written::Refused
    }

    fn can_send(&self, _: Mid, codec: Codec) -> bool {
        codec != Codec::Red
    }

    fn request_keyframe(&mut self, _: Mid, _: Option<Rid>) -> bool {
        self.fail_at(Fault::Keyframe);
        true
    }

    fn send_data(&mut self, _: &str, _: &[u8]) -> Result<DataOutcome, SessionError> {
        Ok(DataOutcome::Sent)
    }

    fn add_candidate(&mut self, _: &str) -> bool {
        true
    }

    fn close(&mut self) {}
}

/// Hands out the scripts in order.
struct Factory(RefCell<VecDeque<Shared>>);

impl SessionFactory for Factory {
    type Session = ScriptedSession;

    fn make(&self, now: Instant, _: &[Endpoint]) -> ScriptedSession {
        ScriptedSession { script: self.0.borrow_mut().pop_front().expect("a script"), now }
    }
}

const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\na=ice-ufrag:abcd\r\n\
    a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa\r\na=fingerprint:sha-256 00:01\r\na=setup:actpass\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=rtcp-mux\r\n\
    a=rtpmap:111 opus/48000/2\r\n";

fn accept(peer: &str, publish: Option<(&str, bool)>, subscribe: Option<&str>) -> Command {
    let mid = Mid::new("0").expect("mid");
    let publish = publish.map(|(track, is_audio)| {
        (mid, Publish { track: track.into(), is_audio, rids: Vec::new(), is_microphone: is_audio })
    });
    let assign = |track: &str| Assignment { publisher: "PA".to_owned(), track: track.to_owned() };
    Command::Accept(Box::new(Accept {
        peer: peer.into(),
        offer_id: 1,
        offer: PreparedOffer::parse(&OFFER.replace("00:01", &["00"; 32].join(":"))).expect("an offer"),
        offer_text: String::new(),
        publish: publish.into_iter().collect(),
        subscribe: subscribe.map(|track| (mid, assign(track))).into_iter().collect(),
    }))
}

struct Stage {
    board: Switchboard<Factory>,
    now: Instant,
    scripts: Vec<Shared>,
}

impl Stage {
    /// Alice publishes, bob and carol subscribe, all are up.
    fn new(is_audio: bool) -> Self {
        let scripts: Vec<Shared> = (0..3).map(|_| Shared::default()).collect();
        let now = Instant::now();
        let factory = Factory(RefCell::new(scripts.iter().cloned().collect()));
        let mut board = Switchboard::new(factory, Vec::new(), now);
        for name in ["alice", "bob", "carol"] {
            board.command(now, Command::OpenPeer { room: "room".into(), peer: name.into() });
        }
        board.command(now, accept("alice", Some(("TR", is_audio)), None));
        board.command(now, accept("bob", None, Some("TR")));
        board.command(now, accept("carol", None, Some("TR")));
        for script in &scripts {
            script.borrow_mut().events.push_back(SessionEvent::Connected);
        }
        let mut stage = Self { board, now, scripts };
        stage.tick();
        stage
    }

    fn tick(&mut self) {
        self.now += Duration::from_millis(20);
        self.board.flush(self.now);
    }

    fn speak(&mut self, seq: u64) {
        self.packet(seq, Codec::Opus, &[0x78, 1, 2]);
    }

    fn packet(&mut self, seq: u64, codec: Codec, payload: &[u8]) {
        self.scripts[0].borrow_mut().events.push_back(SessionEvent::Rtp(ReceivedRtp {
            mid: Mid::new("0").expect("mid"),
            rid: None,
            codec,
            seq,
            timestamp: seq as u32 * 960,
            marker: false,
            payload: Arc::from(payload),
            extensions: CarriedExtensions::default(),
        }));
        self.tick();
    }

    fn sent(&self, who: usize) -> usize {
        self.scripts[who].borrow().sent
    }

    fn closed(&mut self) -> Vec<(String, CloseReason)> {
        let events = self.board.outbox.events.drain(..);
        events
            .filter_map(|e| if let Event::Closed(peer, why) = e { Some((peer.to_string(), why)) } else { None })
            .collect()
    }
}

#[test]
fn everybody_gets_the_packet_when_nothing_fails() {
    let mut stage = Stage::new(true);
    stage.speak(1);
    assert_eq!((stage.sent(1), stage.sent(2)), (1, 1));
    assert_eq!(stage.closed(), []);
}

#[test]
fn a_panic_while_bob_is_sent_a_packet_closes_bob_only() {
    for fault in [Fault::Send, Fault::Poll, Fault::Advance] {
        let mut stage = Stage::new(true);
        stage.scripts[1].borrow_mut().fault = Some(fault);
        stage.speak(1);
        assert_eq!(stage.closed(), [("bob".to_owned(), CloseReason::Panic)], "{fault:?}");
        stage.speak(2);
        assert_eq!(stage.sent(2), 2, "carol hears on after {fault:?}");
        assert_eq!(stage.board.counters().panics, 1);
        assert_eq!(stage.board.peer_count(), 2);
    }
}

#[test]
fn a_panic_while_alice_is_asked_for_a_key_frame_closes_alice_only() {
    let mut stage = Stage::new(false);
    stage.scripts[0].borrow_mut().fault = Some(Fault::Keyframe);
    // Video subscribers wait for a key frame, so that one is asked for, again and again.
    for seq in 0..50 {
        stage.packet(seq, Codec::Vp8, &[0x10, 0x01, 0, 0]);
    }
    assert_eq!(stage.closed(), [("alice".to_owned(), CloseReason::Panic)]);
    assert_eq!(stage.board.peer_count(), 2);
}

#[test]
fn an_engine_error_is_told_with_its_text() {
    let mut stage = Stage::new(true);
    stage.scripts[1].borrow_mut().fault = Some(Fault::Engine);
    stage.tick();
    let told =
        stage.board.outbox.events.iter().any(|e| matches!(e, Event::Log(_, text) if text.contains("beyond repair")));
    assert!(told);
    assert_eq!(stage.closed(), [("bob".to_owned(), CloseReason::Panic)]);
}
