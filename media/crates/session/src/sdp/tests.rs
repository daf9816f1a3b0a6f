//! The text module on offers as browsers print them, and on text that is no offer at all.

use std::collections::{BTreeMap, BTreeSet};

use palaver_forward::Codec;
use proptest::prelude::*;

use super::narrow::one_way;
use super::*;
use crate::api::{NegotiatedSession as _, SessionFactory as _};

/// A real offer of Chromium 156 with LiveKit's sections: a data channel, simulcast, all codecs.
const CHROMIUM: &str = include_str!("../../../../fuzz/corpus/sdp/chromium-simulcast.sdp");

fn mid(text: &str) -> Mid {
    Mid::new(text).expect("a mid")
}

fn mids(list: &[&str]) -> BTreeSet<Mid> {
    list.iter().map(|text| mid(text)).collect()
}

/// The section of a description with this mid, with its `m=` line.
fn section<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let marker = format!("a=mid:{name}");
    let found = text.split("\r\nm=").skip(1).find(|s| s.lines().any(|line| line == marker));
    found.unwrap_or_else(|| panic!("no section {name}")).lines().collect()
}

#[test]
fn the_sections_of_a_real_offer_are_read() {
    let sections = parse_offer(CHROMIUM).expect("an offer");
    let kinds: Vec<_> = sections.iter().map(|s| (s.mid.as_str(), s.kind, s.direction)).collect();
    assert_eq!(kinds[0], ("0", Kind::Audio, Direction::RecvOnly));
    assert_eq!(kinds[6], ("6", Kind::Application, Direction::SendRecv));
    assert_eq!(kinds[8], ("8", Kind::Video, Direction::SendOnly));
    assert_eq!(sections[0].codecs[..2], ["opus", "red"]);
    assert!(!sections[8].codecs.iter().any(|codec| codec == "rtx"));
    assert_eq!(sections[8].rids.iter().map(Rid::as_str).collect::<Vec<_>>(), ["q", "h", "f"]);
    assert!(sections[8].track_id.is_some() && sections[0].track_id.is_none());
    assert!(sections.iter().all(|section| !section.is_rejected));
}

#[test]
fn a_section_that_nobody_filled_becomes_inactive() {
    let narrowed = narrow_offer(CHROMIUM, &mids(&["7"]), &mids(&["3"])).expect("an offer");
    let direction = |name: &str| {
        let lines = section(&narrowed, name);
        lines.iter().find_map(|line| Direction::parse(line)).expect("a direction")
    };
    assert_eq!(direction("0"), Direction::Inactive);
    assert_eq!(direction("3"), Direction::RecvOnly);
    assert_eq!(direction("7"), Direction::SendOnly);
    assert_eq!(direction("8"), Direction::Inactive, "not published");
}

#[test]
fn a_section_has_one_way_and_publishing_comes_first() {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    assert_eq!(one_way(SendRecv, true, true), SendOnly);
    assert_eq!(one_way(SendRecv, false, true), RecvOnly);
    assert_eq!(one_way(SendOnly, false, true), Inactive);
    assert_eq!(one_way(RecvOnly, true, false), Inactive);
    assert_eq!(one_way(Inactive, true, true), Inactive);
}

#[test]
fn only_our_codecs_stay_and_h264_is_constrained_baseline_in_packetization_mode_1() {
    let narrowed = narrow_offer(CHROMIUM, &mids(&[]), &mids(&["3"])).expect("an offer");
    let lines = section(&narrowed, "3");
    let maps: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix("a=rtpmap:")).collect();
    let names: Vec<_> =
        maps.iter().filter_map(|map| map.split(' ').nth(1)).filter(|name| *name != "rtx/90000").collect();
    assert_eq!(names, ["VP8/90000", "VP9/90000", "H264/90000", "AV1/90000"]);
    let parameters = |name: &str| {
        let map = maps.iter().find(|map| map.ends_with(name)).and_then(|map| map.split(' ').next()).expect("a format");
        let prefix = format!("a=fmtp:{map} ");
        *lines.iter().find(|line| line.starts_with(&prefix)).expect("fmtp")
    };
    let h264 = parameters("H264/90000");
    assert!(h264.contains("packetization-mode=1") && h264.contains("profile-level-id=42e0"), "{h264}");
    assert!(parameters("VP9/90000").ends_with("profile-id=0") && parameters("AV1/90000").ends_with(" profile=0"));
    let formats: Vec<_> = lines[0].split(' ').skip(3).collect();
    assert_eq!(formats.len(), 8, "each with its RTX: {}", lines[0]);
    let audio = section(&narrowed, "0");
    assert_eq!(audio[0].split(' ').skip(3).collect::<Vec<_>>(), ["111", "63"], "Opus, and RED around it");
}

#[test]
fn a_codec_that_names_no_profile_has_its_main_one() {
    let offer =
        CHROMIUM.replace("a=fmtp:98 profile-id=0\r\n", "").replace("a=fmtp:45 level-idx=5;profile=0;tier=0\r\n", "");
    let narrowed = narrow_offer(&offer, &mids(&[]), &mids(&["3"])).expect("an offer");
    let formats: Vec<_> = section(&narrowed, "3")[0].split(' ').skip(3).map(str::to_owned).collect();
    assert_eq!(formats, ["96", "97", "98", "99", "108", "109", "45", "46"]);
}

/// The Chromium offer with a high profile in place of that of 4:4:4 pictures.
fn with_high(profile: &str) -> String {
    let offer = CHROMIUM.replace("profile-level-id=f4001f", &format!("profile-level-id={profile}"));
    assert_ne!(offer, CHROMIUM);
    offer
}

#[test]
fn h264_of_the_high_profile_is_a_codec_of_its_own() {
    for profile in ["64001f", "640C1F", "640032"] {
        let offer = with_high(profile);
        let codecs = &parse_offer(&offer).expect("an offer")[3].codecs;
        assert!(codecs.iter().any(|codec| codec == "h264;high") && codecs.iter().any(|codec| codec == "h264"));
        let narrowed = narrow_offer(&offer, &mids(&[]), &mids(&["3"])).expect("an offer");
        let formats = section(&narrowed, "3")[0].to_owned();
        assert!(formats.contains(" 108 109 ") && formats.contains(" 41 42 ") && !formats.contains(" 43 "), "{formats}");
        let peer = accept(&narrowed);
        assert!(peer.can_send(mid("3"), Codec::H264) && peer.can_send(mid("3"), Codec::H264High), "{profile}");
    }
    let peer = accept(&narrow_offer(CHROMIUM, &mids(&[]), &mids(&["3"])).expect("an offer"));
    assert!(!peer.can_send(mid("3"), Codec::H264High));
    assert!([Codec::Vp8, Codec::Vp9, Codec::Av1, Codec::H264].iter().all(|codec| peer.can_send(mid("3"), *codec)));
}

#[test]
fn who_can_send_both_profiles_sends_the_one_that_all_decode() {
    let sends = with_high("64001f").replace("a=recvonly", "a=sendonly");
    let formats = |offer: &str| {
        let narrowed = narrow_offer(offer, &mids(&["3"]), &mids(&[])).expect("an offer");
        section(&narrowed, "3")[0].to_owned()
    };
    assert!(formats(&sends).contains(" 108 ") && !formats(&sends).contains(" 41 "));
    let only_high = sends.replace("profile-level-id=42e01f", "profile-level-id=4d001f");
    assert!(formats(&only_high).contains(" 41 42"), "{}", formats(&only_high));
}

#[test]
fn av1_is_taken_of_any_level_and_tier_and_only_of_the_main_profile() {
    let with = |parameters: &str| {
        let offer = CHROMIUM.replace("a=fmtp:45 level-idx=5;profile=0;tier=0", &format!("a=fmtp:45 {parameters}"));
        assert!(!narrow_answer(&offer).expect("text").contains("level-idx"), "answers too");
        accept(&narrow_offer(&offer, &mids(&[]), &mids(&["3"])).expect("an offer"))
    };
    for parameters in
        ["level-idx=5;profile=0;tier=0", "level-idx=8;profile=0;tier=0", "tier=1; level-idx=13", "LEVEL-IDX=31;"]
    {
        assert!(with(parameters).can_send(mid("3"), Codec::Av1), "{parameters}");
    }
    assert!(!with("level-idx=5;profile=1;tier=0").can_send(mid("3"), Codec::Av1));
}

#[test]
fn vp9_is_taken_only_of_the_main_profile() {
    let offer = CHROMIUM.replace("a=fmtp:98 profile-id=0", "a=fmtp:98 profile-id=2");
    let peer = accept(&narrow_offer(&offer, &mids(&[]), &mids(&["3"])).expect("an offer"));
    assert!(!peer.can_send(mid("3"), Codec::Vp9) && peer.can_send(mid("3"), Codec::Vp8));
}

#[test]
fn packets_are_numbered_for_all_of_a_peer_where_the_numbers_are_told_of() {
    let is_numbered = |text: &str| text.contains("draft-holmer-rmcat-transport-wide-cc-extensions");
    let narrowed = |offer: &str| narrow_offer(offer, &mids(&["8"]), &mids(&["3"])).expect("an offer");
    assert!(is_numbered(&narrowed(CHROMIUM)) && is_numbered(&narrow_answer(CHROMIUM).expect("text")));
    let untold: String =
        CHROMIUM.lines().filter(|line| !line.ends_with("transport-cc")).flat_map(|line| [line, "\r\n"]).collect();
    assert!(is_numbered(&untold));
    assert!(!is_numbered(&narrowed(&untold)) && !is_numbered(&narrow_answer(&untold).expect("text")));
}

fn accept(offer: &str) -> crate::RtcSession {
    let now = std::time::Instant::now();
    let mut session = crate::RtcFactory::new().make(now, &[]);
    session.accept(now, crate::PreparedOffer::parse(offer).expect("an offer")).expect("accepted");
    session
}

#[test]
fn what_frames_need_is_said_of_av1_and_to_whoever_receives() {
    let extension = format!("a=extmap:12 {DEPENDENCIES_URI}");
    let offer = CHROMIUM.replace("a=extmap:13 urn:3gpp", &format!("{extension}\r\na=extmap:13 urn:3gpp"));
    let says = |offer: &str, published: &[&str]| {
        let narrowed = narrow_offer(offer, &mids(published), &mids(&["3"])).expect("an offer");
        section(&narrowed, "3").contains(&&*extension)
    };
    assert!(says(&offer, &[]), "receives");
    let sends = offer.replace("a=recvonly", "a=sendonly");
    assert!(!says(&sends, &["3"]), "sends VP8");
    let line = section(&offer, "3")[0];
    let av1_first = line.replace(" 45", "").replace("SAVPF 96", "SAVPF 45 96");
    assert_ne!(line, av1_first);
    assert!(says(&sends.replace(line, &av1_first), &["3"]), "sends AV1");
}

#[test]
fn red_around_anything_but_opus_is_left_out() {
    for (from, to) in [("a=fmtp:63 111/111", "a=fmtp:63 9/9"), ("a=fmtp:63 111/111\r\n", ""), ("111/111", "111/0")] {
        let narrowed = narrow_offer(&CHROMIUM.replace(from, to), &mids(&["7"]), &mids(&[])).expect("an offer");
        let audio = section(&narrowed, "7");
        assert_eq!(audio[0].split(' ').skip(3).collect::<Vec<_>>(), ["111"], "{to}");
        assert!(!narrowed.contains("red/48000"), "{to}");
    }
}

#[test]
fn an_answer_has_red_only_where_the_offer_does_and_in_its_place() {
    let offer = CHROMIUM.replace("\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 63 ", "\r\nm=audio 9 UDP/TLS/RTP/SAVPF 63 111 ");
    assert_ne!(offer, CHROMIUM);
    let sections = parse_offer(&offer).expect("an offer");
    let without = offer.replace("SAVPF 63 111 ", "SAVPF 111 ");
    let lines = |answer: &str, offer: &str| {
        let finished = rewrite_answer(answer, offer, &BTreeMap::new());
        let audio = section(&finished, "7").iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        (audio[0].split(' ').skip(3).collect::<Vec<_>>().join(" "), audio.join("\n"))
    };
    assert!(sections.iter().any(|section| section.codecs.first().is_some_and(|codec| codec == "red")));
    // The engine prints RED first, in all sections that have Opus.
    let answer = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\na=mid:7\r\na=rtpmap:63 red/48000/2\r\n\
        a=fmtp:63 111/111\r\na=rtpmap:111 opus/48000/2\r\n";
    let only = |text: &str| format!("v=0\r\nm={}", section(text, "7").join("\r\n"));
    assert_eq!(lines(answer, &only(&offer)).0, "63 111");
    assert_eq!(lines(answer, &only(CHROMIUM)).0, "111 63", "as the client likes it");
    let (formats, audio) = lines(answer, &only(&without));
    assert_eq!(formats, "111");
    assert!(audio.contains("opus/48000") && !audio.contains("red") && !audio.contains("a=fmtp:63"), "{audio}");
}

#[test]
fn a_section_without_any_of_our_codecs_is_rejected_and_leaves_the_bundle() {
    let only_h265 = "v=0\r\na=group:BUNDLE 0 1\r\na=ice-ufrag:a\r\na=ice-pwd:b\r\na=fingerprint:c\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 45\r\na=mid:0\r\na=recvonly\r\na=rtpmap:45 H265/90000\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\na=recvonly\r\na=rtpmap:111 opus/48000/2\r\n";
    let narrowed = narrow_offer(only_h265, &mids(&[]), &mids(&["0", "1"])).expect("an offer");
    assert!(narrowed.contains("a=group:BUNDLE 1\r\n"), "{narrowed}");
    assert!(section(&narrowed, "0")[0].starts_with("video 0 "));
    assert!(section(&narrowed, "1")[0].starts_with("audio 9 "));
}

#[test]
fn bundle_only_is_no_rejection_but_port_0_alone_is() {
    let text = |extra: &str| format!("v=0\r\nm=audio 0 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n{extra}");
    assert!(parse_offer(&text("")).expect("an offer")[0].is_rejected);
    assert!(!parse_offer(&text("a=bundle-only\r\n")).expect("an offer")[0].is_rejected);
}

#[test]
fn what_is_no_offer_is_refused_with_its_reason() {
    assert_eq!(parse_offer(""), Err(SdpError::NotSdp));
    assert_eq!(parse_offer("v=0\r\n"), Err(SdpError::NoSections));
    assert_eq!(parse_offer("v=0\r\nrubbish\r\n"), Err(SdpError::BadLine("rubbish".to_owned())));
    let media = |line: &str| format!("v=0\r\nm={line}\r\na=mid:0\r\n");
    assert_eq!(parse_offer(&media("audio 9")), Err(SdpError::BadLine("audio 9".to_owned())));
    assert_eq!(parse_offer(&media("audio 99999 X 1")), Err(SdpError::BadLine("audio 99999 X 1".to_owned())));
    assert_eq!(parse_offer(&media("text 9 X 1")), Err(SdpError::UnsupportedKind("text".to_owned())));
    assert_eq!(parse_offer("v=0\r\nm=audio 9 X 1\r\n"), Err(SdpError::BadMid(String::new())));
    let twice = "v=0\r\nm=audio 9 X 1\r\na=mid:0\r\nm=audio 9 X 1\r\na=mid:0\r\n";
    assert_eq!(parse_offer(twice), Err(SdpError::DuplicateMid("0".to_owned())));
    let many = format!("v=0\r\n{}", "m=audio 9 X 1\r\n".repeat(MAX_SECTIONS + 1));
    assert_eq!(parse_offer(&many), Err(SdpError::TooLarge));
    assert_eq!(parse_offer(&"v".repeat(MAX_OFFER_BYTES + 1)), Err(SdpError::TooLarge));
    let plain = "v=0\r\nm=audio 9 X 111\r\na=mid:0\r\n";
    assert_eq!(narrow_offer(plain, &mids(&[]), &mids(&[])), Err(SdpError::MissingCredentials("ice-ufrag")));
}

const ANSWER: &str = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a\r\na=sendonly\r\na=msid:x y\r\n\
    a=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:111 opus/48000/2\r\na=ssrc:5 cname:c\r\na=ssrc:5 msid:x y\r\n\
    m=video 9 UDP/TLS/RTP/SAVPF 96 97 108\r\na=mid:b\r\na=inactive\r\na=msid:p q\r\na=rtpmap:96 VP8/90000\r\n";

fn offer_of(opus: &str, video: &str) -> String {
    format!(
        "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\na=mid:a\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 {opus}\r\n\
         m=video 9 UDP/TLS/RTP/SAVPF {video}\r\na=mid:b\r\n"
    )
}

#[test]
fn the_answer_names_the_tracks_of_assigned_sections_only() {
    let assignment = Assignment { publisher: "PA_x".to_owned(), track: "TR_y".to_owned() };
    let assigned = BTreeMap::from([(mid("a"), assignment)]);
    let answer = rewrite_answer(ANSWER, &offer_of("minptime=10", "96 97 108"), &assigned);
    let audio = section(&answer, "a");
    assert!(audio.contains(&"a=msid:PA_x|TR_y TR_y") && audio.contains(&"a=ssrc:5 msid:PA_x|TR_y TR_y"));
    assert!(audio.contains(&"a=ssrc:5 cname:c"));
    assert!(section(&answer, "b").contains(&"a=msid:p q"));
}

#[test]
fn the_answer_follows_the_offers_order_and_grants_its_opus_parameters() {
    let offer = offer_of("stereo=1;usedtx=1;maxaveragebitrate=evil\u{7};useinbandfec=1", "108 97 96");
    let answer = rewrite_answer(ANSWER, &offer, &BTreeMap::new());
    assert_eq!(section(&answer, "b")[0], "video 9 UDP/TLS/RTP/SAVPF 108 97 96");
    assert!(section(&answer, "a").contains(&"a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;usedtx=1"));
}

#[test]
fn the_engine_reads_what_is_left_of_a_real_offer() {
    let narrowed = narrow_offer(CHROMIUM, &mids(&["7", "8"]), &mids(&["0"])).expect("an offer");
    crate::PreparedOffer::parse(&narrowed).expect("an offer for the engine");
    assert!(fingerprint(CHROMIUM).is_some_and(|f| f.starts_with("sha-256 ")));
}

/// Sections of lines of a real offer in any order, doubled, cut and mixed with rubbish; most of them can be read.
fn shuffled_offer() -> impl Strategy<Value = String> {
    let is_inner = |line: &&str| !line.starts_with("m=") && !line.starts_with("a=mid:");
    let lines: Vec<String> = CHROMIUM.lines().skip(1).filter(is_inner).map(str::to_owned).collect();
    let line = prop_oneof![
        12 => proptest::sample::select(lines.clone()),
        2 => (proptest::sample::select(lines), 2_usize..40).prop_map(|(l, at)| l.chars().take(at).collect()),
        1 => "[a-z]=[ -~]{0,30}",
        1 => "a=(fmtp|rtpmap|rtcp-fb|rid|simulcast|msid|ssrc|extmap):[ -~]{0,30}",
    ];
    let media = "(audio|video|application) [0-9]{1,4} [A-Z/]{1,8}( (96|97|103|104|111|[0-9]{1,3})){0,5}";
    let section = (media, proptest::collection::vec(line, 0..25));
    proptest::collection::vec(section, 1..6).prop_map(|sections| {
        let head = "v=0\r\na=ice-ufrag:abcd\r\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa\r\na=fingerprint:sha-256 00\r\n";
        let bodies = sections
            .iter()
            .enumerate()
            .map(|(index, (media, lines))| format!("m={media}\r\na=mid:{index}\r\n{}\r\n", lines.join("\r\n")));
        std::iter::once(head.to_owned()).chain(bodies).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        exercise(&text);
        exercise(&format!("v=0\r\n{text}"));
    }

    #[test]
    fn no_mixture_of_real_lines_panics_and_narrowing_keeps_the_sections(text in shuffled_offer()) {
        exercise(&text);
    }
}
