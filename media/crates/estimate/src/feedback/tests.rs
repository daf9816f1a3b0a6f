use proptest::prelude::*;

use super::*;
use crate::encode::{Style, encode};

/// When each packet arrived, in ticks of the peer's clock.
fn decoded(fci: &[u8]) -> Option<Vec<Option<i64>>> {
    let feedback = Feedback::parse(fci)?;
    let reference = i64::from(feedback.reference) * REFERENCE_TICKS;
    let mut arrivals = Vec::new();
    feedback.each(|told| match told {
        Told::Missing { offset, packets } => {
            assert_eq!(offset as usize, arrivals.len());
            arrivals.extend((0..packets).map(|_| None));
        }
        Told::Arrived { offset, ticks } => {
            assert_eq!(offset as usize, arrivals.len());
            arrivals.push(Some(reference + ticks));
        }
    });
    Some(arrivals)
}

fn style() -> impl Strategy<Value = Style> {
    prop_oneof![Just(Style::Runs), Just(Style::Ones), Just(Style::Twos)]
}

proptest! {
    #[test]
    fn what_was_written_is_read(
        start in 0_i64..4_000_000_000,
        steps in prop::collection::vec(prop::option::weighted(0.8, prop_oneof![0_i64..255, -32_000_i64..32_000]), 1..600),
        style in style(),
    ) {
        let mut at = start + 40_000_000;
        let arrivals: Vec<_> = steps.iter().map(|step| step.map(|step| { at += step; at })).collect();
        let fci = encode(65_530, 7, &arrivals, style);
        prop_assert_eq!(decoded(&fci), Some(arrivals));
        let feedback = Feedback::parse(&fci).unwrap();
        prop_assert_eq!((feedback.base, feedback.count, feedback.packets as usize), (65_530, 7, steps.len()));
    }

    #[test]
    fn any_bytes_are_read_or_refused(fci in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Some(arrivals) = decoded(&fci) {
            prop_assert!(arrivals.iter().flatten().count() <= fci.len());
        }
    }

    #[test]
    fn what_is_cut_off_is_refused(cut in 0_usize..40, style in style()) {
        let arrivals: Vec<_> = (0..30).map(|at| (at % 3 > 0).then_some(at * 90)).collect();
        let fci = encode(1, 1, &arrivals, style);
        let kept = fci.len().saturating_sub(cut + 1);
        prop_assert!(decoded(&fci[..kept]).is_none());
    }
}

#[test]
fn a_long_run_that_did_not_arrive_costs_no_more_than_its_bytes() {
    let mut fci = vec![0, 0, 0xff, 0xff, 0, 0, 0, 0];
    fci.extend([0x1f, 0xff].repeat(8));
    fci.extend([0, 7]);
    let mut told = 0;
    Feedback::parse(&fci).unwrap().each(|_| told += 1);
    assert_eq!(told, 9);
}

#[test]
fn a_status_without_meaning_is_refused() {
    assert!(Feedback::parse(&[0, 0, 0, 1, 0, 0, 0, 0, 0x60, 1, 0, 0]).is_none());
    assert!(Feedback::parse(&[0, 0, 0, 1, 0, 0, 0, 0, 0xf0, 0, 0, 0]).is_none());
    assert!(Feedback::parse(&[0, 0, 0, 0, 0, 0, 0, 0]).is_none(), "of no packet at all");
}

#[test]
fn the_clock_of_the_peer_wraps_and_goes_back_a_little() {
    let mut clock = PeerClock::default();
    let before = clock.ticks(0xff_fffe);
    assert_eq!(clock.ticks(1) - before, 3 * REFERENCE_TICKS);
    assert_eq!(clock.ticks(0xff_ffff) - before, REFERENCE_TICKS);
}

#[test]
fn a_clock_that_is_made_up_never_leaves_its_bounds() {
    let mut clock = PeerClock::default();
    for step in 0..20_000_u32 {
        let ticks = clock.ticks(step.wrapping_mul(0x7f_ffff) & 0xff_ffff);
        assert!(ticks.abs() <= MOST_REFERENCE * REFERENCE_TICKS);
    }
}
