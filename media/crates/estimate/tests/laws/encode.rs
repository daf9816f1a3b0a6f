//! A receiver's side of the feedback, for tests: writes what `on_feedback` reads.

/// Bits that choose among the ways to write the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Runs,
    Ones,
    Twos,
}

/// Feedback of packets from `base` on: when each arrived, in ticks of 250 µs, or `None`.
pub(crate) fn encode(base: u16, count: u8, arrivals: &[Option<i64>], style: Style) -> Vec<u8> {
    let first = arrivals.iter().flatten().next().copied().unwrap_or_default();
    let reference = first.div_euclid(256);
    let mut before = reference * 256;
    let (mut symbols, mut deltas) = (Vec::new(), Vec::new());
    for arrival in arrivals {
        let Some(at) = arrival else {
            symbols.push(0_u16);
            continue;
        };
        let delta = at - before;
        before = *at;
        if let Ok(small) = u8::try_from(delta) {
            symbols.push(1);
            deltas.push(small);
        } else {
            symbols.push(2);
            deltas.extend(i16::try_from(delta).expect("a delta of two bytes").to_be_bytes());
        }
    }
    let mut fci = base.to_be_bytes().to_vec();
    fci.extend((arrivals.len() as u16).to_be_bytes());
    fci.extend(&(reference as u32).to_be_bytes()[1..]);
    fci.push(count);
    let mut rest = &symbols[..];
    while !rest.is_empty() {
        let ones = rest.iter().take(14).all(|symbol| *symbol < 2);
        let run = rest.iter().take(8_191).take_while(|symbol| **symbol == rest[0]).count();
        let (chunk, taken) = if style == Style::Runs || run > 14 {
            (rest[0] << 13 | run as u16, run)
        } else if style == Style::Ones && ones {
            let taken = rest.len().min(14);
            (rest[..taken].iter().enumerate().fold(0x8000, |chunk, (at, symbol)| chunk | symbol << (13 - at)), taken)
        } else {
            let taken = rest.len().min(7);
            let write = |chunk, (at, symbol): (usize, &u16)| chunk | symbol << (12 - 2 * at);
            (rest[..taken].iter().enumerate().fold(0xc000, write), taken)
        };
        fci.extend(chunk.to_be_bytes());
        rest = &rest[taken..];
    }
    fci.extend(deltas);
    fci
}
