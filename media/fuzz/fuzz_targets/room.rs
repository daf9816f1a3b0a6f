//! Any bytes as what happens in a room: packets of all kinds, mutes, subscriptions, reports, time.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palaver_forward::exercise;

fuzz_target!(|bytes: &[u8]| exercise::room(bytes));
