//! Lines that lose.

use crate::call::Call;
use crate::link::Weather;
use crate::{SEEDS, figure};

#[test]
fn what_a_line_loses_by_itself_does_not_lower_it() {
    for (loss, least) in [(0.02, 1_700_000), (0.05, 1_500_000), (0.1, 500_000), (0.2, 300_000)] {
        let weather = Weather { loss, feedback_loss: loss, ..Weather::of(4_000_000) };
        let (mut low, mut at_most) = (Vec::new(), Vec::new());
        for seed in SEEDS {
            let mut call = Call::new(seed);
            call.run(5_000, &Weather::of(4_000_000));
            assert!(call.samples.last().unwrap().estimate >= 1_700_000, "{seed}");
            call.run(60_000, &weather);
            let estimates = call.between(5_000, 65_000).map(|sample| sample.estimate);
            low.push(estimates.clone().min().unwrap() as f64);
            let kept = estimates.clone().filter(|bps| *bps >= 1_700_000).count();
            at_most.push(kept as f64 * 100.0 / estimates.count() as f64);
            assert!(low[low.len() - 1] >= f64::from(least), "{loss}, seed {seed}: {:?}", low.last());
            let told = call.estimator.loss(std::time::Instant::now() + std::time::Duration::from_secs(65));
            assert!(told.is_none_or(|told| (f64::from(told) - loss).abs() < 0.15), "{told:?}");
        }
        figure(&format!("{loss} lost: lowest"), low);
        figure(&format!("{loss} lost: % of the time at 1.7 M"), at_most);
    }
}

#[test]
fn a_line_that_loses_from_the_beginning_is_found_wide_too() {
    for loss in [0.05, 0.1, 0.2] {
        let weather = Weather { loss, ..Weather::of(4_000_000) };
        let (mut low, mut found) = (Vec::new(), Vec::new());
        for seed in SEEDS {
            let mut call = Call::new(seed);
            call.run(30_000, &weather);
            low.push(call.between(0, 30_000).map(|sample| sample.estimate).min().unwrap() as f64);
            found.push(call.when(0, |bps| bps >= 1_700_000).unwrap() as f64);
            assert!(low[low.len() - 1] >= 300_000.0, "{loss}, seed {seed}: {low:?}");
            assert!(found[found.len() - 1] <= 15_000.0, "{loss}, seed {seed}: {found:?}");
        }
        figure(&format!("{loss} lost from the beginning: lowest"), low);
        figure(&format!("{loss} lost from the beginning: ms until 1.7 M"), found);
    }
}

#[test]
fn losses_that_come_of_the_rate_bring_it_below_what_gets_through() {
    for (bps, queue_us, own) in
        [(1_000_000, 25_000, 0.0), (1_000_000, 40_000, 0.0), (1_000_000, 300_000, 0.05), (600_000, 40_000, 0.0)]
    {
        let weather = Weather { queue_us, loss: own, ..Weather::of(bps) };
        let (mut mean, mut in_the_end) = (Vec::new(), Vec::new());
        for seed in SEEDS {
            let mut call = Call::new(seed);
            call.run(8_000, &Weather::of(4_000_000));
            call.run(40_000, &weather);
            let settled = call.between(18_000, 48_000).map(|sample| sample.estimate as f64 / bps as f64 * 100.0);
            mean.push(settled.clone().sum::<f64>() / settled.count() as f64);
            let loss = call.estimator.loss(call.now()).unwrap_or_default();
            in_the_end.push(f64::from(loss) * 100.0);
            assert!(mean[mean.len() - 1] <= 115.0, "{bps} {queue_us}, seed {seed}: {:?}", mean.last());
            assert!(mean[mean.len() - 1] >= 40.0, "{bps} {queue_us}, seed {seed}: {:?}", mean.last());
        }
        figure(&format!("{bps} with a queue of {queue_us} µs, {own} lost: mean % of it"), mean);
        figure("… % lost in the end", in_the_end);
    }
}
