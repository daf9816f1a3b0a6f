//! What was counted since the mark.

use crate::stamp::{CLASSES, Stamp};

#[derive(Default)]
pub(crate) struct Tally {
    sent: [u64; CLASSES],
    received: [u64; CLASSES],
    /// Pictures count once, in however many sizes they are sent.
    pictures_sent: u64,
    pictures_received: u64,
    latencies_us: Vec<u32>,
    /// The way from one socket of ours to another, without a server.
    own_us: Vec<u32>,
}

impl Tally {
    pub(crate) fn send(&mut self, stamp: Stamp) {
        if let Some(count) = self.sent.get_mut(usize::from(stamp.class)) {
            *count += 1;
        }
        self.pictures_sent += u64::from(stamp.is_last && stamp.class == 0);
    }

    pub(crate) fn receive(&mut self, stamp: Stamp, now_us: u64) {
        if let Some(count) = self.received.get_mut(usize::from(stamp.class)) {
            *count += 1;
        }
        self.pictures_received += u64::from(stamp.is_last);
        self.latencies_us.push(now_us.saturating_sub(stamp.sent_us) as u32);
    }

    pub(crate) fn mirror(&mut self, stamp: Stamp, now_us: u64) {
        self.own_us.push(now_us.saturating_sub(stamp.sent_us) as u32);
    }

    /// Names and values of all.
    pub(crate) fn words(&mut self) -> Vec<String> {
        let mut words = Vec::new();
        let classes = (0..).zip(self.sent).zip(self.received);
        words.extend(
            classes.map(|((class, sent), received)| format!("sent_{class}={sent} received_{class}={received}")),
        );
        words.push(format!("pictures_sent={} pictures_received={}", self.pictures_sent, self.pictures_received));
        words.push(quantiles("latency", &mut self.latencies_us));
        words.push(quantiles("own", &mut self.own_us));
        words
    }
}

/// The middle and the ends of some times.
pub(crate) fn quantiles(name: &str, times_us: &mut [u32]) -> String {
    times_us.sort_unstable();
    let last = times_us.len().saturating_sub(1);
    let at = |per_mille: usize| times_us.get((times_us.len() * per_mille / 1_000).min(last)).copied().unwrap_or(0);
    let [p50, p95, p99, p999] = [500, 950, 990, 999].map(at);
    format!("{name}_count={} {name}_p50={p50} {name}_p95={p95} {name}_p99={p99} {name}_p999={p999}", times_us.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_in_three_sizes_is_one_and_who_sees_any_of_them_sees_it() {
        let mut tally = Tally::default();
        for class in 0..3 {
            tally.send(Stamp { sent_us: 10, publisher: 0, class, is_last: true });
        }
        tally.receive(Stamp { sent_us: 10, publisher: 0, class: 2, is_last: true }, 25);
        let words = tally.words().join(" ");
        for expected in
            ["sent_2=1 received_2=1", "received_0=0", "pictures_sent=1 pictures_received=1", "latency_p50=15"]
        {
            assert!(words.contains(expected), "{words}");
        }
    }

    #[test]
    fn quantiles_of_nothing_are_zero() {
        assert_eq!(quantiles("own", &mut []), "own_count=0 own_p50=0 own_p95=0 own_p99=0 own_p999=0");
        let mut times: Vec<u32> = (0..1_000).rev().collect();
        assert_eq!(quantiles("t", &mut times), "t_count=1000 t_p50=500 t_p95=950 t_p99=990 t_p999=999");
    }
}
