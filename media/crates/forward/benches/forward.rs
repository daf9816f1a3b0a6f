//! What a forwarded packet costs in this crate alone: parsing, choosing, numbering; no encryption, no sockets.
//!
//! `cargo bench -p palaver-forward` prints nanoseconds and allocations per forwarded packet for 10 and 100 viewers. The
//! ratio shows whether the cost of one viewer depends on the number of viewers.
#![allow(missing_docs)]
#![allow(clippy::print_stdout, reason = "it prints its result")]

#[path = "../tests/counting/mod.rs"]
mod counting;

use std::time::Instant;

use counting::{Counting, Meeting, allocations};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Runs of which the median is taken.
const RUNS: usize = 9;

struct Figure {
    ns_per_packet: f64,
    allocations_per_packet: f64,
}

fn measure(viewers: u64) -> Figure {
    // About as many packets for any number of viewers.
    let steps = 200_000 / viewers;
    let mut meeting = Meeting::new(viewers);
    let mut nanoseconds = Vec::with_capacity(RUNS);
    let (allocations_before, forwarded_before) = (allocations(), meeting.forwarded);
    for _ in 0..RUNS {
        let (forwarded, start) = (meeting.forwarded, Instant::now());
        for _ in 0..steps {
            meeting.step();
        }
        nanoseconds.push(start.elapsed().as_nanos() as f64 / (meeting.forwarded - forwarded) as f64);
    }
    let allocated = allocations() - allocations_before;
    std::hint::black_box(meeting.checksum);
    nanoseconds.sort_by(f64::total_cmp);
    Figure {
        ns_per_packet: nanoseconds.get(RUNS / 2).copied().unwrap_or_default(),
        allocations_per_packet: allocated as f64 / (meeting.forwarded - forwarded_before) as f64,
    }
}

fn main() {
    let [few, many] = [10, 100].map(|viewers| {
        let figure = measure(viewers);
        println!(
            "{viewers:>4} viewers: {:6.1} ns and {:.3} allocations per forwarded packet",
            figure.ns_per_packet, figure.allocations_per_packet
        );
        figure
    });
    println!("ratio 100 / 10: {:.2}", many.ns_per_packet / few.ns_per_packet);
}
