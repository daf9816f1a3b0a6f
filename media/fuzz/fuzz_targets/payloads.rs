//! Any bytes as payloads of each codec: read, patched, read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palaver_forward::exercise;

fuzz_target!(|bytes: &[u8]| exercise::payload(bytes));
