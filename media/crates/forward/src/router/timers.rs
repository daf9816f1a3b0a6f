//! What happens because time passed: layers die, requests are due, speech is reported.

use super::Router;
use super::api::{Kind, Output};
use crate::select::GIVE_UP;
use crate::speakers::{REPORT_INTERVAL, SpeakerChange};
use crate::units::{LayerIx, Micros};

/// How often the life of layers is looked at.
const TICK: Micros = Micros::from_millis(100);

/// The router's deadlines.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Timers {
    /// Something changed that may need an output now or an earlier deadline.
    is_awake: bool,
    /// Something changed that the lines must be shared anew for.
    are_lines_due: bool,
    /// Next look at the layers, while any lives or lived lately.
    tick: Option<Micros>,
    /// Next list of speakers, while anybody speaks.
    report: Option<Micros>,
    last_report: Option<Micros>,
    /// The next request that is due, to a publisher who is connected.
    request: Option<Micros>,
    /// The next packet of a track that does not begin by itself.
    opening: Option<Micros>,
}

impl Timers {
    pub(super) fn wake(&mut self) {
        self.is_awake = true;
    }

    pub(super) fn wake_for_lines(&mut self) {
        self.is_awake = true;
        self.are_lines_due = true;
    }

    pub(super) fn wake_for_tick(&mut self, now: Micros) {
        self.tick.get_or_insert(now.plus(TICK));
    }

    pub(super) fn wake_for_report(&mut self, now: Micros) {
        let soonest = self.last_report.map_or(now, |last| now.max(last.plus(REPORT_INTERVAL)));
        self.report.get_or_insert(soonest);
    }

    pub(super) fn wake_for_opening(&mut self, due: Micros) {
        self.opening = self.opening.into_iter().chain([due]).min();
    }

    /// Whether openings are due; they tell anew when the next is.
    pub(super) fn take_opening(&mut self, now: Micros) -> bool {
        self.opening.take_if(|due| *due <= now).is_some()
    }

    fn deadline(&self) -> Option<Micros> {
        [self.tick, self.report, self.request, self.opening].into_iter().flatten().min()
    }
}

impl Router {
    /// Drain one output; ends with [`Output::Idle`].
    pub fn poll(&mut self, now: Micros) -> Output {
        if let Some(output) = self.outputs.pop_front() {
            return output;
        }
        if self.timers.is_awake || self.timers.deadline().is_some_and(|deadline| deadline <= now) {
            self.timers.is_awake = false;
            self.look_at_layers(now);
            if std::mem::take(&mut self.timers.are_lines_due) {
                self.share_lines(now);
            }
            self.send_requests(now);
            self.send_openings(now);
            self.report_speakers(now);
        }
        self.outputs.pop_front().unwrap_or(Output::Idle { deadline: self.timers.deadline() })
    }

    fn look_at_layers(&mut self, now: Micros) {
        if self.timers.tick.is_none_or(|tick| tick > now) {
            return;
        }
        let mut is_restless = false;
        for (_, track) in self.tracks.iter_mut().filter(|(_, track)| track.kind == Kind::Video) {
            let mut is_changed = track.lives.tick(now);
            for (index, layer) in track.layers.iter().enumerate() {
                let Some(layer_ix) = LayerIx::new(index) else { continue };
                let is_in_vain = layer.requester.waiting_since().is_some_and(|since| now.since(since) >= GIVE_UP);
                if is_in_vain && track.lives.has_other_alive(layer_ix) {
                    is_changed |= track.lives.ban(layer_ix, now);
                }
            }
            if is_changed {
                track.choose(now);
                track.demand_keyframes(now);
            }
            is_restless |= track.lives.is_restless();
        }
        self.timers.tick = is_restless.then(|| now.plus(TICK));
        self.timers.are_lines_due = true;
    }

    pub(super) fn send_requests(&mut self, now: Micros) {
        let mut next: Option<Micros> = None;
        for (key, track) in self.tracks.iter_mut() {
            if !self.publishers.get(track.publisher).is_some_and(|publisher| publisher.is_connected) {
                continue;
            }
            for (index, layer) in track.layers.iter_mut().enumerate() {
                if layer.requester.poll(now)
                    && let Some(layer) = LayerIx::new(index)
                {
                    self.counters.keyframe_requests = self.counters.keyframe_requests.saturating_add(1);
                    self.outputs.push_back(Output::KeyframeRequest { track: key, layer });
                }
                next = next.into_iter().chain(layer.requester.due()).min();
            }
        }
        self.timers.request = next;
    }

    fn report_speakers(&mut self, now: Micros) {
        if self.timers.report.is_none_or(|report| report > now) {
            return;
        }
        self.speaker_changes.clear();
        let departed = self.departed_speakers.drain(..);
        self.speaker_changes.extend(departed.map(|track| SpeakerChange { track, level: 0.0, is_active: false }));
        let mut is_restless = false;
        for (key, track) in self.tracks.iter_mut().filter(|(_, track)| track.kind == Kind::Audio) {
            if let Some((level, is_active)) = track.speech.report(now) {
                self.speaker_changes.push(SpeakerChange { track: key, level, is_active });
            }
            is_restless |= track.speech.is_restless();
        }
        self.timers.report = is_restless.then(|| now.plus(REPORT_INTERVAL));
        if !self.speaker_changes.is_empty() {
            self.timers.last_report = Some(now);
            self.outputs.push_back(Output::SpeakersChanged);
        }
    }
}
