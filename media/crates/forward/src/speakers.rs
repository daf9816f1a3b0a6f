//! Who speaks.
use crate::slab::TrackKey;

/// One line of the room's change list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpeakerChange {
    /// The audio track.
    pub track: TrackKey,
    /// Loudness, 0 is silence and 1 is full scale (0 dBov).
    pub level: f32,
    /// Speaks now.
    pub is_active: bool,
}
