//! Which layer a subscription should be sent, as pure functions over what is alive.

use crate::units::{LayerIx, MAX_LAYERS, Micros, TEMPORAL_LAYERS};

/// A layer is alive this long after a packet …
const ALIVE: Micros = Micros::from_millis(1_000);
/// … and longer, unless another layer had packets this much later: a screen that stands still is sent once a second,
/// and its layers must not seem to die in turn.
const LEFT_BEHIND: Micros = Micros::from_millis(500);
/// A silent track can be asked for a key frame this long: the screen that stands still will answer, a stopped camera
/// will not.
const ASKABLE: Micros = Micros::from_millis(5_000);
/// A layer that died must live this long again before anybody is moved to it, if there is another.
const PROBATION: Micros = Micros::from_millis(2_000);
/// After the whole track was silent its layers come back one by one: nobody is moved during this time.
const REVIVAL: Micros = Micros::from_millis(500);
/// A layer that gave no key frame for this long although asked is given up …
pub(crate) const GIVE_UP: Micros = Micros::from_millis(5_000);
/// … for this long.
const BAN: Micros = Micros::from_millis(10_000);

/// The life of one layer.
#[derive(Clone, Copy, Debug, Default)]
struct LayerLife {
    last_at: Option<Micros>,
    is_alive: bool,
    /// Alive, or silent for a short time only.
    is_askable: bool,
    /// Not a target before this moment while there is another.
    trusted_at: Micros,
}

impl LayerLife {
    /// A packet arrived. Answers whether this begins a life, so that a choice must be made anew.
    fn on_packet(&mut self, now: Micros) -> bool {
        let is_first = self.last_at.is_none();
        self.last_at = Some(now);
        if self.is_alive {
            return false;
        }
        self.is_alive = true;
        self.is_askable = true;
        if !is_first {
            self.trusted_at = self.trusted_at.max(now.plus(PROBATION));
        }
        true
    }

    /// Time passed; `newest` is the last packet of any layer. Answers whether something changed.
    fn tick(&mut self, newest: Micros, now: Micros) -> bool {
        let Some(last) = self.last_at else { return false };
        let silence = now.since(last);
        let is_track_silent = now.since(newest) >= ALIVE;
        let is_dead = silence >= ALIVE && (is_track_silent || newest.since(last) >= LEFT_BEHIND);
        let is_out_of_reach = silence >= ASKABLE;
        let is_probation_over = self.trusted_at > Micros::ZERO && self.trusted_at <= now;
        let is_changed =
            (self.is_alive && is_dead) || (self.is_askable && is_out_of_reach) || (self.is_alive && is_probation_over);
        self.is_alive &= !is_dead;
        self.is_askable &= !is_out_of_reach;
        if is_probation_over {
            self.trusted_at = Micros::ZERO;
        }
        is_changed
    }

    fn is_trusted(&self, now: Micros) -> bool {
        self.is_alive && self.trusted_at <= now
    }
}

/// The lives of a track's layers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lives {
    layers: [LayerLife; MAX_LAYERS],
    /// When the track came back after complete silence.
    revived_at: Option<Micros>,
}

impl Lives {
    /// A packet of a layer arrived. Answers whether a choice must be made anew.
    pub(crate) fn on_packet(&mut self, layer: LayerIx, now: Micros) -> bool {
        let is_return = !self.any_alive() && self.layers.iter().any(|life| life.last_at.is_some());
        let is_reviving = is_return || self.is_reviving(now);
        let Some(life) = self.layers.get_mut(layer.index()) else { return false };
        let is_born = life.on_packet(now);
        if is_born && is_reviving {
            // It was silent because the track was: no reason to distrust it.
            life.trusted_at = life.trusted_at.min(now);
        }
        if is_return {
            self.revived_at = Some(now);
        }
        is_born
    }

    /// Time passed. Answers whether a choice must be made anew.
    pub(crate) fn tick(&mut self, now: Micros) -> bool {
        let newest = self.layers.iter().filter_map(|life| life.last_at).max().unwrap_or_default();
        let mut is_changed = false;
        for layer in &mut self.layers {
            is_changed |= layer.tick(newest, now);
        }
        if self.revived_at.is_some_and(|at| now.since(at) >= REVIVAL) {
            self.revived_at = None;
            is_changed = true;
        }
        is_changed
    }

    /// The layer gives no key frames: avoid it for a while. Answers whether that is news.
    pub(crate) fn ban(&mut self, layer: LayerIx, now: Micros) -> bool {
        let Some(life) = self.layers.get_mut(layer.index()).filter(|life| life.is_trusted(now)) else { return false };
        life.trusted_at = now.plus(BAN);
        true
    }

    /// Whether a key frame of this layer may be had by asking.
    pub(crate) fn is_askable(&self, layer: LayerIx) -> bool {
        self.layers.get(layer.index()).is_some_and(|life| life.is_alive || (life.is_askable && !self.any_alive()))
    }

    /// Whether time alone can still change something.
    pub(crate) fn is_restless(&self) -> bool {
        self.layers.iter().any(|life| life.is_askable)
    }

    pub(crate) fn is_alive(&self, layer: LayerIx) -> bool {
        self.layers.get(layer.index()).is_some_and(|life| life.is_alive)
    }

    pub(crate) fn has_other_alive(&self, layer: LayerIx) -> bool {
        self.layers.iter().enumerate().any(|(index, life)| index != layer.index() && life.is_alive)
    }

    pub(crate) fn has_alive_above(&self, layer: LayerIx) -> bool {
        self.layers.iter().skip(layer.index() + 1).any(|life| life.is_alive)
    }

    fn any_alive(&self) -> bool {
        self.layers.iter().any(|life| life.is_alive)
    }

    fn is_reviving(&self, now: Micros) -> bool {
        self.revived_at.is_some_and(|at| now.since(at) < REVIVAL)
    }

    /// The layer to send: the highest trusted one up to `max`, else the highest living one up to `max`, else the lowest
    /// living one above. While the track is silent or coming back the current one stays.
    pub(crate) fn choose(&self, max: LayerIx, current: Option<LayerIx>, now: Micros) -> Option<LayerIx> {
        let is_silent = !self.any_alive();
        if let Some(current) = current
            && (is_silent || (current <= max && self.is_reviving(now)))
        {
            return Some(current);
        }
        let wanted = || self.layers.iter().enumerate().take(max.index() + 1).rev();
        let above = || self.layers.iter().enumerate().skip(max.index() + 1);
        let is_living = |life: &LayerLife| life.is_alive || (is_silent && life.is_askable);
        wanted()
            .find(|(_, life)| life.is_trusted(now))
            .or_else(|| wanted().find(|(_, life)| is_living(life)))
            .or_else(|| above().find(|(_, life)| is_living(life)))
            .and_then(|(index, _)| LayerIx::new(index))
            .or(current)
    }
}

/// How long frames are counted for one measurement.
const RATE_WINDOW: Micros = Micros::from_millis(1_000);
/// A measured rate may exceed the wish by this much and still be chosen …
const RATE_JOIN_PERCENT: u32 = 110;
/// … and by this much and still be kept.
const RATE_LEAVE_PERCENT: u32 = 125;

/// Frames per second of each temporal layer with those below it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FrameRates {
    counted: [u32; TEMPORAL_LAYERS],
    per_second: [u32; TEMPORAL_LAYERS],
    since: Option<Micros>,
}

impl FrameRates {
    /// A new frame. Answers whether a measurement was completed.
    pub(crate) fn on_frame(&mut self, temporal_id: u8, now: Micros) -> bool {
        let since = *self.since.get_or_insert(now);
        let elapsed = now.since(since);
        let is_complete = elapsed >= RATE_WINDOW;
        if is_complete {
            let mut sum: u32 = 0;
            for (rate, count) in self.per_second.iter_mut().zip(&self.counted) {
                sum = sum.saturating_add(*count);
                *rate = u32::try_from(u64::from(sum).saturating_mul(1_000_000) / elapsed.0.max(1)).unwrap_or(u32::MAX);
            }
            self.counted = [0; TEMPORAL_LAYERS];
            self.since = Some(now);
        }
        if let Some(count) = self.counted.get_mut(usize::from(temporal_id)) {
            *count = count.saturating_add(1);
        }
        is_complete
    }

    /// Frames per second of a temporal layer with those below it; 0 before the first measurement.
    pub(crate) fn per_second(&self, temporal: u8) -> u32 {
        self.per_second.get(usize::from(temporal)).copied().unwrap_or_default()
    }

    /// The highest temporal layer that stays within `max_fps`, 0 meaning no limit; `current` is left only if the rate
    /// moved clearly. The base layer always remains.
    pub(crate) fn choose(&self, max_fps: u32, current: u8) -> u8 {
        let highest = TEMPORAL_LAYERS as u8 - 1;
        if max_fps == 0 {
            return highest;
        }
        (1..=highest)
            .rev()
            .find(|id| {
                let percent = if *id == current { RATE_LEAVE_PERCENT } else { RATE_JOIN_PERCENT };
                u64::from(self.per_second(*id)) * 100 <= u64::from(max_fps) * u64::from(percent)
            })
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
