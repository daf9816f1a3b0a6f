//! Replays the committed corpora of the fuzz targets `sdp` and `reports`.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::path::Path;

use palaver_session::rtc::exercise_reports;
use palaver_session::sdp::exercise;

#[test]
fn the_corpus_of_descriptions_holds_all_properties() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/sdp");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the corpus") {
        let bytes = std::fs::read(entry.expect("an entry").path()).expect("a file");
        let text = String::from_utf8_lossy(&bytes);
        exercise(&text);
        // Cut anywhere, as a broken client or connection would.
        for (at, _) in text.char_indices().step_by(97) {
            exercise(text.get(..at).expect("a boundary"));
        }
        count += 1;
    }
    assert!(count >= 4, "only {count} inputs");
}

#[test]
fn the_corpus_of_reports_holds_all_properties() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/reports");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the corpus") {
        let bytes = std::fs::read(entry.expect("an entry").path()).expect("a file");
        for length in 0..=bytes.len() {
            exercise_reports(bytes.get(..length).expect("a prefix"));
        }
        count += 1;
    }
    assert!(count >= 12, "only {count} inputs");
}
