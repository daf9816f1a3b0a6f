//! What publishers send, and when.

use std::time::Duration;

use crate::turns::PACKET_MS;

/// What all publishers send now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Bursts of so many packets of so many bytes.
    Bursts(usize, usize),
    /// Voices of people who take turns.
    Turns,
    /// Cameras in all their sizes.
    Layers,
}

/// How they send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) content: Content,
    pub(crate) interval_us: u64,
    /// The next burst comes sooner or later by up to so much of the interval.
    jitter_percent: u64,
}

impl Shape {
    pub(crate) fn parse(words: &[&str]) -> Option<Self> {
        let number = |place: usize| words.get(place).and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
        let (content, interval_us, jitter_percent) = match *words.first()? {
            "turns" => (Content::Turns, PACKET_MS * 1_000, 0),
            "layers" => (Content::Layers, number(1), 0),
            _ => (Content::Bursts(number(1) as usize, number(2) as usize), number(0), number(3).min(100)),
        };
        (interval_us > 0).then_some(Self { content, interval_us, jitter_percent })
    }

    /// The time to the burst after this one; `random` is any number.
    pub(crate) fn step(self, random: u64) -> Duration {
        let most = self.interval_us * self.jitter_percent / 100;
        Duration::from_micros(self.interval_us - most + random % (2 * most + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_come_at_their_interval_give_or_take_the_jitter() {
        let shape = Shape::parse(&["1000", "8", "1100", "50"]).expect("a shape");
        assert_eq!(shape.content, Content::Bursts(8, 1_100));
        let steps = (0..2_000).map(|random| shape.step(random).as_micros());
        assert_eq!((steps.clone().min(), steps.max()), (Some(500), Some(1_500)));
        assert_eq!(Shape::parse(&["1000", "8", "1100"]).map(|shape| shape.step(7)), Some(Duration::from_millis(1)));
    }

    #[test]
    fn no_interval_is_the_end() {
        assert_eq!(Shape::parse(&["0", "0", "0"]), None);
        assert_eq!(Shape::parse(&["layers", "0"]), None);
    }
}
