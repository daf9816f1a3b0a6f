//! Which datagrams go to the kernel as one piece.

use super::Departing;

/// The most segments of one piece: a frame's worth, and no burst that a router on the way has no room for.
pub(super) const MAX_SEGMENTS: usize = 8;
/// Longer ones are alone: eight of them would not fit into what the kernel takes as one piece.
const MAX_SEGMENT_BYTES: usize = 8_000;

/// How many of the first datagrams make one piece, at most `longest`: same destination and sender, same length but for the
/// last, which may be shorter. 0 when there is none.
pub(super) fn run(datagrams: &[Departing<'_>], longest: usize) -> usize {
    let Some(first) = datagrams.first() else { return 0 };
    let bytes = first.bytes.len();
    if bytes == 0 || bytes > MAX_SEGMENT_BYTES {
        return 1;
    }
    let mut count = 1;
    for next in datagrams.iter().take(longest).skip(1) {
        let length = next.bytes.len();
        if next.to != first.to || next.from != first.from || length > bytes || length == 0 {
            break;
        }
        count += 1;
        if length < bytes {
            break;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use proptest::prelude::*;

    use super::*;

    fn departing(to: u16, bytes: &[u8]) -> Departing<'_> {
        Departing { to: SocketAddr::from(([192, 0, 2, 1], to)), from: None, bytes }
    }

    #[test]
    fn a_run_ends_with_the_destination_the_length_or_a_shorter_one() {
        let (long, short) = ([0; 1_200], [0; 300]);
        let same = vec![departing(1, &long); 20];
        assert_eq!(run(&same, MAX_SEGMENTS), MAX_SEGMENTS);
        assert_eq!(run(&same, 1), 1);
        let frame = [departing(1, &long), departing(1, &long), departing(1, &short), departing(1, &short)];
        assert_eq!(run(&frame, MAX_SEGMENTS), 3);
        assert_eq!(run(&[departing(1, &short), departing(1, &long)], MAX_SEGMENTS), 1);
        assert_eq!(run(&[departing(1, &long), departing(2, &long)], MAX_SEGMENTS), 1);
        assert_eq!(run(&[], MAX_SEGMENTS), 0);
        let jumbo = [0; 9_000];
        assert_eq!(run(&[departing(1, &jumbo), departing(1, &jumbo)], MAX_SEGMENTS), 1);
    }

    proptest! {
        #[test]
        fn runs_are_what_the_kernel_can_cut_again(
            shapes in prop::collection::vec((0..3_u16, 0..4_usize), 1..60),
        ) {
            let bytes: Vec<Vec<u8>> = shapes.iter().map(|(_, size)| vec![0; size * 400]).collect();
            let all: Vec<_> = shapes.iter().zip(&bytes).map(|((to, _), bytes)| departing(*to, bytes)).collect();
            let mut rest = all.as_slice();
            while !rest.is_empty() {
                let count = run(rest, MAX_SEGMENTS);
                prop_assert!((1..=MAX_SEGMENTS).contains(&count));
                let (piece, others) = rest.split_at(count);
                let sizes: Vec<usize> = piece.iter().map(|d| d.bytes.len()).collect();
                if let Some((last, before)) = sizes.split_last() {
                    prop_assert!(before.iter().all(|size| size == before.first().unwrap_or(size)));
                    prop_assert!(before.first().is_none_or(|size| last <= size && *last > 0));
                }
                prop_assert!(piece.iter().all(|d| d.to == piece.first().map_or(d.to, |first| first.to)));
                rest = others;
            }
        }
    }
}
