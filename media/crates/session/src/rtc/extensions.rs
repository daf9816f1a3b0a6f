//! Header extensions that travel from publisher to subscriber.

use std::sync::Arc;

use str0m::media::MediaTime;
use str0m::rtp::{AbsCaptureTime, Extension, ExtensionSerializer, ExtensionValues, VideoOrientation};

use crate::api::{CarriedExtensions, PlayoutDelay};
use crate::sdp::DEPENDENCIES_URI;

/// Elements of more octets need the two-byte form (RFC 8285 4.2).
const MOST_SHORT_OCTETS: usize = 16;

/// The extension by which frames of AV1 say what they need.
pub(super) fn dependencies() -> Extension {
    Extension::with_serializer(DEPENDENCIES_URI, Dependencies)
}

#[derive(Debug)]
struct Dependencies;

/// A dependency descriptor as its sender wrote it.
struct Descriptor(Arc<[u8]>);

impl ExtensionSerializer for Dependencies {
    fn write_to(&self, buf: &mut [u8], ev: &ExtensionValues) -> usize {
        let Some(Descriptor(bytes)) = ev.user_values.get() else { return 0 };
        let Some(place) = buf.get_mut(..bytes.len()) else { return 0 };
        place.copy_from_slice(bytes);
        bytes.len()
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

    fn requires_two_byte_form(&self, ev: &ExtensionValues) -> bool {
        ev.user_values.get().is_some_and(|Descriptor(bytes)| bytes.len() > MOST_SHORT_OCTETS)
    }
}

/// What the publisher's packet carried.
pub(super) fn read(values: &ExtensionValues) -> CarriedExtensions {
    CarriedExtensions {
        // The engine keeps RFC 6464 levels as negative decibels.
        minus_dbov: values.audio_level.map(|level| level.unsigned_abs().min(127)),
        has_voice: values.voice_activity,
        quarter_turns: values.video_orientation.map(|orientation| orientation as u8),
        captured: values.abs_capture_time.map(|time| (time.capture_time, time.clock_offset)),
        dependencies: values.user_values.get().map(|Descriptor(bytes)| Arc::clone(bytes)),
    }
}

/// What the subscriber's packet carries; the engine adds its own (mid, send time).
pub(super) fn write(carried: &CarriedExtensions, delay: Option<PlayoutDelay>) -> ExtensionValues {
    let mut values = ExtensionValues {
        audio_level: carried.minus_dbov.map(|level| -i8::try_from(level).unwrap_or(i8::MAX)),
        voice_activity: carried.has_voice,
        video_orientation: carried.quarter_turns.map(|turns| match turns {
            1 => VideoOrientation::Deg270,
            2 => VideoOrientation::Deg180,
            3 => VideoOrientation::Deg90,
            _ => VideoOrientation::Deg0,
        }),
        abs_capture_time: carried
            .captured
            .map(|(capture_time, clock_offset)| AbsCaptureTime { capture_time, clock_offset }),
        play_delay_min: delay.map(|delay| MediaTime::from_hundredths(delay.min.into())),
        play_delay_max: delay.map(|delay| MediaTime::from_hundredths(delay.max.into())),
        ..ExtensionValues::default()
    };
    if let Some(bytes) = &carried.dependencies {
        values.user_values.set(Descriptor(Arc::clone(bytes)));
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_frame_needs_travels_as_it_came() {
        for length in [1, 4, MOST_SHORT_OCTETS, MOST_SHORT_OCTETS + 1, 255] {
            let bytes: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let mut received = ExtensionValues::default();
            assert!(Dependencies.parse_value(&bytes, &mut received));
            let sent = write(&read(&received), None);
            let mut place = [0; 300];
            assert_eq!(Dependencies.write_to(&mut place, &sent), length);
            assert_eq!(place[..length], bytes);
            assert_eq!(Dependencies.requires_two_byte_form(&sent), length > MOST_SHORT_OCTETS);
            assert_eq!(Dependencies.write_to(&mut place[..length - 1], &sent), 0, "no room");
        }
    }

    #[test]
    fn who_says_nothing_of_it_is_said_nothing_of() {
        let mut received = ExtensionValues::default();
        assert!(!Dependencies.parse_value(&[], &mut received));
        let sent = write(&read(&received), None);
        assert_eq!(Dependencies.write_to(&mut [0; 300], &sent), 0);
        assert!(!Dependencies.requires_two_byte_form(&sent));
    }
}
