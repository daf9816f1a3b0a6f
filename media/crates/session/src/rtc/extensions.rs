//! Header extensions that travel from publisher to subscriber.

use std::sync::Arc;

use str0m::rtp::{Extension, ExtensionSerializer, ExtensionValues};

use crate::api::CarriedExtensions;
use crate::sdp::DEPENDENCIES_URI;

/// The extension by which frames of AV1 say what they need.
pub(super) fn dependencies() -> Extension {
    Extension::with_serializer(DEPENDENCIES_URI, Dependencies)
}

#[derive(Debug)]
struct Dependencies;

/// A dependency descriptor as its sender wrote it.
struct Descriptor(Arc<[u8]>);

impl ExtensionSerializer for Dependencies {
    /// What the engine sends never leaves (see [`super::egress`]).
    fn write_to(&self, _: &mut [u8], _: &ExtensionValues) -> usize {
        0
    }

    fn parse_value(&self, buf: &[u8], ev: &mut ExtensionValues) -> bool {
        if !buf.is_empty() {
            ev.user_values.set(Descriptor(Arc::from(buf)));
        }
        !buf.is_empty()
    }

    fn is_video(&self) -> bool {
        true
    }

    fn is_audio(&self) -> bool {
        false
    }
}

/// What the publisher's packet carried.
pub(super) fn read(values: &ExtensionValues) -> CarriedExtensions {
    CarriedExtensions {
        // The engine keeps RFC 6464 levels as negative decibels.
        minus_dbov: values.audio_level.map(|level| level.unsigned_abs().min(127)),
        has_voice: values.voice_activity,
        // The engine's numbers are those of the wire.
        quarter_turns: values.video_orientation.map(|orientation| orientation as u8),
        captured: values.abs_capture_time.map(|time| (time.capture_time, time.clock_offset)),
        dependencies: values.user_values.get().map(|Descriptor(bytes)| Arc::clone(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_frame_needs_is_read_as_it_came() {
        for length in [1, 16, 17, 255] {
            let bytes: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let mut received = ExtensionValues::default();
            assert!(Dependencies.parse_value(&bytes, &mut received));
            assert_eq!(read(&received).dependencies.as_deref(), Some(&bytes[..]));
        }
        let mut received = ExtensionValues::default();
        assert!(!Dependencies.parse_value(&[], &mut received));
        assert_eq!(read(&received).dependencies, None);
    }
}
