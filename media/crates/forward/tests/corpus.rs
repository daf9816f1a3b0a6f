//! Replays the committed corpora of the fuzz targets `payloads` and `room`.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::path::Path;

use palaver_forward::exercise;

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
    let files = std::fs::read_dir(folder).expect("the corpus");
    let files: Vec<_> = files.map(|entry| std::fs::read(entry.expect("an entry").path()).expect("a file")).collect();
    assert!(files.len() >= 10, "only {} inputs", files.len());
    files
}

#[test]
fn the_corpus_of_payloads_holds_all_properties() {
    for bytes in corpus("payloads") {
        for length in 0..=bytes.len() {
            exercise::payload(bytes.get(..length).expect("a prefix"));
        }
    }
}

#[test]
fn the_corpus_of_rooms_holds_all_properties() {
    for bytes in corpus("room") {
        exercise::room(&bytes);
    }
}
