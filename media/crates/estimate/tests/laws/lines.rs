//! Lines that are wide, narrow, or change.

use crate::call::{Call, mean_wait_ms};
use crate::link::Weather;
use crate::{SEEDS, figure};

#[test]
fn on_a_wide_line_what_is_wanted_is_found_soon() {
    let weather = Weather::of(10_000_000);
    let mut found = Vec::new();
    for seed in SEEDS {
        let mut call = Call::new(seed);
        (call.wanted_bps, call.is_never_content) = (3_000_000, true);
        call.run(5_000, &weather);
        found.push(call.when(0, |bps| bps >= 2_500_000).unwrap() as f64);
        assert!(found.iter().all(|ms| *ms <= 2_500.0), "{seed}: {found:?}");
        assert!(call.samples.iter().all(|sample| sample.estimate == u64::MAX || sample.estimate <= 4_500_000));
        assert!(call.estimator.figures().unknown == 0);
    }
    figure("10 Mbit/s: ms until 2.5 Mbit/s are found", found);
}

#[test]
fn on_a_narrow_line_it_settles_below_what_the_line_carries() {
    for (bps, queue_us) in
        [(300_000, 300_000), (800_000, 300_000), (2_000_000, 300_000), (800_000, 100_000), (2_000_000, 1_000_000)]
    {
        let weather = Weather { queue_us, ..Weather::of(bps) };
        let (mut low, mut high, mut waits) = (Vec::new(), Vec::new(), Vec::new());
        for seed in SEEDS {
            let mut call = Call::new(seed);
            call.is_never_content = seed % 2 == 0;
            call.run(40_000, &weather);
            let settled = call.between(10_000, 40_000);
            let shares: Vec<_> = settled.clone().map(|sample| sample.estimate as f64 / bps as f64 * 100.0).collect();
            low.push(shares.iter().copied().fold(f64::MAX, f64::min));
            high.push(shares.iter().copied().fold(0.0, f64::max));
            waits.push(mean_wait_ms(settled));
            assert!(low[low.len() - 1] >= 70.0, "{bps}, seed {seed}: {:?}", low.last());
            assert!(high[high.len() - 1] <= 105.0, "{bps}, seed {seed}: {:?}", high.last());
            assert!(waits[waits.len() - 1] < 100.0, "{bps}, seed {seed}: {:?}", waits.last());
        }
        figure(&format!("{bps} bit/s, queue {queue_us} µs: lowest % of it"), low);
        figure(&format!("{bps} bit/s: highest % of it"), high);
        figure(&format!("{bps} bit/s: mean wait ms"), waits);
    }
}

#[test]
fn a_line_that_becomes_narrow_is_felt_at_once_and_found_wide_again() {
    let (wide, narrow) = (Weather::of(3_000_000), Weather::of(500_000));
    let (mut fell, mut waits, mut found) = (Vec::new(), Vec::new(), Vec::new());
    for seed in SEEDS {
        let mut call = Call::new(seed);
        call.run(8_000 + seed * 13, &wide);
        let then = call.now_us / 1_000;
        call.run(15_000 + seed * 97, &narrow);
        fell.push(call.when(then, |bps| bps < 600_000).unwrap() as f64);
        assert!(fell[fell.len() - 1] <= 2_000.0, "{seed}: {fell:?}");
        waits.push(mean_wait_ms(call.between(then + 2_500, then + 15_000)));
        assert!(waits[waits.len() - 1] < 100.0, "{seed}: {waits:?}");
        let then = call.now_us / 1_000;
        call.run(15_000, &wide);
        found.push(call.when(then, |bps| bps >= 1_700_000).unwrap() as f64);
        assert!(found[found.len() - 1] <= 12_000.0, "{seed}: {found:?}");
    }
    figure("3 M falls to 500 k: ms until below 600 k", fell);
    figure("… mean wait ms after 2.5 s", waits);
    figure("… 3 M again: ms until found", found);
}

#[test]
fn jitter_is_no_queue() {
    for may_overtake in [false, true] {
        let weather = Weather { delay_us: 150_000, jitter_us: 30_000, may_overtake, ..Weather::of(4_000_000) };
        let (mut low, mut found) = (Vec::new(), Vec::new());
        for seed in SEEDS {
            let mut call = Call::new(seed);
            call.run(60_000, &weather);
            found.push(call.when(0, |bps| bps >= 1_700_000).map_or(f64::MAX, |ms| ms as f64));
            low.push(call.between(15_000, 60_000).map(|sample| sample.estimate).min().unwrap() as f64);
            assert!(low[low.len() - 1] >= 1_000_000.0, "{seed} {may_overtake}: {low:?}");
        }
        figure("±30 ms: lowest after 15 s", low);
        figure("±30 ms: ms until 1.7 M is found", found);
    }
}

#[test]
fn a_key_frame_does_not_lower_it_for_long() {
    let weather = Weather::of(2_000_000);
    let mut recovered = Vec::new();
    for seed in SEEDS {
        let mut call = Call::new(seed);
        call.best_bps = 500_000;
        call.is_never_content = true;
        call.run(10_000, &weather);
        let before = call.samples.last().unwrap().estimate;
        for _ in 0..5 {
            let then = call.now_us / 1_000;
            call.send_burst(60, &weather);
            call.run(3_000, &weather);
            let low = call.between(then, then + 3_000).map(|sample| sample.estimate).min().unwrap();
            let after = call.samples.last().unwrap().estimate;
            recovered.push(after as f64 / before as f64 * 100.0);
            assert!(low >= before / 3, "{seed}: {low} of {before}");
            assert!(after >= before / 2, "{seed}: {after} of {before}");
        }
    }
    figure("60 packets at once: % of before, after 3 s", recovered);
}

#[test]
fn a_way_that_becomes_longer_is_no_queue_for_long() {
    let (near, far) = (Weather::of(4_000_000), Weather { delay_us: 125_000, ..Weather::of(4_000_000) });
    let mut found = Vec::new();
    for seed in SEEDS {
        let mut call = Call::new(seed);
        call.run(10_000, &near);
        let then = call.now_us / 1_000;
        call.run(25_000, &far);
        found.push(call.samples.last().unwrap().estimate as f64);
        assert!(call.samples.last().unwrap().estimate >= 1_700_000, "{seed}: {found:?}");
        assert!(call.between(then, then + 25_000).all(|sample| sample.estimate >= 300_000));
    }
    figure("100 ms more: after 25 s", found);
}

#[test]
fn few_packets_tell_enough() {
    for frame_packets in [1, 2] {
        for bps in [400_000, 1_200_000, 4_000_000] {
            let weather = Weather::of(bps);
            let mut shares = Vec::new();
            for seed in SEEDS {
                let mut call = Call::new(seed);
                call.frame_packets = frame_packets;
                call.run(40_000, &weather);
                let settled = call.between(15_000, 40_000).map(|sample| sample.estimate);
                let (low, high) = (settled.clone().min().unwrap(), settled.max().unwrap());
                assert!(low >= (bps * 6 / 10).min(1_700_000), "{bps}, seed {seed}: {low}");
                assert!(high <= (bps * 11 / 10).max(500_000), "{bps}, seed {seed}: {high}");
                shares.push(low as f64 * 100.0 / bps as f64);
            }
            figure(&format!("{frame_packets} packets a picture, {bps} bit/s: lowest % of it"), shares);
        }
    }
}

#[test]
fn a_long_way_is_found_wide_and_narrow_too() {
    for (bps, delay_us, queue_us) in [
        (4_000_000, 300_000, 300_000),
        (800_000, 300_000, 300_000),
        (800_000, 2_000, 2_000_000),
        (300_000, 25_000, 3_000_000),
    ] {
        let weather = Weather { delay_us, queue_us, ..Weather::of(bps) };
        let (mut found, mut waits) = (Vec::new(), Vec::new());
        for seed in SEEDS {
            let mut call = Call::new(seed);
            call.run(40_000, &weather);
            let settled = call.between(15_000, 40_000);
            waits.push(mean_wait_ms(settled.clone()));
            let (low, high) = settled
                .fold((u64::MAX, 0), |(low, high), sample| (low.min(sample.estimate), high.max(sample.estimate)));
            found.push(low as f64);
            assert!(low >= (bps * 6 / 10).min(1_700_000), "{bps}, seed {seed}: {low}");
            assert!(high <= bps * 21 / 20, "{bps}, seed {seed}: {high}");
            assert!(waits[waits.len() - 1] <= 100.0, "{bps}, seed {seed}: {waits:?}");
        }
        figure(&format!("{bps} bit/s, {delay_us} µs there, queue {queue_us} µs: lowest"), found);
        figure("… mean wait ms", waits);
    }
}
