//! Outages, rest, and a sender that has little to send.

use crate::call::Call;
use crate::link::Weather;
use crate::{SEEDS, figure};

#[test]
fn an_outage_lowers_it_step_by_step_and_is_soon_forgotten() {
    let (fine, away) = (Weather::of(4_000_000), Weather::of(0));
    for outage_ms in [3_000, 30_000] {
        let (mut low, mut found) = (Vec::new(), Vec::new());
        for seed in SEEDS {
            let mut call = Call::new(seed);
            call.run(8_000, &fine);
            assert!(call.samples.last().unwrap().estimate >= 1_700_000);
            call.run(outage_ms, &away);
            low.push(call.samples.last().unwrap().estimate as f64);
            assert!(low[low.len() - 1] <= if outage_ms > 10_000 { 100_000.0 } else { 1_000_000.0 }, "{seed}: {low:?}");
            let then = call.now_us / 1_000;
            call.run(6_000, &fine);
            found.push(call.when(then, |bps| bps >= 1_700_000).unwrap() as f64);
            assert!(found[found.len() - 1] <= 3_000.0, "{seed}: {found:?}");
            let after = call.between(then + 3_000, then + 6_000).map(|sample| sample.estimate).min().unwrap();
            assert!(after >= 1_500_000, "{seed}: {after}");
        }
        figure(&format!("away for {outage_ms} ms: lowest"), low);
        figure("… ms until found again", found);
    }
}

#[test]
fn who_sent_little_finds_what_he_wants_soon() {
    let weather = Weather::of(4_000_000);
    let mut found = Vec::new();
    for seed in SEEDS {
        let mut call = Call::new(seed);
        (call.best_bps, call.wanted_bps) = (150_000, 150_000);
        call.run(30_000, &weather);
        assert!(call.samples.iter().all(|sample| sample.estimate == u64::MAX || sample.estimate <= 600_000), "{seed}");
        assert_eq!(call.padding_bytes, 0);
        let then = call.now_us / 1_000;
        (call.best_bps, call.wanted_bps) = (1_700_000, 1_700_000);
        call.run(5_000, &weather);
        found.push(call.when(then, |bps| bps >= 1_500_000).unwrap() as f64);
        assert!(found[found.len() - 1] <= 2_000.0, "{seed}: {found:?}");
    }
    figure("150 k for 30 s: ms until 1.5 M is found", found);
}

#[test]
fn at_rest_nothing_is_asked_for_and_what_is_known_is_kept() {
    let weather = Weather::of(4_000_000);
    for seed in SEEDS {
        let mut call = Call::new(seed);
        call.run(8_000, &weather);
        let (known, best) = (call.samples.last().unwrap().estimate, call.best_bps);
        call.best_bps = 0;
        call.run(500, &weather);
        let (wakes, padding) = (call.wakes, call.padding_bytes);
        call.run(60_000, &weather);
        assert_eq!(call.estimator.poll_timeout(), None);
        assert_eq!((call.wakes, call.padding_bytes), (wakes, padding));
        assert_eq!(call.samples.last().unwrap().estimate, known);
        call.best_bps = best;
        call.run(5_000, &weather);
        assert!(call.samples.last().unwrap().estimate >= 1_700_000, "{seed}");
    }
}

#[test]
fn a_new_way_begins_with_little_and_is_found_wide() {
    let weather = Weather::of(4_000_000);
    for seed in SEEDS {
        let mut call = Call::new(seed);
        call.run(8_000, &weather);
        let now = call.now();
        call.estimator.reset(now);
        assert_eq!(call.estimator.poll_estimate(), Some(500_000));
        call.run(3_000, &weather);
        assert!(call.samples.last().unwrap().estimate >= 1_700_000, "{seed}");
    }
}

#[test]
fn few_wakes_are_asked_for() {
    let weather = Weather::of(800_000);
    let mut wakes = Vec::new();
    for seed in SEEDS {
        let mut call = Call::new(seed);
        call.is_never_content = true;
        call.run(60_000, &weather);
        wakes.push(call.wakes as f64);
        assert!(call.wakes < 60 * 4, "{seed}: {}", call.wakes);
        assert!(call.padding_bytes < 100_000, "{seed}: {}", call.padding_bytes);
    }
    figure("wakes in a minute, always short", wakes);
}
