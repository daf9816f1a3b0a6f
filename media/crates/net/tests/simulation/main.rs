//! Lives of a server by a seed: people come, film, speak, watch, vanish and return over bad networks, on virtual time.
//!
//! Everything but the keys is decided by the seed, so a life that broke a law can be lived again:
//! `make simulate SEED=17`. `SIMULATE_SEEDS` says how many are tried.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_wrap,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, tells its story, and is told the seed by its environment"
)]

#[path = "../cast/mod.rs"]
mod cast;
mod laws;
mod life;

use std::panic::{AssertUnwindSafe, catch_unwind};

use life::Life;

/// How many seeds `cargo test` tries.
const SEEDS: u64 = 60;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// Whether a life breaks a law; then its story is printed.
fn is_broken(seed: u64) -> bool {
    let mut life = Life::of(seed);
    let outcome = catch_unwind(AssertUnwindSafe(|| life.live()));
    if outcome.is_err() {
        println!("the life of seed {seed}:\n{}\n", life.story.join("\n"));
    }
    outcome.is_err()
}

#[test]
fn no_life_breaks_a_law() {
    let seeds: Vec<u64> = match number("SIMULATE_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("SIMULATE_SEEDS").unwrap_or(SEEDS)).collect(),
    };
    let broken: Vec<u64> = seeds.iter().copied().filter(|seed| is_broken(*seed)).collect();
    assert!(broken.is_empty(), "of {} lives, those of the seeds {broken:?} broke a law", seeds.len());
}
