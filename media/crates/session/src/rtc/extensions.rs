//! Header extensions that travel from publisher to subscriber.

use str0m::media::MediaTime;
use str0m::rtp::{AbsCaptureTime, ExtensionValues, VideoOrientation};

use crate::api::{CarriedExtensions, PlayoutDelay};

/// What the publisher's packet carried.
pub(super) fn read(values: &ExtensionValues) -> CarriedExtensions {
    CarriedExtensions {
        // The engine keeps RFC 6464 levels as negative decibels.
        minus_dbov: values.audio_level.map(|level| level.unsigned_abs().min(127)),
        has_voice: values.voice_activity,
        quarter_turns: values.video_orientation.map(|orientation| orientation as u8),
        captured: values.abs_capture_time.map(|time| (time.capture_time, time.clock_offset)),
    }
}

/// What the subscriber's packet carries; the engine adds its own (mid, send time).
pub(super) fn write(carried: CarriedExtensions, delay: Option<PlayoutDelay>) -> ExtensionValues {
    ExtensionValues {
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
    }
}
