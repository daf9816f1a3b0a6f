//! A large room in which people take turns: what each microphone says at each moment. It is the same in every run.

/// Bytes of a packet, loud or not: a stamp must fit in.
pub(crate) const BYTES: usize = 80;
/// Milliseconds of a packet.
pub(crate) const PACKET_MS: u64 = 20;
/// So many of a room speak sooner or later; the others only listen.
const TALKERS: usize = 30;
/// Voices at once: on each chair somebody else speaks in turn. The last one murmurs.
const CHAIRS: usize = 4;
const MURMUR: usize = CHAIRS - 1;
/// A turn …
const TURN_MS: u64 = 3_000;
/// … and the time until the next on this chair begins.
const PERIOD_MS: u64 = 4_000;
/// How much later the turns of the next chair begin.
const STAGGER_MS: u64 = 1_300;
/// The first moments of a turn, in which a server has to notice it.
const OPENING_MS: u64 = 300;
/// A word and the pause after it.
const WORD_MS: u64 = 360;
const PAUSE_FROM_MS: u64 = 260;
/// After a turn this long goes by until the encoder sends only a sign of life …
const HANGOVER_MS: u64 = 200;
/// … at this interval (DTX).
const SIGN_OF_LIFE_MS: u64 = 400;
/// Levels in −dBov.
const SILENCE: u8 = 127;
const PAUSE: u8 = 75;
const LOUD: u8 = 18;
const QUIET: u8 = 33;
const NOISE: u8 = 52;
/// Microphones after the talkers whose noise never ends.
const NOISY: usize = 3;

/// What a packet is to those who listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worth {
    /// Silence, noise, and who murmurs while others speak.
    Rest,
    /// The first moments of a turn.
    Opening,
    /// A voice that speaks: it is to be heard by all.
    Voice,
}

/// A packet of sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sound {
    pub(crate) minus_dbov: u8,
    pub(crate) worth: Worth,
}

/// What the microphone of this place sends at a time; `None` for nothing.
pub(crate) fn sound(place: usize, now_ms: u64) -> Option<Sound> {
    let packet = now_ms / PACKET_MS;
    // Some decibels up and down, as voices have them.
    let wobble = (packet.wrapping_mul(2_654_435_761).wrapping_add(place as u64 * 97) >> 7) % 9;
    let rest = |minus_dbov| Some(Sound { minus_dbov, worth: Worth::Rest });
    if (TALKERS..TALKERS + NOISY).contains(&place) {
        return rest(NOISE + wobble as u8);
    }
    let since = if place < TALKERS { since_turn(place, now_ms) } else { None };
    match since {
        Some(since) if since < TURN_MS => {
            let is_murmur = place % CHAIRS == MURMUR;
            let loudness = if is_murmur { QUIET } else { LOUD };
            let minus_dbov = if since % WORD_MS < PAUSE_FROM_MS { loudness + wobble as u8 } else { PAUSE };
            let worth = match () {
                () if is_murmur => Worth::Rest,
                () if since < OPENING_MS => Worth::Opening,
                () => Worth::Voice,
            };
            Some(Sound { minus_dbov, worth })
        }
        Some(since) if since < TURN_MS + HANGOVER_MS => rest(PAUSE),
        // Signs of life are spread as microphones went silent at different times.
        _ if (packet + place as u64).is_multiple_of(SIGN_OF_LIFE_MS / PACKET_MS) => rest(SILENCE),
        _ => None,
    }
}

/// How long ago the last turn of a talker began, if it is the last one of its chair.
fn since_turn(place: usize, now_ms: u64) -> Option<u64> {
    let chair = place % CHAIRS;
    let people = (TALKERS - chair).div_ceil(CHAIRS) as u64;
    let own_ms = now_ms.checked_sub(chair as u64 * STAGGER_MS)?;
    let whose = own_ms / PERIOD_MS % people;
    (whose == (place / CHAIRS) as u64).then_some(own_ms % PERIOD_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MICROPHONES: usize = 60;
    const MINUTE_MS: u64 = 60_000;

    fn heard(now_ms: u64) -> Vec<(usize, Sound)> {
        (0..MICROPHONES).filter_map(|place| sound(place, now_ms).map(|sound| (place, sound))).collect()
    }

    #[test]
    fn there_are_never_more_voices_than_a_large_room_forwards_and_mostly_two_or_three() {
        let mut counts = [0; CHAIRS];
        for now_ms in (CHAIRS as u64 * STAGGER_MS..MINUTE_MS).step_by(PACKET_MS as usize) {
            let voices = heard(now_ms).iter().filter(|(_, sound)| sound.worth != Worth::Rest).count();
            *counts.get_mut(voices).expect("at most three") += 1;
        }
        let [_, one, two, three] = counts;
        assert!(two + three > 2 * one, "{counts:?}");
    }

    #[test]
    fn everybody_speaks_and_nobody_who_only_listens() {
        let mut spoke = [false; MICROPHONES];
        for now_ms in (0..MINUTE_MS).step_by(PACKET_MS as usize) {
            for (place, sound) in heard(now_ms) {
                *spoke.get_mut(place).expect("a microphone") |= sound.minus_dbov < NOISE;
            }
        }
        assert_eq!(spoke.iter().position(|spoke| !spoke), Some(TALKERS));
        assert_eq!(spoke.iter().filter(|spoke| **spoke).count(), TALKERS);
    }

    #[test]
    fn who_is_silent_sends_a_sign_of_life_at_times() {
        let silent = MICROPHONES - 1;
        let sent = (0..4_000).step_by(PACKET_MS as usize).filter(|now_ms| sound(silent, *now_ms).is_some()).count();
        assert_eq!(sent as u64, 4_000 / SIGN_OF_LIFE_MS);
    }
}
