//! Mutes that outlive the publication, or come before it: an offer may still be on its way through the negotiation.

use std::collections::VecDeque;
use std::sync::Arc;

/// Mutes remembered; then the oldest of a track that is not published is forgotten.
const MAX_MUTES: usize = 4_096;

/// The tracks that are muted by the control plane, oldest mute first.
#[derive(Debug, Default)]
pub(super) struct Mutes {
    tracks: VecDeque<Arc<str>>,
}

impl Mutes {
    pub(super) fn contains(&self, track: &str) -> bool {
        self.tracks.iter().any(|muted| **muted == *track)
    }

    pub(super) fn set(&mut self, track: Arc<str>, is_muted: bool, is_published: impl Fn(&Arc<str>) -> bool) {
        if !is_muted {
            return self.forget(&track);
        }
        if self.contains(&track) {
            return;
        }
        if self.tracks.len() >= MAX_MUTES
            && let Some(oldest) = self.tracks.iter().position(|muted| !is_published(muted))
        {
            self.tracks.remove(oldest);
        }
        // All published: as many mutes as tracks, which are bounded by the people who are here.
        self.tracks.push_back(track);
    }

    pub(super) fn forget(&mut self, track: &str) {
        self.tracks.retain(|muted| **muted != *track);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_mutes_and_those_of_published_tracks_are_kept() {
        let mut mutes = Mutes::default();
        let name = |number: usize| Arc::<str>::from(format!("TR_{number}"));
        for number in 0..MAX_MUTES * 2 {
            mutes.set(name(number), true, |track| **track == *"TR_0");
        }
        assert!(mutes.contains("TR_0"), "published");
        assert!(mutes.contains(&name(MAX_MUTES * 2 - 1)), "the newest");
        assert!(!mutes.contains("TR_1"), "long gone");
        assert_eq!(mutes.tracks.len(), MAX_MUTES);
    }

    #[test]
    fn an_unmute_leaves_nothing_behind() {
        let mut mutes = Mutes::default();
        for _ in 0..3 {
            mutes.set("TR".into(), true, |_| false);
            mutes.set("TR".into(), true, |_| false);
            mutes.set("TR".into(), false, |_| false);
        }
        assert!(mutes.tracks.is_empty());
    }
}
