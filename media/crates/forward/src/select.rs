//! Which layer a subscription should be sent, as pure functions over what is alive.

use crate::units::{LayerIx, MAX_LAYERS, Micros};

/// A layer is alive this long after a packet.
const ALIVE: Micros = Micros::from_millis(1_000);
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
pub(crate) struct LayerLife {
    last_at: Option<Micros>,
    is_alive: bool,
    /// Not a target before this moment while there is another.
    trusted_at: Micros,
}

impl LayerLife {
    /// A packet arrived. Answers whether this begins a life, so that a choice must be made anew.
    pub(crate) fn on_packet(&mut self, now: Micros) -> bool {
        let is_first = self.last_at.is_none();
        self.last_at = Some(now);
        if self.is_alive {
            return false;
        }
        self.is_alive = true;
        if !is_first {
            self.trusted_at = self.trusted_at.max(now.plus(PROBATION));
        }
        true
    }

    /// Time passed. Answers whether the layer died.
    pub(crate) fn tick(&mut self, now: Micros) -> bool {
        let is_over = self.is_alive && self.last_at.is_none_or(|last| now.since(last) >= ALIVE);
        if is_over {
            self.is_alive = false;
        }
        is_over
    }

    /// The layer gives no key frames: avoid it for a while.
    pub(crate) fn ban(&mut self, now: Micros) {
        self.trusted_at = now.plus(BAN);
    }

    /// Let the layer count as before its death: the whole track was silent.
    pub(crate) fn pardon(&mut self, now: Micros) {
        self.trusted_at = self.trusted_at.min(now);
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.is_alive
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
        let Some(life) = self.layers.get_mut(layer.index()) else { return false };
        let is_born = life.on_packet(now);
        if is_born && is_return {
            self.revived_at = Some(now);
        }
        if is_born && self.is_reviving(now) {
            self.layers.get_mut(layer.index()).into_iter().for_each(|life| life.pardon(now));
        }
        is_born
    }

    /// Time passed. Answers whether a choice must be made anew.
    pub(crate) fn tick(&mut self, now: Micros) -> bool {
        let mut is_changed = false;
        for layer in &mut self.layers {
            let was_trusted = layer.is_alive && layer.trusted_at != Micros::ZERO && layer.trusted_at <= now;
            if was_trusted {
                // Probation or ban ended.
                layer.trusted_at = Micros::ZERO;
                is_changed = true;
            }
            is_changed |= layer.tick(now);
        }
        if self.revived_at.is_some_and(|at| now.since(at) >= REVIVAL) {
            self.revived_at = None;
            is_changed = true;
        }
        is_changed
    }

    pub(crate) fn ban(&mut self, layer: LayerIx, now: Micros) {
        self.layers.get_mut(layer.index()).into_iter().for_each(|life| life.ban(now));
    }

    pub(crate) fn any_alive(&self) -> bool {
        self.layers.iter().any(LayerLife::is_alive)
    }

    pub(crate) fn is_alive(&self, layer: LayerIx) -> bool {
        self.layers.get(layer.index()).is_some_and(LayerLife::is_alive)
    }

    pub(crate) fn has_other_alive(&self, layer: LayerIx) -> bool {
        self.layers.iter().enumerate().any(|(index, life)| index != layer.index() && life.is_alive())
    }

    fn is_reviving(&self, now: Micros) -> bool {
        self.revived_at.is_some_and(|at| now.since(at) < REVIVAL)
    }

    /// The layer to send: the highest trusted one up to `max`, else the highest living one up to `max`, else the lowest
    /// living one above. Without any, or while the track is coming back, the current one.
    pub(crate) fn choose(&self, max: LayerIx, current: Option<LayerIx>, now: Micros) -> Option<LayerIx> {
        if let Some(current) = current
            && current <= max
            && (!self.any_alive() || self.is_reviving(now))
        {
            return Some(current);
        }
        let wanted = || self.layers.iter().enumerate().take(max.index() + 1).rev();
        let above = || self.layers.iter().enumerate().skip(max.index() + 1);
        wanted()
            .find(|(_, life)| life.is_trusted(now))
            .or_else(|| wanted().find(|(_, life)| life.is_alive()))
            .or_else(|| above().find(|(_, life)| life.is_alive()))
            .and_then(|(index, _)| LayerIx::new(index))
            .or(current)
    }
}

/// Temporal layers that a two-bit TID can name.
const TEMPORAL_LAYERS: usize = 4;
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
                let rate = self.per_second.get(usize::from(*id)).copied().unwrap_or_default();
                u64::from(rate) * 100 <= u64::from(max_fps) * u64::from(percent)
            })
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
