//! Pictures: repeated when they are lost, each number used once, and nothing of the engine's beside them.

use super::*;

const PICTURE_TICKS: u32 = 1_800;

/// The payload of a packet: a descriptor with a picture id of 15 bits and TL0PICIDX, and a body of some length.
fn payload(seq: u64) -> Arc<[u8]> {
    let mut bytes = vec![0x90, 0xe0, 0x80, 1, 7, 0, 1];
    bytes.resize(300 + (seq % 700) as usize, seq as u8);
    bytes.into()
}

/// As its receiver shall see it.
fn patched(seq: u64) -> Vec<u8> {
    let mut bytes = payload(seq).to_vec();
    let id = (seq & 0x7fff) as u16 | 0x8000;
    bytes[2..4].copy_from_slice(&id.to_be_bytes());
    bytes[4] = seq as u8;
    bytes
}

impl Call {
    /// Films one packet; `arrives` or not.
    fn film(&mut self, seq: u64, arrives: bool) {
        let payload = payload(seq);
        let patch =
            PayloadPatch::Vp8 { picture_id: Some((seq & 0x7fff) as u16), tl0_pic_idx: Some(seq as u8), key_idx: None };
        let packet = OutgoingRtp {
            codec: Codec::Vp8,
            seq,
            timestamp: PICTURE_TICKS.wrapping_mul(seq as u32),
            marker: true,
            payload: &payload,
            patch,
            extensions: &CarriedExtensions { quarter_turns: Some(1), ..CarriedExtensions::default() },
            captured_at: Some(self.now),
        };
        let datagram = self.seal(&packet);
        if arrives {
            self.deliver(&[datagram]);
        }
        self.pass();
    }
}

fn call() -> Call {
    Call::new(SrtpProfile::AEAD_AES_128_GCM, MediaKind::Video)
}

#[test]
fn what_is_lost_comes_again_as_it_was_sent_for_every_cipher() {
    for profile in [SrtpProfile::AEAD_AES_256_GCM, SrtpProfile::AEAD_AES_128_GCM, SrtpProfile::AES128_CM_SHA1_80] {
        let mut call = Call::new(profile, MediaKind::Video);
        let first = 65_300;
        for place in 0..600 {
            call.film(first + place, place % 7 != 3);
        }
        for place in 600..620 {
            call.film(first + place, true);
        }
        let mut packets: Vec<_> = call.packets.iter().map(|packet| (*packet.seq_no, packet)).collect();
        packets.sort_by_key(|(seq, _)| *seq);
        let numbers: Vec<u64> = packets.iter().map(|(seq, _)| *seq).collect();
        assert_eq!(numbers, (first..first + 620).collect::<Vec<_>>(), "each once");
        for (seq, packet) in packets {
            assert_eq!(&packet.payload[..], patched(seq));
            assert_eq!(packet.header.timestamp, PICTURE_TICKS.wrapping_mul(seq as u32));
            assert!(packet.header.marker);
            assert_eq!(packet.header.ext_vals.video_orientation.map(|turns| turns as u8), Some(1));
        }
        let told = call.streams.last().expect("figures each second");
        assert!(told.nacks >= 60 && told.packets > 600, "{told:?}");
    }
}

#[test]
fn a_packet_is_repeated_once_per_round_trip_however_often_it_is_asked_for() {
    let mut call = call();
    for seq in 1..20 {
        call.film(seq, true);
    }
    let asks = |egress: &mut super::super::Egress, now| {
        let stream = egress.streams.values_mut().next().expect("one");
        egress.repairs.take(stream.history.find(10, now), now, None).is_some()
    };
    let (now, egress) = (call.now, &mut call.session.egress);
    assert!(asks(egress, now) && !asks(egress, now) && !asks(egress, now + Duration::from_millis(30)));
    assert!(asks(egress, now + Duration::from_millis(45)));
}

#[test]
fn repairs_are_a_share_of_what_is_sent() {
    let mut call = call();
    for seq in 1..400 {
        call.film(seq, true);
    }
    let egress = &mut call.session.egress;
    let stream = egress.streams.values_mut().next().expect("one");
    let (mut repeated, mut now) = (0, call.now);
    // For less than two seconds, all of them a hundred packets.
    for _ in 0..30 {
        now += Duration::from_millis(60);
        for low in 300..400 {
            repeated +=
                egress.repairs.take(stream.history.find(low, now), now, None).map_or(0, |kept| kept.payload.len());
        }
    }
    assert!((100_000..160_000).contains(&repeated), "{repeated} bytes although nothing new was sent");
}

#[test]
fn each_packet_has_a_number_of_its_own_on_the_transport() {
    let mut call = call();
    for seq in 1..300 {
        call.film(seq, true);
    }
    let mut numbers: Vec<u16> = call.packets.iter().filter_map(|packet| packet.header.ext_vals.transport_cc).collect();
    let count = numbers.len();
    assert_eq!(count, call.packets.len());
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), count);
    assert!(usize::from(numbers[count - 1] - numbers[0]) < count + 200, "without holes but for padding");
}

#[test]
fn a_stream_that_begins_anew_repeats_under_new_numbers() {
    let mut call = call();
    for seq in 1..200 {
        call.film(seq, seq % 5 != 0);
    }
    let egress = &mut call.session.egress;
    let (mid, terms) = egress.streams.iter().map(|(mid, stream)| (*mid, stream.terms.clone())).next().expect("one");
    let rtx = terms.rtx.expect("negotiated");
    egress.negotiate(&[], |_| None);
    egress.negotiate(&[mid], |_| Some(terms.clone()));
    let before = call.packets.len();
    for seq in 200..400 {
        call.film(seq, seq % 5 != 0);
    }
    for seq in 400..420 {
        call.film(seq, true);
    }
    assert_eq!(call.packets.len() - before, 220, "all, repaired under numbers that the receiver had not seen");
    assert!(call.session.egress.repairs.next_number(rtx) > 70);
}

#[test]
fn reports_and_key_frames_work_as_for_any_stream() {
    let mut call = call();
    for seq in 0..200 {
        call.film(seq + 1, true);
    }
    let (at, report) = call.reports.last().expect("one a second");
    assert!(report.sender_info.sender_packet_count > 100, "{report:?}");
    let newest = call.packets.last().map(|packet| packet.header.timestamp).expect("packets");
    let behind = call.now.duration_since(*at).as_millis() as u32 * 90;
    let clock = report.sender_info.rtp_time.numer() as u32;
    assert!(newest.abs_diff(clock + behind) < 90 * 45, "{clock} + {behind} and {newest}");
    let ssrc = call.packets[0].header.ssrc;
    let mut direct = call.client.direct_api();
    let stream = direct.stream_rx(&ssrc).expect("a stream");
    stream.request_keyframe(str0m::media::KeyframeRequestKind::Pli);
    call.pass();
    assert_eq!(call.keyframes, 1);
}

#[test]
fn no_rtp_of_the_engine_leaves() {
    let mut call = call();
    for seq in 1..5 {
        let payload = payload(seq);
        let packet = OutgoingRtp {
            codec: Codec::Vp8,
            seq,
            timestamp: 1,
            marker: true,
            payload: &payload,
            patch: PayloadPatch::None,
            extensions: &CarriedExtensions::default(),
            captured_at: Some(call.now),
        };
        call.seal(&packet);
        call.now += FRAME;
        call.session.advance(call.now).expect("alive");
        let rtp = call.drain_session().iter().filter(|datagram| super::super::is_rtp(datagram)).count();
        assert_eq!(rtp, 0);
    }
}

#[test]
fn what_the_section_does_not_take_is_refused_and_a_number_is_sealed_once() {
    let mut call = call();
    call.film(1, true);
    let payload = payload(2);
    let mut packet = OutgoingRtp {
        codec: Codec::Opus,
        seq: 2,
        timestamp: 1,
        marker: true,
        payload: &payload,
        patch: PayloadPatch::None,
        extensions: &CarriedExtensions::default(),
        captured_at: Some(call.now),
    };
    let mut out = Vec::new();
    assert_eq!(call.session.send_rtp(call.now, call.mid, &packet, &mut out), Written::Refused);
    (packet.codec, packet.seq) = (Codec::Vp8, 1);
    assert_eq!(call.session.send_rtp(call.now, call.mid, &packet, &mut out), Written::Refused);
    assert!(out.is_empty());
}
