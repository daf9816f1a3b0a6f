//! Replays the committed corpus of the fuzz target `turn`.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::path::Path;

use palaver_turn::exercise;

#[test]
fn no_message_of_the_corpus_nor_a_prefix_of_one_does_harm() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/turn");
    let files: Vec<Vec<u8>> = std::fs::read_dir(folder)
        .expect("the corpus")
        .map(|entry| std::fs::read(entry.expect("an entry").path()).expect("a file"))
        .collect();
    assert!(files.len() >= 10, "only {} inputs", files.len());
    for bytes in &files {
        let prefixes: Vec<&[u8]> = (0..=bytes.len()).filter_map(|length| bytes.get(..length)).collect();
        exercise(&prefixes);
    }
}
