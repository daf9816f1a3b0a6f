use super::*;

/// Sends at what is believed, at most `most`, over a line that loses by `share` of the sent rate. Answers what is
/// believed after each step of 100 ms.
fn run(losses: &mut Losses, start: f64, most: f64, steps: u64, share: impl Fn(f64) -> f64) -> Vec<f64> {
    let (mut believed, mut told) = (start, Vec::new());
    let mut owed = 0.0;
    for step in 0..steps {
        let sent = believed.min(most);
        let packets = (sent / 8_000.0 / 10.0).ceil();
        owed += packets * share(sent);
        let missing = owed.floor();
        owed -= missing;
        losses.count((packets - missing) as u32, missing as u32, 0);
        let moment = Moment {
            now_us: step * 100_000,
            rtt_us: 50_000,
            estimate: believed,
            sent,
            arriving: sent * (1.0 - share(sent)),
            is_queueing: false,
            has_fallen: false,
        };
        match losses.judge(&moment) {
            Verdict::Nothing => {}
            Verdict::Try(bps) | Verdict::Restore(bps) | Verdict::Confirmed(bps) => believed = bps,
        }
        told.push(believed);
    }
    told
}

#[test]
fn small_losses_change_nothing_and_are_learnt() {
    let mut losses = Losses::default();
    let told = run(&mut losses, 2e6, 2e6, 200, |_| 0.05);
    assert!(told.iter().all(|bps| (bps - 2e6).abs() < 1.0));
    assert!((losses.own() - 0.05).abs() < 0.02);
}

#[test]
fn large_losses_that_stay_are_the_lines_own() {
    let mut losses = Losses::default();
    let told = run(&mut losses, 2e6, 2e6, 200, |_| 0.2);
    assert!((told.last().unwrap() - 2e6).abs() < 1.0);
    assert!(told.iter().all(|bps| *bps > 1e6));
    assert!((losses.own() - 0.2).abs() < 0.03, "{}", losses.own());
}

#[test]
fn losses_that_go_with_the_rate_lower_it_below_what_gets_through() {
    let mut losses = Losses::default();
    let told = run(&mut losses, 2e6, 9e6, 200, |sent| (1.0 - 1e6 / sent).max(0.0));
    assert!((700e3..=1.05e6).contains(told.last().unwrap()), "{}", told.last().unwrap());
    assert!(losses.own() < 0.05);
}

#[test]
fn losses_alone_leave_what_sound_and_a_small_picture_need() {
    let mut losses = Losses::default();
    let told = run(&mut losses, 500e3, 150e3, 200, |_| 0.3);
    assert!(told.iter().all(|bps| *bps >= TRIAL_FLOOR_BPS));
    let told = run(&mut losses, 400e3, 400e3, 200, |_| 0.9);
    assert!(told.iter().all(|bps| *bps >= TRIAL_FLOOR_BPS));
}
