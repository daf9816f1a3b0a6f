//! What the engine printed → what the client gets.

use std::collections::BTreeMap;

use super::{Document, Kind, Section};
use crate::ids::Mid;

/// The track that a section carries to its subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Session id of the participant who publishes.
    pub publisher: String,
    /// Id of the track.
    pub track: String,
}

/// Opus parameters that a publisher asked for and that the answer grants (RFC 7587 6.1).
const GRANTED_OPUS: [&str; 4] = ["stereo", "usedtx", "maxaveragebitrate", "cbr"];

/// Finish the engine's answer.
///
/// * `a=msid` and `a=ssrc:N msid` of assigned sections name the track: `<publisher>|<track> <track>`.
/// * Payload types follow the order of the offer, because a browser sends the first one of the answer, and those that
///   the offer's section does not have are left out: the engine has one list for all sections.
/// * Opus parameters that the offer asked for are repeated.
///
/// Text that is not a description is returned as it is.
pub fn rewrite_answer(answer: &str, offer: &str, assigned: &BTreeMap<Mid, Assignment>) -> String {
    let (Ok(answered), Ok(offered)) = (Document::parse(answer), Document::parse(offer)) else {
        return answer.to_owned();
    };
    let mut out = String::with_capacity(answer.len() + 256);
    for line in &answered.session {
        push_line(&mut out, line);
    }
    for (index, section) in answered.sections.iter().enumerate() {
        let offered_section = offered.sections.get(index);
        let formats = offered_section.map_or_else(|| section.formats.clone(), |o| in_offered_order(section, o));
        push_line(
            &mut out,
            &format!("m={} {} {} {}", section.kind.as_str(), section.port, section.protocol, formats.join(" ")),
        );
        let assignment = section.attribute("mid").and_then(Mid::new).and_then(|mid| assigned.get(&mid));
        let extra = offered_section.and_then(|o| opus_grants(section, o));
        for line in section.lines.iter().filter(|line| !is_of_other_format(line, &section.formats, &formats)) {
            write_line(&mut out, line, assignment, extra.as_ref());
        }
    }
    out
}

/// A line about a format that was answered and left out.
fn is_of_other_format(line: &str, answered: &[&str], kept: &[&str]) -> bool {
    let of_format = ["a=rtpmap:", "a=fmtp:", "a=rtcp-fb:"].iter().find_map(|prefix| line.strip_prefix(prefix));
    let format = of_format.and_then(|rest| rest.split_ascii_whitespace().next());
    format.is_some_and(|format| answered.contains(&format) && !kept.contains(&format))
}

/// The answered formats, the ones that the offer prefers first.
fn in_offered_order<'a>(answered: &Section<'a>, offered: &Section<'_>) -> Vec<&'a str> {
    let mut formats = answered.formats.clone();
    if answered.kind != Kind::Application {
        let rank = |format: &str| offered.formats.iter().position(|f| *f == format);
        if formats.iter().any(|format| rank(format).is_some()) {
            formats.retain(|format| rank(format).is_some());
        }
        formats.sort_by_key(|format| rank(format));
    }
    formats
}

/// `(payload type, parameters to add)` of the Opus format of a section.
fn opus_grants(answered: &Section<'_>, offered: &Section<'_>) -> Option<(String, String)> {
    let format = *answered.formats.iter().find(|f| answered.codec_name(f).as_deref() == Some("opus"))?;
    let added: Vec<String> = GRANTED_OPUS
        .iter()
        .filter(|name| answered.format_parameter(format, name).is_none())
        .filter_map(|name| {
            let value = offered.format_parameter(format, name)?;
            value.bytes().all(|b| b.is_ascii_digit()).then(|| format!("{name}={value}"))
        })
        .collect();
    (!added.is_empty()).then(|| (format.to_owned(), added.join(";")))
}

fn write_line(out: &mut String, line: &str, assignment: Option<&Assignment>, opus: Option<&(String, String)>) {
    if let Some(Assignment { publisher, track }) = assignment {
        if line.starts_with("a=msid:") {
            return push_line(out, &format!("a=msid:{publisher}|{track} {track}"));
        }
        if let Some((ssrc, _)) = line.strip_prefix("a=ssrc:").and_then(|rest| rest.split_once(" msid:")) {
            return push_line(out, &format!("a=ssrc:{ssrc} msid:{publisher}|{track} {track}"));
        }
    }
    if let Some((format, added)) = opus
        && line.strip_prefix("a=fmtp:").and_then(|rest| rest.split_once(' ')).is_some_and(|(f, _)| f == format)
    {
        return push_line(out, &format!("{line};{added}"));
    }
    push_line(out, line);
}

fn push_line(out: &mut String, line: &str) {
    out.push_str(line);
    out.push_str("\r\n");
}
