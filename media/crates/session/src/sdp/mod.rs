//! Session descriptions as text: read an offer, narrow it for the engine, finish the answer.
//!
//! The engine (str0m) mirrors the direction of every offered section and fixes the `a=msid` of a section for life,
//! while a LiveKit client expects unused sections to be `inactive` and the msid to name the track of the day. So the
//! *offer* is edited before the engine reads it, and the *answer* after the engine has printed it. Everything here is
//! pure, runs off the media thread and never panics, whatever the text.

mod answer;
mod exercise;
mod narrow;

pub use answer::{Assignment, rewrite_answer};
#[doc(hidden)]
pub use exercise::{exercise, exercise_answer, exercise_candidate};
pub(crate) use narrow::DEPENDENCIES_URI;
pub use narrow::{narrow_answer, narrow_offer};

use std::collections::BTreeSet;
use std::fmt;

use crate::ids::{Mid, Rid};

/// Longest offer that is read. Chromium's offer with 40 sections and all codecs is about 120 kB.
pub const MAX_OFFER_BYTES: usize = 512 * 1024;
/// Most sections that are read: each costs a linear walk per packet in the engine.
pub const MAX_SECTIONS: usize = 256;

/// H.264 in its profiles, as the control plane knows them.
const H264: &str = "h264";
const H264_HIGH: &str = "h264;high";

/// Why an offer cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SdpError {
    /// Longer than [`MAX_OFFER_BYTES`], or more sections than [`MAX_SECTIONS`].
    TooLarge,
    /// Does not begin with `v=0`.
    NotSdp,
    /// There is no media section.
    NoSections,
    /// A line that cannot be read; the text says which.
    BadLine(String),
    /// A section without a usable `a=mid`.
    BadMid(String),
    /// Two sections have the same `a=mid`.
    DuplicateMid(String),
    /// A kind of media other than audio, video and application.
    UnsupportedKind(String),
    /// The description lacks ICE credentials or a DTLS fingerprint.
    MissingCredentials(&'static str),
}

impl fmt::Display for SdpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => f.write_str("the offer is too large"),
            Self::NotSdp => f.write_str("the offer does not begin with v=0"),
            Self::NoSections => f.write_str("the offer has no media section"),
            Self::BadLine(line) => write!(f, "cannot read the line {line:?}"),
            Self::BadMid(mid) => write!(f, "section without a usable mid ({mid:?})"),
            Self::DuplicateMid(mid) => write!(f, "two sections have the mid {mid:?}"),
            Self::UnsupportedKind(kind) => write!(f, "unsupported kind of media {kind:?}"),
            Self::MissingCredentials(what) => write!(f, "the offer has no a={what}"),
        }
    }
}

impl std::error::Error for SdpError {}

/// What a section carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Sound.
    Audio,
    /// Picture.
    Video,
    /// Data channels.
    Application,
}

impl Kind {
    /// The word used in `m=` lines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Application => "application",
        }
    }
}

/// Which way media flows, as the side that wrote the description sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    SendRecv,
    /// The writer sends.
    SendOnly,
    /// The writer receives.
    RecvOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    /// The word used in descriptions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    fn parse(line: &str) -> Option<Self> {
        match line {
            "a=sendrecv" => Some(Self::SendRecv),
            "a=sendonly" => Some(Self::SendOnly),
            "a=recvonly" => Some(Self::RecvOnly),
            "a=inactive" => Some(Self::Inactive),
            _ => None,
        }
    }
}

/// One section of an offer, as far as the room needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferSection {
    /// Name of the section.
    pub mid: Mid,
    /// What it carries.
    pub kind: Kind,
    /// Which way, as the offerer sees it.
    pub direction: Direction,
    /// Port 0 without `a=bundle-only`: the offerer does not want it.
    pub is_rejected: bool,
    /// First word of `a=msid`, unless it is `-`.
    pub stream_id: Option<String>,
    /// Second word of `a=msid`.
    pub track_id: Option<String>,
    /// Layers that the offerer will send, in the order of `a=simulcast`.
    pub rids: Vec<Rid>,
    /// Lower-case codec names in the offerer's order, without `rtx`. H.264 is `h264` in the constrained baseline profile
    /// and `h264;high` in the high one, without those profiles and modes that are none of ours.
    pub codecs: Vec<String>,
    /// Packets can be sent again beside the stream (RFC 4588).
    pub has_rtx: bool,
}

/// Read the sections of an offer.
pub fn parse_offer(text: &str) -> Result<Vec<OfferSection>, SdpError> {
    let document = Document::parse(text)?;
    let session_direction = document.session.iter().find_map(|line| Direction::parse(line));
    let mut seen = BTreeSet::new();
    let mut sections = Vec::with_capacity(document.sections.len());
    for section in &document.sections {
        let name = section.attribute("mid").unwrap_or_default();
        let mid = Mid::new(name).ok_or_else(|| SdpError::BadMid(excerpt(name)))?;
        if !seen.insert(mid) {
            return Err(SdpError::DuplicateMid(mid.to_string()));
        }
        let own_direction = section.lines.iter().find_map(|line| Direction::parse(line));
        let mut names = section.attribute("msid").unwrap_or_default().split(' ');
        let words = |word: Option<&str>| word.filter(|w| !w.is_empty() && *w != "-").map(str::to_owned);
        sections.push(OfferSection {
            mid,
            kind: section.kind,
            direction: own_direction.or(session_direction).unwrap_or(Direction::SendRecv),
            is_rejected: section.is_rejected(),
            stream_id: words(names.next()),
            track_id: words(names.next()),
            rids: section.simulcast_send_rids(),
            codecs: section.codec_names(),
            has_rtx: section.formats.iter().any(|format| section.codec_name(format).as_deref() == Some("rtx")),
        });
    }
    Ok(sections)
}

/// The first DTLS fingerprint of a description, which names the peer for the life of the connection.
pub(crate) fn fingerprint(text: &str) -> Option<String> {
    text.lines().find_map(|line| line.trim_end().strip_prefix("a=fingerprint:")).map(str::to_ascii_lowercase)
}

/// The first ICE user fragment of a description: that of the bundle, which is all that we use.
pub(crate) fn ufrag(text: &str) -> Option<String> {
    text.lines().find_map(|line| line.trim_end().strip_prefix("a=ice-ufrag:")).map(str::to_owned)
}

/// A description split into lines; nothing is copied.
#[derive(Debug)]
struct Document<'a> {
    session: Vec<&'a str>,
    sections: Vec<Section<'a>>,
}

#[derive(Debug)]
struct Section<'a> {
    kind: Kind,
    port: &'a str,
    protocol: &'a str,
    /// Payload types in order of preference (or `webrtc-datachannel`).
    formats: Vec<&'a str>,
    /// All lines below the `m=` line.
    lines: Vec<&'a str>,
}

impl<'a> Document<'a> {
    fn parse(text: &'a str) -> Result<Self, SdpError> {
        if text.len() > MAX_OFFER_BYTES {
            return Err(SdpError::TooLarge);
        }
        let mut lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
        if lines.next() != Some("v=0") {
            return Err(SdpError::NotSdp);
        }
        let mut document = Self { session: vec!["v=0"], sections: Vec::new() };
        for line in lines {
            if line.as_bytes().get(1) != Some(&b'=') {
                return Err(SdpError::BadLine(excerpt(line)));
            }
            if let Some(media) = line.strip_prefix("m=") {
                if document.sections.len() == MAX_SECTIONS {
                    return Err(SdpError::TooLarge);
                }
                document.sections.push(Section::parse(media)?);
            } else if let Some(section) = document.sections.last_mut() {
                section.lines.push(line);
            } else {
                document.session.push(line);
            }
        }
        if document.sections.is_empty() {
            return Err(SdpError::NoSections);
        }
        Ok(document)
    }
}

impl<'a> Section<'a> {
    /// `media` is what follows `m=`.
    fn parse(media: &'a str) -> Result<Self, SdpError> {
        let mut words = media.split_ascii_whitespace();
        let bad = || SdpError::BadLine(excerpt(media));
        let kind = match words.next().ok_or_else(bad)? {
            "audio" => Kind::Audio,
            "video" => Kind::Video,
            "application" => Kind::Application,
            other => return Err(SdpError::UnsupportedKind(excerpt(other))),
        };
        let port = words.next().ok_or_else(bad)?;
        if port.parse::<u16>().is_err() {
            return Err(bad());
        }
        let protocol = words.next().ok_or_else(bad)?;
        Ok(Self { kind, port, protocol, formats: words.collect(), lines: Vec::new() })
    }

    /// The value of the first `a=name:value`.
    fn attribute(&self, name: &str) -> Option<&'a str> {
        self.attributes(name).next()
    }

    /// The values of all `a=name:value`.
    fn attributes<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'a str> + 's {
        self.lines.iter().filter_map(move |line| line.strip_prefix("a=")?.strip_prefix(name)?.strip_prefix(':'))
    }

    fn is_rejected(&self) -> bool {
        self.port == "0" && !self.lines.contains(&"a=bundle-only")
    }

    /// `(payload type, lower-case codec name)` of a format, by `a=rtpmap` or by the static table of RFC 3551.
    fn codec_name(&self, format: &str) -> Option<String> {
        let mapped = self.attributes("rtpmap").find_map(|value| {
            let (payload_type, encoding) = value.split_once(' ')?;
            (payload_type == format).then(|| encoding.trim_start())
        });
        match (mapped, format) {
            (Some(encoding), _) => Some(encoding.split('/').next()?.to_ascii_lowercase()),
            (None, "0") => Some("pcmu".to_owned()),
            (None, "8") => Some("pcma".to_owned()),
            (None, "9") => Some("g722".to_owned()),
            (None, _) => None,
        }
    }

    /// Value of a parameter in `a=fmtp` of a payload type.
    fn format_parameter(&self, format: &str, name: &str) -> Option<&'a str> {
        self.attributes("fmtp").find_map(|value| {
            let (payload_type, parameters) = value.split_once(' ')?;
            if payload_type != format {
                return None;
            }
            parameters.split(';').find_map(|pair| {
                let (key, value) = pair.trim().split_once('=')?;
                key.eq_ignore_ascii_case(name).then_some(value)
            })
        })
    }

    /// What we call an H.264 format, if it is one of ours.
    fn h264(&self, format: &str) -> Option<&'static str> {
        let is_ours = self.format_parameter(format, "packetization-mode") == Some("1");
        let profile = self.format_parameter(format, "profile-level-id").filter(|_| is_ours)?.get(..4)?;
        match profile.to_ascii_lowercase().as_str() {
            "42e0" | "42c0" => Some(H264),
            "6400" | "640c" => Some(H264_HIGH),
            _ => None,
        }
    }

    fn codec_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        if self.kind == Kind::Application {
            return names;
        }
        for format in &self.formats {
            let name = match self.codec_name(format) {
                Some(name) if name == "h264" => self.h264(format).map(str::to_owned),
                name => name,
            };
            if let Some(name) = name
                && name != "rtx"
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
        names
    }

    /// `a=simulcast:send q;h,x;~f`: the first alternative of each layer; `~` marks a paused one.
    fn simulcast_send_rids(&self) -> Vec<Rid> {
        let Some(value) = self.attribute("simulcast") else {
            return Vec::new();
        };
        let mut words = value.split_ascii_whitespace();
        while let Some(direction) = words.next() {
            let list = words.next().unwrap_or_default();
            if direction == "send" {
                return list
                    .split(';')
                    .filter_map(|layer| Rid::new(layer.split(',').next()?.trim_start_matches('~')))
                    .collect();
            }
        }
        Vec::new()
    }
}

/// Enough of a text for an error message.
fn excerpt(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests;
