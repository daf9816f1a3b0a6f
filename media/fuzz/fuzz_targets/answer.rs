//! Any text as the engine's answer and the offer it answers, parted by a line of its own; the first as a candidate too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palaver_session::sdp::{exercise_answer, exercise_candidate};

fuzz_target!(|text: &str| {
    let (answer, offer) = text.split_once("\n---\n").unwrap_or((text, text));
    exercise_answer(answer, offer);
    if answer.len() < 200 {
        exercise_candidate(answer);
    }
});
