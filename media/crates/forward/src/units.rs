//! Newtypes for the units that cross the crate's edge.

use std::fmt;

/// How many simulcast layers a track can have.
pub const MAX_LAYERS: usize = 3;

/// How many temporal layers the frames of a layer can be in: a VP8 descriptor has two bits for their number.
pub(crate) const TEMPORAL_LAYERS: usize = 4;

/// Microseconds of a monotonic clock whose zero is the caller's choice. Arithmetic saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub u64);

impl Micros {
    /// The beginning of the caller's clock.
    pub const ZERO: Self = Self(0);
    /// Later than every moment that happens.
    pub const NEVER: Self = Self(u64::MAX);

    /// Milliseconds as microseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// This moment plus a span.
    #[must_use]
    pub const fn plus(self, span: Self) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The span since an earlier moment; zero if that moment is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }

    /// The span expressed in ticks of an RTP clock, wrapped to 32 bits as RTP timestamps are.
    #[must_use]
    pub const fn to_ticks(self, clock_rate_hz: u32) -> u32 {
        // 64 bits hold this product for 5 700 hours at 90 kHz; beyond that saturating keeps it harmless.
        (self.0.saturating_mul(clock_rate_hz as u64) / 1_000_000) as u32
    }
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} µs", self.0)
    }
}

/// A sender report's NTP time: 32 bits of seconds and 32 bits of fraction (RFC 3550 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// Microseconds since the NTP epoch.
    #[must_use]
    pub const fn to_micros(self) -> u64 {
        // The product needs 96 bits; seconds and fraction apart need 52 each.
        let seconds = self.0 >> 32;
        let fraction = self.0 & 0xffff_ffff;
        seconds * 1_000_000 + ((fraction * 1_000_000) >> 32)
    }
}

/// Index of a simulcast layer, 0 is the smallest picture. Always below [`MAX_LAYERS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LayerIx(u8);

impl LayerIx {
    /// The smallest layer, the only one of audio and of video without simulcast.
    pub const LOWEST: Self = Self(0);
    /// The largest layer.
    pub const HIGHEST: Self = Self(MAX_LAYERS as u8 - 1);

    /// `None` at or above [`MAX_LAYERS`].
    #[must_use]
    pub const fn new(index: usize) -> Option<Self> {
        if index < MAX_LAYERS { Some(Self(index as u8)) } else { None }
    }

    /// The position, below [`MAX_LAYERS`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}
