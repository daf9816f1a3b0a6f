//! The other way round: we offer, and the peer's answer puts it in force.

use std::sync::Arc;
use std::time::Instant;

use palaver_session::{NegotiatedSession, OfferPlan, PreparedAnswer, SessionError, SessionFactory};

use super::peer::Phase;
use super::{CONNECT_TIMEOUT, PeerIx, PendingText, Step, Switchboard, guarded};
use crate::event::Event;
use crate::negotiation::track_names;

impl<F: SessionFactory> Switchboard<F> {
    pub(super) fn offer(&mut self, now: Instant, peer: Arc<str>, offer_id: i64, plan: &OfferPlan) {
        let made = self.negotiate_step(now, &peer, offer_id, |session| {
            let offer = session.offer(now, plan)?;
            Ok((offer, session.local_ufrag()))
        });
        let Some((ix, (offer, ufrag))) = made else { return };
        if self.peers.get(ix).is_some_and(|peer| matches!(peer.phase, Phase::Connecting { .. })) {
            self.peers.set_phase(now, ix, Phase::Connecting { until: now + CONNECT_TIMEOUT });
        }
        self.register_ufrag(ix, ufrag);
        let (text, assigned) = (offer.text, offer.assigned);
        self.outbox.texts.push(PendingText { peer, offer_id, text, offer_text: None, assigned });
        self.drain(now, ix);
    }

    pub(super) fn take_answer(&mut self, now: Instant, peer: Arc<str>, offer_id: i64, answer: PreparedAnswer) {
        let taken = self.negotiate_step(now, &peer, offer_id, |session| {
            let assigned = session.take_answer(now, answer)?;
            Ok((assigned, session.local_ufrag()))
        });
        let Some((ix, (assigned, ufrag))) = taken else { return };
        self.register_ufrag(ix, ufrag);
        self.set_sections(now, ix, &assigned);
        self.outbox.events.push(Event::AnswerTaken { peer, offer_id, tracks: track_names(&assigned) });
        self.drain(now, ix);
    }

    /// One step of a negotiation: a description that does not fit is reported and no reason to close.
    fn negotiate_step<T>(
        &mut self,
        now: Instant,
        name: &Arc<str>,
        offer_id: i64,
        step: impl FnOnce(&mut F::Session) -> Result<T, SessionError>,
    ) -> Option<(PeerIx, T)> {
        let ix = *self.by_name.get(name)?;
        let session = &mut self.peers.get_mut(ix)?.session;
        let done = guarded(|| match step(session) {
            Err(SessionError::BadOffer(text)) => Ok(Err(text)),
            other => other.map(Ok),
        });
        match done {
            Step::Done(Ok(value)) => return Some((ix, value)),
            Step::Done(Err(message)) => {
                let peer = name.clone();
                self.outbox.events.push(Event::NegotiationFailed { peer, offer_id, code: "bad_offer", message });
                self.drain(now, ix);
            }
            Step::Failed(reason, text) => self.fail(now, ix, reason, &text),
        }
        None
    }
}
