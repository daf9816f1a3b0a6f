//! First packets of silent tracks, for subscribers to whom a track is there when its first packet is: programs on Pion.

use super::api::{Kind, Output};
use super::{Router, Section};
use crate::slab::{SectionKey, SubscriberKey};
use crate::units::Micros;

/// The track has a chance to begin by itself.
const CHANCE: Micros = Micros::from_millis(100);
/// One may be lost, …
const AGAIN_AFTER: Micros = Micros::from_millis(500);
/// … so there are some.
const PACKETS: u8 = 10;
const AUDIO_HZ: u32 = 48_000;
const VIDEO_HZ: u32 = 90_000;

/// What is still to be sent in a section that nothing came in since it shows its track.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening {
    due: Micros,
    left: u8,
}

impl Router {
    /// Send the subscriber a few packets of nothing at the beginning of each track that does not begin by itself.
    pub fn set_needs_opening(&mut self, subscriber: SubscriberKey) {
        if let Some(state) = self.subscribers.get_mut(subscriber) {
            state.needs_opening = true;
        }
    }

    /// The section may have something to open now.
    pub(super) fn await_opening(&mut self, section: SectionKey, now: Micros) {
        let Some(state) = self.sections.get_mut(section) else { return };
        let owner = state.subscriber.and_then(|subscriber| self.subscribers.get(subscriber));
        if !owner.is_some_and(|owner| owner.needs_opening) || state.opening.is_some() {
            return;
        }
        if state.is_ready && state.shows.is_some() {
            let due = now.plus(CHANCE);
            state.opening = Some(Opening { due, left: PACKETS });
            self.timers.wake_for_opening(due);
        }
    }

    pub(super) fn send_openings(&mut self, now: Micros) {
        if !self.timers.take_opening(now) {
            return;
        }
        let mut next: Option<Micros> = None;
        for (_, section) in self.sections.iter_mut() {
            let Section { shows: Some((track, position)), opening: Some(opening), .. } = section else { continue };
            let Some(track) = self.tracks.get(*track) else { continue };
            if track.subscriptions.get(*position).is_none_or(|subscription| subscription.current.is_some()) {
                opening.left = 0;
            }
            if opening.left == 0 {
                continue;
            }
            if opening.due <= now && section.is_ready {
                (opening.due, opening.left) = (now.plus(AGAIN_AFTER), opening.left - 1);
                let rate = if track.kind == Kind::Audio { AUDIO_HZ } else { VIDEO_HZ };
                let (seq, timestamp) = section.rewriter.insert_at(rate, now);
                self.outputs.push_back(Output::Opening { target: section.target, kind: track.kind, seq, timestamp });
            }
            next = next.into_iter().chain([opening.due.max(now.plus(CHANCE))]).min();
        }
        if let Some(due) = next {
            self.timers.wake_for_opening(due);
        }
    }
}
