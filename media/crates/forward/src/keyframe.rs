//! When to ask a publisher for a key frame: one requester per source layer.
//!
//! The first request goes at once. While someone waits it is repeated after 250 ms and then every second, because a
//! request or the key frame itself may be lost. Somebody new who waits is served no sooner than 500 ms after the last
//! request, so that a crowd of joiners costs the publisher two key frames a second at most.

use crate::units::Micros;

/// Least distance between the requests for different waiters.
const COALESCE: Micros = Micros::from_millis(500);
const FIRST_RETRY: Micros = Micros::from_millis(250);
const LATER_RETRY: Micros = Micros::from_millis(1_000);

/// The request state of one source layer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KeyframeRequester {
    last_sent: Option<Micros>,
    /// Since when somebody waits without a key frame.
    waiting: Option<Waiting>,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    since: Micros,
    due: Micros,
    attempts: u32,
}

impl KeyframeRequester {
    /// Somebody new needs a key frame.
    pub(crate) fn demand(&mut self, now: Micros) {
        let soonest = self.last_sent.map_or(now, |sent| now.max(sent.plus(COALESCE)));
        match &mut self.waiting {
            Some(waiting) => waiting.due = waiting.due.min(soonest),
            None => self.waiting = Some(Waiting { since: now, due: soonest, attempts: 0 }),
        }
    }

    /// A key frame came, or nobody needs one any more.
    pub(crate) fn satisfy(&mut self) {
        self.waiting = None;
    }

    /// When the next request is due.
    pub(crate) fn due(&self) -> Option<Micros> {
        self.waiting.map(|waiting| waiting.due)
    }

    /// Since when somebody has been waiting in vain.
    pub(crate) fn waiting_since(&self) -> Option<Micros> {
        self.waiting.filter(|waiting| waiting.attempts > 0).map(|waiting| waiting.since)
    }

    /// Whether to send a request now.
    pub(crate) fn poll(&mut self, now: Micros) -> bool {
        let Some(waiting) = self.waiting.as_mut().filter(|waiting| waiting.due <= now) else {
            return false;
        };
        if waiting.attempts == 0 {
            // Time spent before the publisher was connected does not count as waiting in vain.
            waiting.since = now;
        }
        waiting.attempts = waiting.attempts.saturating_add(1);
        waiting.due = now.plus(if waiting.attempts == 1 { FIRST_RETRY } else { LATER_RETRY });
        self.last_sent = Some(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyframeRequester, Micros};
    use proptest::prelude::*;

    fn sent_at(requester: &mut KeyframeRequester, until_ms: u64) -> Vec<u64> {
        (0..=until_ms).filter(|ms| requester.poll(Micros::from_millis(*ms))).collect()
    }

    #[test]
    fn the_first_request_goes_at_once_and_is_repeated_while_someone_waits() {
        let mut requester = KeyframeRequester::default();
        requester.demand(Micros::ZERO);
        assert_eq!(sent_at(&mut requester, 3_000), [0, 250, 1_250, 2_250]);
        requester.satisfy();
        assert_eq!(sent_at(&mut requester, 9_000), [0; 0]);
    }

    #[test]
    fn a_crowd_is_coalesced() {
        let mut requester = KeyframeRequester::default();
        let sent: Vec<u64> = (0..2_000)
            .filter(|ms| {
                let now = Micros::from_millis(*ms);
                requester.demand(now);
                let is_sent = requester.poll(now);
                requester.satisfy();
                is_sent
            })
            .collect();
        assert_eq!(sent, [0, 500, 1_000, 1_500]);
    }

    proptest! {
        #[test]
        fn requests_keep_their_distance(steps in prop::collection::vec((0u64..400, 0u8..3), 1..200)) {
            let mut requester = KeyframeRequester::default();
            let mut now = Micros::ZERO;
            let mut sent: Vec<Micros> = Vec::new();
            for (pause_ms, step) in steps {
                now = now.plus(Micros::from_millis(pause_ms));
                match step {
                    0 => requester.demand(now),
                    1 => requester.satisfy(),
                    _ => if requester.poll(now) { sent.push(now) },
                }
            }
            for pair in sent.windows(2) {
                prop_assert!(pair[1].since(pair[0]) >= Micros::from_millis(250));
            }
            for triple in sent.windows(3) {
                prop_assert!(triple[2].since(triple[0]) >= Micros::from_millis(750));
            }
        }
    }
}
