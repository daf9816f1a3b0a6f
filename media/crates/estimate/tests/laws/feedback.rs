//! Feedback that comes twice, late, in the wrong order, or is made up.

use std::time::{Duration, Instant};

use fastrand::Rng;
use palaver_estimate::{Estimator, Purpose};
use proptest::prelude::*;

use crate::SEEDS;
use crate::call::Call;
use crate::encode::{Style, encode};
use crate::link::Weather;

#[test]
fn feedback_that_comes_twice_and_late_changes_little() {
    for seed in SEEDS {
        let mut call = Call::new(seed);
        call.is_feedback_muddled = true;
        call.run(20_000, &Weather::of(4_000_000));
        let lowest = call.between(5_000, 20_000).map(|sample| sample.estimate).min().unwrap();
        assert!(lowest >= 1_700_000, "{seed}: {lowest}");
        assert!(call.estimator.figures().unknown > 0);
    }
}

#[test]
fn feedback_that_is_lost_is_no_loss() {
    for seed in SEEDS {
        let mut call = Call::new(seed);
        call.run(30_000, &Weather { feedback_loss: 0.3, ..Weather::of(4_000_000) });
        let lowest = call.between(10_000, 30_000).map(|sample| sample.estimate).min().unwrap();
        assert!(lowest >= 1_500_000, "{seed}: {lowest}");
    }
}

#[test]
fn a_peer_without_feedback_is_told_nothing_of_or_what_it_estimates_itself() {
    let now = Instant::now();
    let mut estimator = Estimator::new(now);
    estimator.set_desired(now, Some(2_000_000));
    for at in 0..1_000 {
        let now = now + Duration::from_millis(at * 10);
        estimator.on_sent(now, 1_000, Purpose::Media);
        estimator.handle_timeout(now);
        assert_eq!(estimator.poll_padding(now), None);
        assert_eq!(estimator.poll_estimate(), None);
    }
    estimator.on_remb(700_000);
    assert_eq!(estimator.poll_estimate(), Some(700_000));
    estimator.on_remb(710_000);
    assert_eq!(estimator.poll_estimate(), None);
    estimator.on_feedback(now + Duration::from_secs(10), &encode(999, 0, &[Some(40_000)], Style::Runs));
    assert_eq!(estimator.poll_estimate(), Some(500_000));
    estimator.on_remb(90_000);
    assert_eq!(estimator.poll_estimate(), None);
}

#[test]
fn an_estimator_that_has_sent_nothing_is_small() {
    assert!(size_of::<Estimator>() <= 1_024, "{}", size_of::<Estimator>());
}

/// What was sent by somebody who sends 500 kbit/s for some seconds.
fn sender(now: Instant) -> Estimator {
    let mut estimator = Estimator::new(now);
    estimator.set_desired(now, Some(2_000_000));
    for at in 0..300 {
        estimator.on_sent(now + Duration::from_millis(at * 10), 625, Purpose::Media);
    }
    estimator
}

proptest! {
    #[test]
    fn any_bytes_are_borne(feedbacks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..120), 0..40)) {
        let mut now = Instant::now();
        let mut estimator = sender(now);
        now += Duration::from_secs(3);
        for fci in feedbacks {
            estimator.on_feedback(now, &fci);
            while estimator.poll_padding(now).is_some() {}
            now += Duration::from_millis(30);
            estimator.handle_timeout(now);
            if let Some(bps) = estimator.poll_estimate() {
                prop_assert!((50_000..=2_000_000).contains(&bps), "{bps}");
            }
        }
    }

    #[test]
    fn who_makes_up_arrivals_gains_no_more_than_was_tried(
        seed in any::<u64>(),
        stretch in prop_oneof![Just(0_i64), -300_i64..300, -2_000_i64..2_000],
    ) {
        let mut dice = Rng::with_seed(seed);
        let mut now = Instant::now();
        let mut estimator = sender(now);
        now += Duration::from_secs(3);
        let (mut number, mut at) = (300_u16, 100_000_000_i64);
        for count in 0..200_u8 {
            let from = number;
            for _ in 0..5 {
                number = estimator.on_sent(now, 625, Purpose::Media).wrapping_add(1);
            }
            while let Some(padding) = estimator.poll_padding(now) {
                number = estimator.on_sent(now, padding.bytes, Purpose::Padding(Some(padding.cluster))).wrapping_add(1);
            }
            let arrivals: Vec<_> = (0..number.wrapping_sub(from)).map(|_| {
                at += stretch;
                (dice.f64() < 0.9).then_some(at)
            }).collect();
            estimator.on_feedback(now, &encode(from, count, &arrivals, Style::Twos));
            now += Duration::from_millis(50);
            estimator.handle_timeout(now);
            if let Some(bps) = estimator.poll_estimate() {
                prop_assert!((50_000..=2_000_000).contains(&bps), "{bps}");
            }
        }
    }
}
