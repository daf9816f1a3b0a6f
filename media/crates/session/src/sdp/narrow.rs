//! Offer → what the engine may see of it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::{Direction, Document, H264, H264_HIGH, Kind, SdpError, Section};
use crate::ids::Mid;

/// The header extension by which frames of AV1 say which others they need.
pub(crate) const DEPENDENCIES_URI: &str =
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";

/// The header extension that numbers all packets of a peer.
const NUMBERS_URI: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// Rewrite an offer so that the engine's answer is the one we want.
///
/// * A section that the client wants to receive in and that is not in `subscribed` becomes `inactive`: no stream is made
///   for it, and none costs time. Likewise one that it wants to send in and that is not in `published`.
/// * A `sendrecv` section keeps one way only, publishing first: both never share a section.
/// * Only Opus, RED around it, VP8, VP9 and AV1 in their main profiles and H.264 in packetization mode 1, constrained
///   baseline and high, stay, with their RTX: one payload type per codec and peer makes the mapping between peers a table.
///   Who can send both profiles sends the first, which everybody decodes.
/// * Frames say which others they need where they are of AV1, whose receivers must know, and nowhere else: what they say of
///   a picture in layers is not true any more when one of them is left out.
/// * AV1 is taken as its default level and tier: what they say is how much a receiver can take (section 7.2 of its payload
///   format), and the engine knows them as part of the codec's name.
/// * Packets are numbered for all of the peer only where the numbers are told of: the engine keeps them until then.
/// * A section of which no codec stays is rejected by port 0.
/// * Candidates go: see [`NegotiatedSession::add_candidate`](crate::NegotiatedSession::add_candidate).
pub fn narrow_offer(text: &str, published: &BTreeSet<Mid>, subscribed: &BTreeSet<Mid>) -> Result<String, SdpError> {
    let document = Document::parse(text)?;
    let has =
        |name: &str| {
            document.session.iter().chain(document.sections.iter().flat_map(|s| s.lines.iter())).any(|line| {
                line.strip_prefix("a=").and_then(|l| l.strip_prefix(name)).is_some_and(|l| l.starts_with(':'))
            })
        };
    for name in ["ice-ufrag", "ice-pwd", "fingerprint"] {
        if !has(name) {
            return Err(SdpError::MissingCredentials(name));
        }
    }
    let session_direction = document.session.iter().find_map(|line| Direction::parse(line));
    let kept: Vec<(Kept<'_>, Direction)> = document
        .sections
        .iter()
        .map(|section| {
            let mid = section.attribute("mid").and_then(Mid::new);
            let is_in = |set: &BTreeSet<Mid>| mid.is_some_and(|mid| set.contains(&mid));
            let own = section.lines.iter().find_map(|line| Direction::parse(line));
            let offered = own.or(session_direction).unwrap_or(Direction::SendRecv);
            let direction = one_way(offered, is_in(published), is_in(subscribed));
            (Kept::of(section, direction), direction)
        })
        .collect();
    let dropped: BTreeSet<&str> = document
        .sections
        .iter()
        .zip(&kept)
        .filter(|(section, (kept, _))| kept.is_rejected && !section.is_rejected())
        .filter_map(|(section, _)| section.attribute("mid"))
        .collect();

    let has_numbers = tells_numbers(&document);
    let mut out = String::with_capacity(text.len());
    for line in &document.session {
        match line.strip_prefix("a=group:BUNDLE") {
            // RFC 8843 7.3.3: a rejected section leaves the group.
            Some(mids) if !dropped.is_empty() => {
                out.push_str("a=group:BUNDLE");
                for mid in mids.split_ascii_whitespace().filter(|mid| !dropped.contains(mid)) {
                    out.push(' ');
                    out.push_str(mid);
                }
                out.push_str("\r\n");
            }
            _ if Direction::parse(line).is_some() || is_candidate(line) => {}
            _ if !has_numbers && is_about(line, NUMBERS_URI) => {}
            _ => push_line(&mut out, line),
        }
    }
    for (section, (kept, direction)) in document.sections.iter().zip(&kept) {
        write_section(&mut out, section, kept, *direction, has_numbers);
    }
    Ok(out)
}

/// An answer as the engine may see it: see [`narrow_offer`] on candidates, AV1 and numbers.
pub fn narrow_answer(text: &str) -> Result<String, SdpError> {
    let document = Document::parse(text)?;
    let has_numbers = tells_numbers(&document);
    let mut out = String::with_capacity(text.len());
    let is_untold = |line: &str| !has_numbers && is_about(line, NUMBERS_URI);
    for line in document.session.iter().filter(|line| !is_candidate(line) && !is_untold(line)) {
        push_line(&mut out, line);
    }
    for section in &document.sections {
        let (kind, formats) = (section.kind.as_str(), section.formats.join(" "));
        push_line(&mut out, &format!("m={kind} {} {} {formats}", section.port, section.protocol));
        for line in section.lines.iter().filter(|line| !is_candidate(line) && !is_untold(line)) {
            push_line(&mut out, &of_default_level(section, line));
        }
    }
    Ok(out)
}

/// The numbers of all packets are told of in some section.
fn tells_numbers(document: &Document<'_>) -> bool {
    document
        .sections
        .iter()
        .flat_map(|section| section.attributes("rtcp-fb"))
        .any(|value| value.split_ascii_whitespace().nth(1) == Some("transport-cc"))
}

/// Parameters of AV1 without level and tier; any other line as it is.
fn of_default_level<'a>(section: &Section<'_>, line: &'a str) -> Cow<'a, str> {
    let Some((format, parameters)) = line.strip_prefix("a=fmtp:").and_then(|rest| rest.split_once(' ')) else {
        return line.into();
    };
    if section.codec_name(format).as_deref() != Some("av1") {
        return line.into();
    }
    let is_kept = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default().trim();
        !name.is_empty() && !["level-idx", "tier"].iter().any(|dropped| name.eq_ignore_ascii_case(dropped))
    };
    let kept: Vec<&str> = parameters.split(';').filter(is_kept).map(str::trim).collect();
    // A line without parameters is none.
    if kept.is_empty() {
        format!("a=fmtp:{format} profile=0").into()
    } else {
        format!("a=fmtp:{format} {}", kept.join(";")).into()
    }
}

/// The formats of a section that the engine may see.
struct Kept<'a> {
    formats: Vec<&'a str>,
    is_rejected: bool,
}

impl<'a> Kept<'a> {
    fn of(section: &Section<'a>, direction: Direction) -> Self {
        if section.kind == Kind::Application {
            return Self { formats: section.formats.clone(), is_rejected: section.is_rejected() };
        }
        let mut formats: Vec<&str> = Vec::new();
        let of_profile = |profile| section.formats.iter().copied().find(|format| section.h264(format) == Some(profile));
        let h264 = of_profile(H264);
        let high = of_profile(H264_HIGH).filter(|_| h264.is_none() || direction != Direction::SendOnly);
        let red = red_around_opus(section);
        for format in &section.formats {
            let is_kept = match (section.kind, section.codec_name(format).as_deref()) {
                (Kind::Audio, Some("opus")) | (Kind::Video, Some("vp8")) => true,
                (Kind::Audio, Some("red")) => red == Some(*format),
                (Kind::Video, Some("h264")) => h264 == Some(*format) || high == Some(*format),
                (Kind::Video, Some("vp9")) => is_main_profile(section, format, "profile-id"),
                (Kind::Video, Some("av1")) => is_main_profile(section, format, "profile"),
                _ => false,
            };
            let is_same = |other: &&str| section.codec_name(other) == section.codec_name(format);
            let is_second = formats.iter().any(is_same) && high != Some(*format) && h264 != Some(*format);
            if is_kept && !is_second {
                formats.push(format);
            }
        }
        let mut with_resend = Vec::with_capacity(formats.len() * 2);
        for format in &formats {
            with_resend.push(*format);
            with_resend.extend(section.formats.iter().copied().find(|candidate| {
                section.codec_name(candidate).as_deref() == Some("rtx")
                    && section.format_parameter(candidate, "apt") == Some(*format)
            }));
        }
        let is_rejected = section.is_rejected() || with_resend.is_empty();
        Self { formats: if is_rejected { section.formats.clone() } else { with_resend }, is_rejected }
    }
}

/// The payload type of RED whose blocks are all of the section's first Opus format (`a=fmtp:63 111/111`).
fn red_around_opus<'a>(section: &Section<'a>) -> Option<&'a str> {
    let named = |name: &str| {
        let name = name.to_owned();
        section.formats.iter().copied().filter(move |format| section.codec_name(format).as_deref() == Some(&name))
    };
    let opus = named("opus").next()?;
    named("red").find(|format| {
        section.attributes("fmtp").any(|value| {
            value.split_once(' ').is_some_and(|(payload_type, blocks)| {
                payload_type == *format && blocks.trim().split('/').all(|block| block == opus)
            })
        })
    })
}

/// Of a codec whose first profile is meant where none is named.
fn is_main_profile(section: &Section<'_>, format: &str, parameter: &str) -> bool {
    section.format_parameter(format, parameter).is_none_or(|profile| profile == "0")
}

fn is_about(line: &str, extension: &str) -> bool {
    line.strip_prefix("a=extmap:").is_some_and(|rest| rest.split_ascii_whitespace().nth(1) == Some(extension))
}

fn is_candidate(line: &str) -> bool {
    line.starts_with("a=candidate:") || line == "a=end-of-candidates"
}

/// What is left of an offered direction.
pub(super) fn one_way(offered: Direction, is_published: bool, is_subscribed: bool) -> Direction {
    match offered {
        Direction::SendRecv | Direction::SendOnly if is_published => Direction::SendOnly,
        Direction::SendRecv | Direction::RecvOnly if is_subscribed => Direction::RecvOnly,
        _ => Direction::Inactive,
    }
}

fn write_section(out: &mut String, section: &Section<'_>, kept: &Kept<'_>, direction: Direction, has_numbers: bool) {
    let port = if kept.is_rejected { "0" } else { section.port };
    let first = kept.formats.first().and_then(|format| section.codec_name(format));
    let tells_dependencies = direction != Direction::SendOnly || first.as_deref() == Some("av1");
    push_line(out, &format!("m={} {port} {} {}", section.kind.as_str(), section.protocol, kept.formats.join(" ")));
    for line in &section.lines {
        let of_format = ["a=rtpmap:", "a=fmtp:", "a=rtcp-fb:"].iter().find_map(|prefix| line.strip_prefix(prefix));
        let is_foreign = of_format
            .and_then(|rest| rest.split_ascii_whitespace().next())
            .is_some_and(|format| format != "*" && !kept.formats.contains(&format));
        // A section that is rejected here must not look bundled.
        let is_bundling = kept.is_rejected && *line == "a=bundle-only";
        let is_untold =
            (!tells_dependencies && is_about(line, DEPENDENCIES_URI)) || (!has_numbers && is_about(line, NUMBERS_URI));
        if !is_foreign && !is_bundling && !is_untold && !is_candidate(line) && Direction::parse(line).is_none() {
            push_line(out, &of_default_level(section, line));
        }
    }
    if section.kind != Kind::Application {
        push_line(out, &format!("a={}", direction.as_str()));
    }
}

fn push_line(out: &mut String, line: &str) {
    out.push_str(line);
    out.push_str("\r\n");
}
