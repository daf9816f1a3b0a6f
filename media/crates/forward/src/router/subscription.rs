//! One subscriber of a track: which layers it is sent and which of their packets.

use super::api::{Cause, Kind, Shown, SubscriptionSettings};
use super::track::{Layer, Packet};
use crate::bandwidth::Share;
use crate::select::Lives;
use crate::slab::SectionKey;
use crate::units::{LayerIx, MAX_LAYERS, Micros};

/// What to do with a packet for one subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is of another layer.
    Ignore,
    /// It is of the current layer but left out on purpose: close its number.
    Skip,
    /// Send it.
    Forward,
    /// Its layer becomes the current one with this packet; send it.
    Begin,
}

/// One subscriber of a track.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subscription {
    pub(super) section: SectionKey,
    pub(super) settings: SubscriptionSettings,
    /// The section's transport is up.
    pub(super) is_ready: bool,
    /// The largest layer that the server has time for.
    pub(super) ceiling: LayerIx,
    /// The layer that is sent; its key frame was forwarded.
    pub(super) current: Option<LayerIx>,
    /// The layer that should be sent.
    pub(super) wanted: Option<LayerIx>,
    /// What the subscriber's line has for it; `None` if that was not decided yet.
    pub(super) share: Option<Share>,
    /// The subscriber's line has a limit.
    pub(super) is_limited: bool,
    /// The subscriber was told that the picture is paused.
    pub(super) is_told_paused: bool,
    /// The subscriber asked for a key frame of the current layer.
    pub(super) is_broken: bool,
    /// The layers, as bits, whose requesters know that this subscription waits.
    asked: u8,
    /// Highest temporal layer sent.
    temporal: u8,
    /// Highest temporal layer wanted.
    wanted_temporal: u8,
    /// Highest temporal layer that the wanted number of frames a second leaves.
    frame_cap: u8,
    /// Timestamp of the picture that the choice of temporal layers was last made for.
    picture: Option<u32>,
}

impl Subscription {
    pub(super) fn new(section: SectionKey, settings: SubscriptionSettings, is_ready: bool) -> Self {
        Self {
            section,
            settings,
            is_ready,
            ceiling: LayerIx::HIGHEST,
            current: None,
            wanted: None,
            share: None,
            is_limited: false,
            is_told_paused: false,
            is_broken: false,
            asked: 0,
            temporal: 0,
            wanted_temporal: 0,
            frame_cap: 0,
            picture: None,
        }
    }

    /// Stop at once; begin again with a key frame.
    pub(super) fn interrupt(&mut self) {
        self.current = None;
        self.is_broken = false;
        self.asked = 0;
    }

    /// Wanted, and somebody is there to get it.
    pub(super) fn is_wanted(&self) -> bool {
        self.is_ready && self.settings.is_enabled
    }

    pub(super) fn is_active(&self) -> bool {
        self.is_wanted() && self.share != Some(Share::Paused)
    }

    /// The largest layer that is wanted and that the server has time for.
    pub(super) fn wish(&self) -> LayerIx {
        self.settings.max_layer.min(self.ceiling)
    }

    /// The largest of these that the line has room for.
    fn limit(&self) -> LayerIx {
        match self.share {
            Some(Share::UpTo(room)) => room.layer().min(self.wish()),
            // To begin small costs a moment, to begin too large costs the sound.
            None if self.is_limited => LayerIx::LOWEST,
            Some(Share::Paused) | None => self.wish(),
        }
    }

    /// What is sent, and why no more.
    pub(super) fn shown(&self, kind: Kind, lives: &Lives) -> Shown {
        let layer = self.current.filter(|_| self.is_active());
        if !self.settings.is_enabled {
            return Shown { layer: None, cause: Cause::Asked };
        }
        if self.share == Some(Share::Paused) {
            return Shown { layer: None, cause: Cause::Bandwidth };
        }
        let Some(current) = layer else { return Shown { layer, cause: Cause::Waiting } };
        let is_above = |bound: LayerIx| kind == Kind::Video && lives.has_alive_above(current) && current >= bound;
        let cause = match self.share {
            Some(Share::UpTo(room)) if !room.is_whole() && current >= room.layer() => Cause::Bandwidth,
            Some(Share::UpTo(room)) if room.layer() < self.wish() && is_above(room.layer()) => Cause::Bandwidth,
            _ if self.ceiling < self.settings.max_layer && is_above(self.ceiling) => Cause::Busy,
            _ if is_above(self.settings.max_layer) => Cause::Asked,
            _ => Cause::Whole,
        };
        Shown { layer, cause }
    }

    /// Choose the layers anew from what is alive.
    pub(super) fn choose(&mut self, kind: Kind, lives: &Lives, layers: &[Layer; MAX_LAYERS], now: Micros) {
        if !self.is_active() {
            self.interrupt();
            self.wanted = None;
            return;
        }
        if kind == Kind::Audio {
            self.wanted = Some(LayerIx::LOWEST);
            return;
        }
        let wanted = lives.choose(self.limit(), self.current, now);
        if let Some(before) = self.wanted.filter(|before| Some(*before) != wanted) {
            self.asked &= !bit(before);
        }
        self.wanted = wanted;
        let measured = self.current.or(self.wanted).and_then(|layer| layers.get(layer.index()));
        self.frame_cap = measured.map_or(self.frame_cap, |layer| self.frame_cap(layer));
        self.wanted_temporal = self.temporal_of(self.current.or(self.wanted));
    }

    /// The highest temporal layer of a layer that the wanted number of frames a second leaves.
    pub(super) fn frame_cap(&self, layer: &Layer) -> u8 {
        layer.rates.choose(self.settings.max_fps, self.frame_cap)
    }

    /// The highest temporal layer that a layer is sent with: a smaller one than there is room for has all its frames.
    fn temporal_of(&self, layer: Option<LayerIx>) -> u8 {
        match self.share {
            Some(Share::UpTo(room)) if layer.is_none_or(|layer| layer >= room.layer()) => {
                self.frame_cap.min(room.temporal())
            }
            _ => self.frame_cap,
        }
    }

    /// Whether the subscriber waits for a key frame of this layer.
    pub(super) fn needs_keyframe(&self, layer: LayerIx) -> bool {
        self.is_active()
            && ((self.wanted == Some(layer) && self.current != self.wanted)
                || (self.is_broken && self.current == Some(layer)))
    }

    /// Remember that the layer's requester knows of the wait. Answers whether that is news.
    pub(super) fn ask(&mut self, layer: LayerIx) -> bool {
        let is_news = self.asked & bit(layer) == 0;
        self.asked |= bit(layer);
        is_news
    }

    /// Decide about a packet of a layer, in order of arrival.
    pub(super) fn decide(&mut self, layer: LayerIx, packet: &Packet) -> Verdict {
        if self.current == Some(layer) {
            return self.thin(packet);
        }
        if !packet.is_entry || !self.is_active() {
            return Verdict::Ignore;
        }
        // Whoever has no picture yet takes any that he may have, and goes up from there.
        let is_better_than_nothing = self.current.is_none() && layer <= self.limit();
        if self.wanted != Some(layer) && !is_better_than_nothing {
            return Verdict::Ignore;
        }
        self.current = Some(layer);
        self.is_broken = false;
        self.asked &= !bit(layer);
        self.wanted_temporal = self.temporal_of(Some(layer));
        self.temporal = self.wanted_temporal;
        self.picture = Some(packet.source.timestamp);
        Verdict::Begin
    }

    /// Leave out upper temporal layers, changing their number only between pictures.
    fn thin(&mut self, packet: &Packet) -> Verdict {
        let id = packet.frame.temporal_id;
        if packet.is_newest && self.picture != Some(packet.source.timestamp) {
            self.picture = Some(packet.source.timestamp);
            if packet.frame.is_keyframe || self.wanted_temporal < self.temporal {
                self.temporal = self.wanted_temporal;
            } else if id > self.temporal && id <= self.wanted_temporal && packet.frame.is_switch_up_point {
                self.temporal = id;
            }
        }
        if packet.is_entry && self.is_broken {
            self.is_broken = false;
            self.asked &= !self.current.map_or(0, bit);
        }
        if id <= self.temporal { Verdict::Forward } else { Verdict::Skip }
    }
}

const fn bit(layer: LayerIx) -> u8 {
    1 << layer.index()
}
