//! What a peer says of the pictures that it gets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palaver_session::rtc::exercise_reports;

fuzz_target!(|bytes: &[u8]| exercise_reports(bytes));
