//! Offers of ours: which section carries which track, and what the peer's answer puts in force.

use std::collections::BTreeMap;
use std::fmt;

use str0m::Rtc;
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::channel::{ChannelConfig, Reliability};
use str0m::media::{Direction, MediaKind};

use super::codecs::{Wrappers, engine_mid, own_mid};
use super::{DATA_LABELS, RELIABLE};
use crate::api::{MadeOffer, OfferPlan, Printed, SessionError};
use crate::ids::Mid;
use crate::sdp::{self, Assignment};

/// An answer that was read off the media thread.
#[derive(Debug)]
pub struct PreparedAnswer {
    pub(super) answer: SdpAnswer,
    pub(super) wrappers: Wrappers,
    pub(super) fingerprint: Option<String>,
    pub(super) ufrag: Option<String>,
}

impl PreparedAnswer {
    /// Read an answer, narrowed as offers are.
    pub fn parse(text: &str) -> Result<Self, sdp::SdpError> {
        let text = sdp::narrow_answer(text)?;
        let answer = SdpAnswer::from_sdp_string(&text).map_err(|e| sdp::SdpError::BadLine(e.to_string()))?;
        let wrappers = Wrappers::of(&sdp::parse_offer(&text)?);
        Ok(Self { answer, wrappers, fingerprint: sdp::fingerprint(&text), ufrag: sdp::ufrag(&text) })
    }
}

struct RawOffer(SdpOffer);

impl Printed for RawOffer {
    fn print(&self) -> String {
        self.0.to_sdp_string()
    }
}

/// A section that we offered. It outlives the tracks that it carries.
#[derive(Debug, Clone)]
struct Offered {
    mid: Mid,
    is_audio: bool,
    shown: Option<Assignment>,
}

struct Pending {
    changes: SdpPendingOffer,
    sections: Vec<Offered>,
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("sections", &self.sections).finish_non_exhaustive()
    }
}

/// What is in force, and the offer that waits for its answer.
#[derive(Debug, Default)]
pub(super) struct Offering {
    sections: Vec<Offered>,
    pending: Option<Pending>,
    has_channels: bool,
}

impl Offering {
    /// A track keeps its section. One whose track is gone rests for one round: browsers announce a track only when its
    /// section was silent before.
    pub(super) fn offer(&mut self, rtc: &mut Rtc, plan: &OfferPlan) -> Result<MadeOffer, SessionError> {
        let mut api = rtc.sdp_api();
        if !self.has_channels {
            for label in DATA_LABELS {
                api.add_channel_with_config(channel(label));
            }
        }
        let mut sections = self.sections.clone();
        let mut free: Vec<Mid> = sections.iter().filter(|s| s.shown.is_none()).map(|s| s.mid).collect();
        for section in &mut sections {
            if section.shown.as_ref().is_some_and(|shown| plan.tracks.iter().all(|t| t.assignment != *shown)) {
                api.set_direction(engine_mid(section.mid), Direction::Inactive);
                section.shown = None;
            }
        }
        for track in &plan.tracks {
            let shown = Some(track.assignment.clone());
            if sections.iter().any(|section| section.shown == shown) {
                continue;
            }
            let found = sections.iter_mut().find(|s| s.is_audio == track.is_audio && free.contains(&s.mid));
            if let Some(section) = found {
                api.set_direction(engine_mid(section.mid), Direction::SendOnly);
                free.retain(|mid| *mid != section.mid);
                section.shown = shown;
            } else if sections.len() < sdp::MAX_SECTIONS - 1 {
                let kind = if track.is_audio { MediaKind::Audio } else { MediaKind::Video };
                let mid = api.add_media(kind, Direction::SendOnly, None, None, None);
                let mid = own_mid(mid).ok_or_else(|| SessionError::Engine("no name for a section".to_owned()))?;
                sections.push(Offered { mid, is_audio: track.is_audio, shown });
            }
        }
        if plan.restarts_ice || !api.has_changes() {
            api.ice_restart(true);
        }
        let (offer, changes) =
            api.apply().ok_or_else(|| SessionError::BadOffer("there is nothing to offer".to_owned()))?;
        let assigned = assigned(&sections);
        self.pending = Some(Pending { changes, sections });
        Ok(MadeOffer { text: Box::new(RawOffer(offer)), assigned })
    }

    /// The answer to the latest offer; what the sections carry from now on.
    pub(super) fn take_answer(
        &mut self,
        rtc: &mut Rtc,
        answer: SdpAnswer,
    ) -> Result<BTreeMap<Mid, Assignment>, SessionError> {
        let pending = self.pending.take().ok_or_else(|| SessionError::BadOffer("no offer is out".to_owned()))?;
        rtc.sdp_api()
            .accept_answer(pending.changes, answer)
            .map_err(|error| SessionError::BadOffer(error.to_string()))?;
        self.sections = pending.sections;
        self.has_channels = true;
        Ok(assigned(&self.sections))
    }

    /// Names of all sections in force.
    pub(super) fn mids(&self) -> Vec<Mid> {
        self.sections.iter().map(|section| section.mid).collect()
    }
}

fn assigned(sections: &[Offered]) -> BTreeMap<Mid, Assignment> {
    sections.iter().filter_map(|section| Some((section.mid, section.shown.clone()?))).collect()
}

/// As LiveKit clients expect the channels of a server: one that keeps order and loses nothing, and two of which each
/// message is sent once.
fn channel(label: &str) -> ChannelConfig {
    let label = label.to_owned();
    if label == RELIABLE {
        return ChannelConfig { label, ..ChannelConfig::default() };
    }
    ChannelConfig {
        label,
        ordered: false,
        reliability: Reliability::MaxRetransmits { retransmits: 0 },
        ..ChannelConfig::default()
    }
}
