use super::{Continuity, PayloadPatch, Rewriter, SourcePacket};
use crate::codec::{PictureId, PictureNumbers};
use crate::units::Micros;
use proptest::prelude::*;

const RATE: u32 = 90_000;

fn packet(seq: u64, timestamp: u32, now_ms: u64) -> SourcePacket {
    SourcePacket {
        seq,
        timestamp,
        clock_rate_hz: RATE,
        now: Micros::from_millis(now_ms),
        picture: PictureNumbers::NONE,
        picture_index: 0,
    }
}

/// A rewriter that has begun with source packet 100 as number 500.
fn begun() -> Rewriter {
    let mut rewriter = Rewriter::new(500, 9_000);
    let first = packet(100, 1_000_000, 1_000);
    rewriter.begin(&first, Continuity::None);
    let sent = rewriter.forward(&first).expect("the first packet");
    assert_eq!((sent.seq, sent.timestamp, sent.patch), (500, 9_000, PayloadPatch::None));
    rewriter
}

fn seq(rewriter: &mut Rewriter, seq: u64) -> Option<u64> {
    rewriter.forward(&packet(seq, 1_000_000, 1_000)).map(|sent| sent.seq)
}

#[test]
fn a_lost_packet_keeps_its_number_until_it_comes() {
    let mut rewriter = begun();
    assert_eq!(seq(&mut rewriter, 103), Some(503));
    assert_eq!(seq(&mut rewriter, 101), Some(501));
    assert_eq!(seq(&mut rewriter, 102), Some(502));
    assert_eq!(seq(&mut rewriter, 104), Some(504));
}

#[test]
fn a_dropped_packet_leaves_no_hole_and_never_comes_back() {
    let mut rewriter = begun();
    rewriter.skip(&packet(101, 1_003_000, 1_033));
    rewriter.skip(&packet(102, 1_003_000, 1_033));
    assert_eq!(seq(&mut rewriter, 103), Some(501));
    assert_eq!(seq(&mut rewriter, 101), None);
    assert_eq!(seq(&mut rewriter, 104), Some(502));
}

#[test]
fn a_loss_between_dropped_pictures_keeps_its_number_and_one_within_a_picture_does_not() {
    let mut rewriter = begun();
    rewriter.skip(&packet(101, 1_003_000, 1_033));
    rewriter.skip(&packet(103, 1_003_000, 1_033)); // 102 was of the same picture
    assert_eq!(seq(&mut rewriter, 104), Some(501));
    rewriter.skip(&packet(105, 1_006_000, 1_066));
    rewriter.skip(&packet(107, 1_009_000, 1_099)); // 106 may be a picture that is wanted
    assert_eq!(seq(&mut rewriter, 108), Some(503));
    assert_eq!(seq(&mut rewriter, 106), Some(502));
    assert_eq!(seq(&mut rewriter, 102), None);
}

#[test]
fn a_restart_of_the_source_leaves_no_endless_hole() {
    let mut rewriter = begun();
    assert_eq!(seq(&mut rewriter, 5_000), Some(501));
    assert_eq!(seq(&mut rewriter, 5_001), Some(502));
}

#[test]
fn packets_from_before_the_beginning_are_not_forwarded() {
    let mut rewriter = begun();
    assert_eq!(seq(&mut rewriter, 99), None);
    let next = packet(40, 1, 1_040);
    rewriter.begin(&next, Continuity::None);
    assert_eq!(rewriter.forward(&next).map(|sent| sent.seq), Some(501));
    assert_eq!(seq(&mut rewriter, 39), None);
}

#[test]
fn a_new_track_continues_by_the_wall_clock() {
    let mut rewriter = begun();
    let next = packet(7, 4_000_000_000, 1_100);
    rewriter.begin(&next, Continuity::None);
    let sent = rewriter.forward(&next).expect("begins");
    assert_eq!((sent.seq, sent.timestamp), (501, 9_000 + 9_000));
}

#[test]
fn a_source_that_begins_at_once_is_one_frame_later() {
    let mut rewriter = begun();
    let next = packet(7, 5, 1_000);
    rewriter.begin(&next, Continuity::None);
    assert_eq!(rewriter.forward(&next).map(|sent| sent.timestamp), Some(9_000 + 1_500));
}

#[test]
fn another_layer_continues_by_capture_time_within_25_ms_of_the_wall_clock() {
    let switch = |capture_ahead: u32| {
        let mut rewriter = begun();
        let next = packet(7, 5, 1_100);
        let continuity = Continuity::SameTrack { previous_capture: Some(70), capture: Some(70 + capture_ahead) };
        rewriter.begin(&next, continuity);
        rewriter.forward(&next).map(|sent| sent.timestamp - 9_000)
    };
    assert_eq!(switch(8_000), Some(8_000), "the network was 11 ms slower");
    assert_eq!(switch(12_000), Some(9_000 + 2_250), "never further ahead than 25 ms");
    assert_eq!(switch(0), Some(1_500), "never less than a frame");
    assert_eq!(switch(900_000), Some(9_000), "a broken report is not believed");
}

#[test]
fn a_long_pause_advances_time_even_if_the_source_stood_still() {
    let mut rewriter = begun();
    let after = rewriter.forward(&packet(101, 1_003_000, 11_000)).expect("in order");
    assert_eq!(after.timestamp, 9_000 + 900_000);
    let next = rewriter.forward(&packet(102, 1_006_000, 11_033)).expect("in order");
    assert_eq!(next.timestamp, after.timestamp + 3_000);
}

#[test]
fn silence_keeps_the_jump_that_the_source_made() {
    let mut rewriter = begun();
    // Ten seconds of silence; the packet is 40 ms earlier than the clock says because of jitter.
    let after = rewriter.forward(&packet(101, 1_000_000 + 900_000, 10_960)).expect("in order");
    assert_eq!(after.timestamp, 9_000 + 900_000);
}

#[test]
fn pictures_continue_over_sources_of_either_width() {
    let picture = |value, bits| PictureNumbers {
        picture_id: Some(PictureId { value, bits }),
        tl0_pic_idx: Some(200),
        key_idx: Some(30),
    };
    let mut rewriter = Rewriter::new(1, 1);
    let mut begin = |seq, numbers: PictureNumbers, index| {
        let packet = SourcePacket { picture: numbers, picture_index: index, ..packet(seq, 0, seq) };
        rewriter.begin(&packet, Continuity::None);
        rewriter.forward(&packet).map(|sent| sent.patch)
    };
    let patch = |picture_id, tl0_pic_idx, key_idx| {
        Some(PayloadPatch::Vp8 { picture_id: Some(picture_id), tl0_pic_idx: Some(tl0_pic_idx), key_idx: Some(key_idx) })
    };
    assert_eq!(begin(1, picture(0x7fff, 15), 0x7fff), patch(0x7fff, 200, 30));
    assert_eq!(begin(50, picture(77, 15), 77), patch(0, 201, 31));
    assert_eq!(begin(90, picture(9, 7), 9), patch(1, 202, 0));
}

proptest! {
    #[test]
    fn sent_numbers_are_unique_and_in_the_order_of_the_source(
        packets in prop::collection::vec((0u64..4, any::<bool>(), 0u64..30), 1..300),
    ) {
        let mut rewriter = begun();
        let mut sent: Vec<(u64, u64)> = vec![(100, 500)];
        let mut newest = 100;
        for (ahead, is_dropped, back) in packets {
            // One packet further or some back; whoever was seen before is not given again, as the layer sees to.
            let seq = if back < 5 { newest - back.min(newest - 100) } else { newest + ahead };
            if sent.iter().any(|(source, _)| *source == seq) {
                continue;
            }
            newest = newest.max(seq);
            let packet = packet(seq, (seq / 3) as u32 * 3_000, seq * 11);
            if is_dropped {
                rewriter.skip(&packet);
            } else if let Some(rewritten) = rewriter.forward(&packet) {
                sent.push((seq, rewritten.seq));
            }
        }
        sent.sort_unstable();
        for pair in sent.windows(2) {
            prop_assert!(pair[0].1 < pair[1].1, "{:?}", pair);
            prop_assert!(pair[1].1 - pair[0].1 <= pair[1].0 - pair[0].0, "a hole larger than the source's: {:?}", pair);
        }
    }

    #[test]
    fn time_never_runs_back_or_ahead_at_a_change_of_source(
        sources in prop::collection::vec((any::<u32>(), 0u64..5_000, 0u8..3, any::<Option<(u32, u32)>>()), 1..60),
    ) {
        let mut rewriter = begun();
        let (mut last, mut now_ms) = (9_000u32, 1_000u64);
        for (index, (timestamp, pause_ms, kind, ticks)) in sources.into_iter().enumerate() {
            now_ms += pause_ms;
            let packet = packet(index as u64 * 70, timestamp, now_ms);
            let continuity = match kind {
                0 => Continuity::None,
                1 => Continuity::SameLayer,
                _ => Continuity::SameTrack {
                    previous_capture: ticks.map(|(before, _)| before),
                    capture: ticks.map(|(_, after)| after),
                },
            };
            rewriter.begin(&packet, continuity);
            let sent = rewriter.forward(&packet).expect("the first packet of a source");
            let ahead = sent.timestamp.wrapping_sub(last);
            prop_assert!(ahead >= 1_500 && ahead <= ((pause_ms + 25) * 90) as u32, "{} ticks in {} ms", ahead, pause_ms);
            last = sent.timestamp;
        }
    }
}
