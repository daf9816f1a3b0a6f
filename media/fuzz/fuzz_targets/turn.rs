//! Any bytes as a message of TURN: from a stranger, and from somebody who is let in.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palaver_turn::exercise;

fuzz_target!(|bytes: &[u8]| exercise(&[bytes]));
