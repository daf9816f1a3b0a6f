use super::*;

/// Sends a probe for `target` over a line of `line` bits per second that loses each packet for which `loses` holds.
fn probed(target: f64, line: f64, loses: impl Fn(u64) -> bool) -> (Probe, Option<Outcome>) {
    let mut probe = Probe::new(ClusterId(1), target, 0.0);
    let (mut number, mut free_us) = (0, 0.0_f64);
    let mut arrivals = Vec::new();
    for now_us in (0..200_000).step_by(5_000) {
        while let Some(padding) = probe.poll(now_us) {
            probe.on_sent(number, padding.bytes);
            free_us = free_us.max(now_us as f64) + padding.bytes as f64 * 8e6 / line;
            arrivals.push((now_us, free_us as i64, padding.bytes as u16));
            number += 1;
        }
    }
    for (at, (sent, arrived, bytes)) in arrivals.into_iter().enumerate() {
        if !loses(at as u64) {
            probe.on_arrived(at as u64, sent, arrived, bytes);
        }
    }
    assert_eq!(probe.on_feedback(number - 1, 0.0), None, "the last was not told of");
    let outcome = probe.on_feedback(number, 0.0).or_else(|| probe.on_feedback(number, 0.0));
    (probe, outcome)
}

fn found(outcome: Option<Outcome>) -> (f64, bool) {
    match outcome {
        Some(Outcome::Arrived { bps, has_filled }) => (bps, has_filled),
        other => panic!("{other:?}"),
    }
}

#[test]
fn on_a_wide_line_it_finds_what_it_aimed_at_and_no_more() {
    for target in [600e3, 1.5e6, 3e6, 20e6] {
        let (bps, has_filled) = found(probed(target, 1e9, |_| false).1);
        assert!((target * 0.95..=target).contains(&bps), "{bps} of {target}");
        assert!(!has_filled);
    }
}

#[test]
fn on_a_narrow_line_it_finds_what_the_line_carries() {
    for line in [300e3, 800e3, 2e6] {
        let (bps, has_filled) = found(probed(3e6, line, |_| false).1);
        assert!((line * 0.9..line * 1.05).contains(&bps), "{bps} of {line}");
        assert!(has_filled);
    }
}

#[test]
fn what_is_lost_for_the_most_part_finds_nothing() {
    match probed(3e6, 1e9, |at| at % 2 == 0).1 {
        Some(Outcome::Lost { bps }) => assert!((1.2e6..1.6e6).contains(&bps), "{bps}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_not_sent_or_not_told_of_says_nothing() {
    assert_eq!(Probe::new(ClusterId(1), 3e6, 0.0).conclude(0.0), Outcome::Lost { bps: 3e6 });
    let (mut probe, _) = probed(3e6, 1e9, |at| at % 2 == 0);
    probe.on_gap();
    assert_eq!(probe.conclude(0.0), Outcome::Untold);
}

#[test]
fn its_padding_is_bounded() {
    for (target, jitter_us) in [(100e3, 0.0), (5e6, 0.0), (200e6, 0.0), (200e6, 100_000.0)] {
        let mut probe = Probe::new(ClusterId(1), target, jitter_us);
        let mut bytes = 0;
        for now_us in (0..2_000_000).step_by(5_000) {
            while let Some(padding) = probe.poll(now_us) {
                assert!((PACKET_BYTES.0..=PACKET_BYTES.1).contains(&padding.bytes));
                bytes += padding.bytes;
            }
        }
        assert!(!probe.is_filling());
        assert!(bytes <= 101_200, "{bytes}");
        assert!(jitter_us > 0.0 || bytes as f64 <= (target * SPAN_US / 8e6).max(1_200.0) + 1_200.0, "{bytes}");
    }
}

#[test]
fn pictures_that_are_sent_meanwhile_need_no_padding() {
    let mut probe = Probe::new(ClusterId(1), 3e6, 0.0);
    assert!(!probe.takes(1_200), "not begun");
    assert!(probe.poll(0).is_some());
    while probe.poll(0).is_some() {}
    for _ in 0..10 {
        assert!(probe.takes(1_200) || !probe.is_filling());
    }
    assert_eq!(probe.poll(100_000), None);
    assert!(!probe.takes(1_200));
}

#[test]
fn jitter_does_not_hide_what_the_line_carries() {
    let mut dice = fastrand::Rng::with_seed(3);
    for line in [1e6, 1e9] {
        let mut probe = Probe::new(ClusterId(1), 2e6, 20_000.0);
        let (mut number, mut free_us) = (0, 0.0_f64);
        let mut arrivals = Vec::new();
        for now_us in (0..400_000).step_by(5_000) {
            while let Some(padding) = probe.poll(now_us) {
                probe.on_sent(number, padding.bytes);
                free_us = free_us.max(now_us as f64) + padding.bytes as f64 * 8e6 / line;
                arrivals.push((number, now_us, free_us as i64 + dice.i64(-30_000..30_000), padding.bytes as u16));
                number += 1;
            }
        }
        for (number, sent, arrived, bytes) in arrivals {
            probe.on_arrived(number, sent, arrived, bytes);
        }
        let (bps, _) = found(probe.on_feedback(number, 0.0));
        assert!((line.min(2e6) * 0.8..line.min(2e6) * 1.2).contains(&bps), "{bps} of {line}");
    }
}
