use super::*;
use crate::encode::{Style, encode};

/// Sends so many packets, 10 ms apart, of 1 250 bytes.
fn sent(packets: u64) -> Way {
    let mut way = Way::default();
    for at in 0..packets {
        way.on_sent(at * 10_000, 1_250, 0);
    }
    way
}

/// Feedback of packets that all arrived 10 ms apart.
fn arrived(from: u16, count: u8, packets: u16) -> Vec<u8> {
    let at = |number: u16| Some(40_000 + i64::from(number) * 40);
    encode(from, count, &(from..from + packets).map(at).collect::<Vec<_>>(), Style::Ones)
}

#[test]
fn what_arrives_is_measured_by_the_clock_of_the_peer() {
    let mut way = sent(200);
    let news = way.on_feedback(3_000_000, &arrived(0, 0, 100), None).unwrap();
    assert_eq!((news.is_first, news.arrived, news.missing, news.unknown), (true, 100, 0, 0));
    let news = way.on_feedback(3_000_000, &arrived(100, 1, 100), None).unwrap();
    assert!(!news.is_first);
    let (lately, now) = way.arriving_bps().unwrap();
    assert!((900e3..1.1e6).contains(&lately) && (900e3..1.1e6).contains(&now), "{lately} {now}");
    assert_eq!(way.rtt_us(), Some(3_000_000 - 1_990_000));
    assert_eq!(way.standing_us(), 0);
}

#[test]
fn what_is_between_two_feedbacks_is_missing_but_not_if_one_between_them_was_lost() {
    let mut way = sent(200);
    way.on_feedback(2_000_000, &arrived(0, 0, 50), None).unwrap();
    assert_eq!(way.on_feedback(2_000_000, &arrived(60, 1, 40), None).unwrap().missing, 10);
    assert_eq!(way.on_feedback(2_000_000, &arrived(130, 3, 40), None).unwrap().missing, 0);
    let (_, loss) = way.loss(4_000_000).unwrap();
    assert!((loss - 10.0 / 140.0).abs() < 0.001, "{loss}");
}

#[test]
fn the_time_of_feedback_that_was_lost_does_not_make_the_rate_small() {
    let mut way = sent(200);
    way.on_feedback(2_000_000, &arrived(0, 0, 100), None).unwrap();
    way.on_feedback(2_000_000, &arrived(140, 2, 60), None).unwrap();
    let (lately, _) = way.arriving_bps().unwrap();
    assert!((900e3..1.1e6).contains(&lately), "{lately}");
}

#[test]
fn feedback_that_comes_again_tells_nothing_new() {
    let mut way = sent(200);
    way.on_feedback(2_000_000, &arrived(0, 0, 100), None).unwrap();
    let news = way.on_feedback(2_000_000, &arrived(0, 0, 100), None).unwrap();
    assert_eq!((news.arrived, news.unknown), (0, 100));
    let news = way.on_feedback(2_000_000, &arrived(500, 1, 10), None).unwrap();
    assert_eq!((news.arrived, news.missing, news.unknown), (0, 0, 10), "never sent");
}

#[test]
fn a_clock_that_is_set_back_begins_anew() {
    let mut way = sent(200);
    way.on_feedback(2_000_000, &encode(0, 0, &[Some(400_000_000)], Style::Runs), None).unwrap();
    let later: Vec<_> = (1..150).map(|number| Some(40_000 + number * 40)).collect();
    way.on_feedback(2_000_000, &encode(1, 1, &later, Style::Runs), None).unwrap();
    let (lately, _) = way.arriving_bps().unwrap();
    assert!((900e3..1.1e6).contains(&lately), "{lately}");
    assert_eq!(way.standing_us(), 0);
}
