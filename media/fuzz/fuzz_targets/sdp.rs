//! Any text as an offer: read, narrowed, given to the engine, finished as an answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palaver_session::sdp::exercise;

fuzz_target!(|text: &str| exercise(text));
