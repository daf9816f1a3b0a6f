//! Lines that are hard to live with.

use fastrand::Rng;

use crate::call::{Call, mean_wait_ms};
use crate::link::{Rival, Weather};
use crate::{SEEDS, figure};

#[test]
fn a_radio_that_holds_everything_back_is_no_queue() {
    for held_us in [30_000, 80_000, 150_000] {
        let weather = Weather { held_us, ..Weather::of(4_000_000) };
        let mut found = Vec::new();
        for seed in SEEDS {
            let mut call = Call::new(seed);
            call.run(60_000, &weather);
            found.push(call.when(0, |bps| bps >= 1_700_000).unwrap() as f64);
            let lowest = call.between(10_000, 60_000).map(|sample| sample.estimate).min().unwrap();
            assert!(lowest >= 1_700_000, "{held_us}, seed {seed}: {lowest}");
        }
        figure(&format!("held back for {held_us} µs: ms until 1.7 M is found"), found);
    }
}

#[test]
fn a_line_that_carries_hardly_a_picture_is_known_for_that() {
    for bps in [100_000, 160_000, 220_000] {
        let (mut low, mut high) = (Vec::new(), Vec::new());
        for seed in SEEDS {
            let mut call = Call::new(seed);
            call.run(60_000, &Weather::of(bps));
            let settled = call.between(10_000, 60_000).map(|sample| sample.estimate as f64 * 100.0 / bps as f64);
            low.push(settled.clone().fold(f64::MAX, f64::min));
            high.push(settled.fold(0.0, f64::max));
            assert!(low[low.len() - 1] >= 60.0, "{bps}, seed {seed}: {low:?}");
            assert!(high[high.len() - 1] <= 130.0, "{bps}, seed {seed}: {high:?}");
        }
        figure(&format!("{bps} bit/s: lowest % of it"), low);
        figure(&format!("{bps} bit/s: highest % of it"), high);
    }
}

#[test]
fn a_line_that_never_stays_the_same_is_used_and_not_filled() {
    let (mut used, mut waits) = (Vec::new(), Vec::new());
    for seed in SEEDS {
        let mut dice = Rng::with_seed(seed);
        let mut call = Call::new(seed);
        let mut shares = Vec::new();
        for _ in 0..30 {
            let bps = 300_000.0 * 12.0_f64.powf(dice.f64());
            let from = call.now_us / 1_000;
            call.run(4_000, &Weather { jitter_us: 5_000, ..Weather::of(bps as u64) });
            let best = bps.min(1_700_000.0);
            shares.extend(call.between(from, from + 4_000).map(|sample| (sample.estimate as f64).min(best) / best));
        }
        used.push(shares.iter().sum::<f64>() * 100.0 / shares.len() as f64);
        waits.push(mean_wait_ms(call.between(0, 120_000)));
        assert!(used[used.len() - 1] >= 65.0, "{seed}: {used:?}");
        assert!(waits[waits.len() - 1] <= 50.0, "{seed}: {waits:?}");
    }
    figure("another line each 4 s, 300 k to 3.6 M: % of it that is used", used);
    figure("… mean wait ms", waits);
}

#[test]
fn who_loads_a_file_over_the_same_line_does_not_end_the_call() {
    for (bps, queue_us) in [(4_000_000, 300_000), (4_000_000, 60_000), (2_000_000, 300_000), (10_000_000, 100_000)] {
        let weather = Weather { queue_us, ..Weather::of(bps) };
        let (mut mean, mut low, mut after) = (Vec::new(), Vec::new(), Vec::new());
        for seed in SEEDS {
            let mut call = Call::new(seed);
            call.run(10_000, &weather);
            call.rival = Some(Rival::new());
            call.run(60_000, &weather);
            let settled = call.between(20_000, 70_000).map(|sample| sample.estimate as f64);
            mean.push(settled.clone().sum::<f64>() / settled.clone().count() as f64);
            low.push(settled.fold(f64::MAX, f64::min));
            call.rival = None;
            call.run(15_000, &weather);
            after.push(call.samples.last().unwrap().estimate as f64);
            assert!(
                mean[mean.len() - 1] >= if bps > 2_000_000 { 600_000.0 } else { 200_000.0 },
                "{bps}, seed {seed}: {mean:?}"
            );
            assert!(after[after.len() - 1] >= 1_500_000.0, "{bps}, seed {seed}: {after:?}");
        }
        figure(&format!("a rival on {bps} bit/s, queue {queue_us} µs: mean"), mean);
        figure("… lowest", low);
        figure("… 15 s after him", after);
    }
}
