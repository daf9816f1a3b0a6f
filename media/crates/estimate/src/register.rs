//! What was sent lately, by number, until the peer has told of it.

use std::collections::VecDeque;

/// No more packets are kept …
const MOST: usize = 2_048;
/// … and none longer than this.
const KEPT_US: u64 = 4_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing was told of it.
    Pending,
    /// Told as not arrived, which may still change.
    Missing,
    Arrived,
}

/// A packet that was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) at_us: u64,
    pub(crate) bytes: u16,
    /// The probe that it counts to; 0: none.
    pub(crate) probe: u8,
    state: State,
}

/// A packet that arrived, and what was told of it before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acknowledged {
    pub(crate) sent: Sent,
    /// It had been told as missing.
    pub(crate) was_missing: bool,
}

/// What was sent lately. Takes no memory until something is sent.
#[derive(Debug, Default)]
pub(crate) struct Register {
    packets: VecDeque<Sent>,
    /// The number of the next packet, never wrapped.
    next: u64,
    /// The number behind the last one that was told of.
    told_until: u64,
    /// The number behind the last one that arrived.
    arrived_until: u64,
}

impl Register {
    pub(crate) fn push(&mut self, at_us: u64, bytes: usize, probe: u8) -> u64 {
        while self.packets.len() >= MOST || self.packets.front().is_some_and(|old| old.at_us + KEPT_US < at_us) {
            self.packets.pop_front();
        }
        self.packets.push_back(Sent { at_us, bytes: bytes.min(u16::MAX.into()) as u16, probe, state: State::Pending });
        self.next += 1;
        self.next - 1
    }

    /// Nothing is waited for any more.
    pub(crate) fn forget(&mut self) {
        self.packets = VecDeque::new();
        (self.told_until, self.arrived_until) = (self.next, self.next);
    }

    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    pub(crate) fn told_until(&self) -> u64 {
        self.told_until
    }

    /// The whole number of what was sent last under this one.
    pub(crate) fn unwrap(&self, number: u16) -> Option<u64> {
        let last = self.next.checked_sub(1)?;
        last.checked_sub(u64::from((last as u16).wrapping_sub(number)))
    }

    fn first(&self) -> u64 {
        self.next - self.packets.len() as u64
    }

    fn get_mut(&mut self, number: u64) -> Option<&mut Sent> {
        let index = number.checked_sub(self.first())?;
        self.packets.get_mut(usize::try_from(index).ok()?)
    }

    /// It arrived. `None`: never sent, forgotten, or told before.
    pub(crate) fn arrive(&mut self, number: u64) -> Option<Acknowledged> {
        let packet = self.get_mut(number)?;
        if packet.state == State::Arrived {
            return None;
        }
        let was_missing = packet.state == State::Missing;
        packet.state = State::Arrived;
        let sent = *packet;
        self.told_until = self.told_until.max(number + 1);
        self.arrived_until = self.arrived_until.max(number + 1);
        Some(Acknowledged { sent, was_missing })
    }

    /// These did not arrive. Answers of how many this is new.
    pub(crate) fn miss(&mut self, from: u64, until: u64) -> u32 {
        let (from, until) = (from.max(self.first()), until.min(self.next));
        let mut missing = 0;
        for number in from..until {
            if let Some(packet) = self.get_mut(number).filter(|packet| packet.state == State::Pending) {
                packet.state = State::Missing;
                missing += 1;
            }
        }
        if from < until {
            self.told_until = self.told_until.max(until);
        }
        missing
    }

    /// When the newest packet that arrived was sent, and what share is missing of those told of that were sent in
    /// `span_us` before.
    pub(crate) fn loss(&self, span_us: u64) -> Option<(u64, f32)> {
        let skipped = usize::try_from(self.next - self.arrived_until).ok()?;
        let newest = self.packets.iter().rev().nth(skipped)?;
        let (mut told, mut missing) = (0_u32, 0_u32);
        for packet in self.packets.iter().rev().skip(skipped) {
            if packet.at_us + span_us <= newest.at_us {
                break;
            }
            told += u32::from(packet.state != State::Pending);
            missing += u32::from(packet.state == State::Missing);
        }
        (told > 0).then(|| (newest.at_us, missing as f32 / told as f32))
    }
}

#[cfg(test)]
#[path = "register/tests.rs"]
mod tests;
