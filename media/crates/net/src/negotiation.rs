//! The negotiation thread: descriptions are read, narrowed, printed and finished here, never on a media thread.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use palaver_session::sdp::{Assignment, Direction, Kind, SdpError, narrow_offer, parse_offer, rewrite_answer};
use palaver_session::{Mid, PreparedAnswer, PreparedOffer, Rid};

use crate::command::{Accept, Command, Publish};
use crate::event::{Event, EventQueue, LogLevel};
use crate::switchboard::{PendingText, panic_text};

/// Offers that may wait to be read.
const MAX_WAITING_OFFERS: usize = 1_024;

/// An offer as the control plane hands it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiate {
    /// Whose.
    pub peer: String,
    /// The client's number of the offer.
    pub offer_id: i64,
    /// The description.
    pub offer: String,
    /// Section → track and layers, smallest first.
    pub publish: BTreeMap<String, (String, Vec<String>)>,
    /// Sections that publish a microphone.
    pub microphones: BTreeSet<String>,
    /// Section → track and its publisher.
    pub subscribe: BTreeMap<String, (String, String)>,
}

/// A peer's answer as the control plane hands it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whose.
    pub peer: String,
    /// The number of the offer.
    pub offer_id: i64,
    /// The description.
    pub answer: String,
}

enum Job {
    Read(Box<Negotiate>),
    ReadAnswer(Answer),
    Print(PendingText),
}

/// The way to the negotiation thread.
#[derive(Clone)]
pub(crate) struct Negotiation {
    jobs: Sender<Job>,
    waiting_offers: Arc<AtomicUsize>,
}

/// The thread's end.
pub(crate) struct NegotiationThread {
    jobs: Receiver<Job>,
    waiting_offers: Arc<AtomicUsize>,
}

pub(crate) fn negotiation() -> (Negotiation, NegotiationThread) {
    let (sender, receiver) = channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    (
        Negotiation { jobs: sender, waiting_offers: Arc::clone(&waiting) },
        NegotiationThread { jobs: receiver, waiting_offers: waiting },
    )
}

impl Negotiation {
    /// `false` when too many offers wait, or the thread is gone.
    pub(crate) fn read(&self, negotiate: Negotiate) -> bool {
        self.enqueue(Job::Read(Box::new(negotiate)))
    }

    /// The same for an answer.
    pub(crate) fn read_answer(&self, answer: Answer) -> bool {
        self.enqueue(Job::ReadAnswer(answer))
    }

    fn enqueue(&self, job: Job) -> bool {
        if self.waiting_offers.fetch_add(1, Ordering::Relaxed) >= MAX_WAITING_OFFERS {
            self.waiting_offers.fetch_sub(1, Ordering::Relaxed);
            return false;
        }
        self.jobs.send(job).is_ok()
    }

    /// Never refused: each was an offer or a command that was counted.
    pub(crate) fn print(&self, text: PendingText) {
        // The thread outlives the workers, so that this fails only while the process ends.
        let _ = self.jobs.send(Job::Print(text));
    }
}

impl NegotiationThread {
    /// Until all senders are gone. `to_worker` is `false` when the worker's queue is full.
    pub(crate) fn run(&self, events: &EventQueue, to_worker: impl Fn(Command) -> bool) {
        while let Ok(job) = self.jobs.recv() {
            // A defect in a parser costs the one negotiation, and its client is told.
            let (peer, offer_id, result) = match job {
                Job::Read(negotiate) => {
                    self.waiting_offers.fetch_sub(1, Ordering::Relaxed);
                    let (peer, offer_id) = (Arc::<str>::from(negotiate.peer.as_str()), negotiate.offer_id);
                    let read = || read(*negotiate).map(|accept| Command::Accept(Box::new(accept)));
                    (peer, offer_id, hand_over(read, &to_worker))
                }
                Job::ReadAnswer(Answer { peer, offer_id, answer }) => {
                    self.waiting_offers.fetch_sub(1, Ordering::Relaxed);
                    let peer = Arc::<str>::from(peer);
                    let read = || {
                        let answer = Box::new(PreparedAnswer::parse(&answer)?);
                        Ok(Command::TakeAnswer { peer: peer.clone(), offer_id, answer })
                    };
                    let result = hand_over(read, &to_worker);
                    (peer, offer_id, result)
                }
                Job::Print(pending) => {
                    let result = catch_unwind(AssertUnwindSafe(|| {
                        events.push([print(&pending)]);
                        Ok(())
                    }));
                    (pending.peer, pending.offer_id, result)
                }
            };
            let (code, message) = match result {
                Ok(Ok(())) => continue,
                Ok(Err(reason)) => reason,
                Err(panic) => {
                    let text = format!("a negotiation failed: {}", panic_text(panic.as_ref()));
                    events.push([Event::Log(LogLevel::Error, text)]);
                    ("bad_sdp", "the offer cannot be read".to_owned())
                }
            };
            events.push([Event::NegotiationFailed { peer, offer_id, code, message }]);
        }
    }
}

/// What a job came to: done, refused for a reason, or a panic.
type Outcome = std::thread::Result<Result<(), (&'static str, String)>>;

fn hand_over(read: impl FnOnce() -> Result<Command, SdpError>, to_worker: impl Fn(Command) -> bool) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| match read() {
        Ok(command) => to_worker(command).then_some(()).ok_or_else(|| ("queue_full", "the engine is busy".to_owned())),
        Err(error) => Err(("bad_sdp", error.to_string())),
    }))
}

/// Read and narrow an offer.
pub fn read(negotiate: Negotiate) -> Result<Accept, SdpError> {
    let Negotiate { peer, offer_id, offer: offer_text, publish, microphones, subscribe } = negotiate;
    let sections = parse_offer(&offer_text)?;
    let mut published = BTreeMap::new();
    let mut assigned = BTreeMap::new();
    for section in sections.iter().filter(|section| !section.is_rejected && section.kind != Kind::Application) {
        let is_sending = matches!(section.direction, Direction::SendOnly | Direction::SendRecv);
        let is_receiving = matches!(section.direction, Direction::RecvOnly | Direction::SendRecv);
        if let Some((track, rids)) = publish.get(section.mid.as_str())
            && is_sending
        {
            let publish = Publish {
                track: Arc::from(track.as_str()),
                is_audio: section.kind == Kind::Audio,
                rids: layers(rids, &section.rids),
                is_microphone: microphones.contains(section.mid.as_str()),
            };
            published.insert(section.mid, publish);
        } else if let Some((track, publisher)) = subscribe.get(section.mid.as_str())
            && is_receiving
        {
            let assignment = Assignment { publisher: publisher.clone(), track: track.clone() };
            assigned.insert(section.mid, assignment);
        }
    }
    let keys = |mids: Vec<Mid>| mids.into_iter().collect::<BTreeSet<_>>();
    let narrowed = narrow_offer(
        &offer_text,
        &keys(published.keys().copied().collect()),
        &keys(assigned.keys().copied().collect()),
    )?;
    let offer = PreparedOffer::parse(&narrowed)?;
    Ok(Accept { peer: Arc::from(peer), offer_id, offer, offer_text, publish: published, subscribe: assigned })
}

/// The layers that the control plane named, as far as the offer has them.
fn layers(named: &[String], offered: &[Rid]) -> Vec<Rid> {
    named.iter().filter_map(|name| Rid::new(name)).filter(|rid| offered.contains(rid)).collect()
}

/// Print and finish an answer, or an offer of ours.
pub fn print(pending: &PendingText) -> Event {
    let text = pending.text.print();
    let (peer, offer_id) = (pending.peer.clone(), pending.offer_id);
    let tracks = track_names(&pending.assigned);
    match &pending.offer_text {
        Some(offer) => Event::Answer { peer, offer_id, sdp: rewrite_answer(&text, offer, &pending.assigned), tracks },
        // Its own order is the order to keep.
        None => Event::Offer { peer, offer_id, sdp: rewrite_answer(&text, &text, &pending.assigned), tracks },
    }
}

/// Section → track, as the control plane knows them.
pub(crate) fn track_names(assigned: &BTreeMap<Mid, Assignment>) -> BTreeMap<String, String> {
    assigned.iter().map(|(mid, a)| (mid.to_string(), a.track.clone())).collect()
}
