//! What the estimator promises, on lines of every kind. Virtual time: each law holds for many seeds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod call;
mod changes;
mod encode;
mod feedback;
mod lines;
mod link;
mod losses;
mod rest;

/// So often is each law tried; the feedback's rhythm, the first number and all chance differ.
const SEEDS: std::ops::Range<u64> = 0..20;

/// The lowest, the median and the highest, of a figure over all seeds: what is printed with `--nocapture`.
#[expect(clippy::print_stderr, reason = "figures of a test")]
fn figure(name: &str, mut values: Vec<f64>) {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[((values.len() - 1) as f64 * share) as usize];
    eprintln!("figure: {name}: {:.0} … {:.0} … {:.0}", at(0.0), at(0.5), at(1.0));
}
