//! A load generator: many participants of rooms on few sockets, told what to do on the standard input.
//!
//! Whoever starts it does the signalling (`benches/forward`); it makes offers, takes answers, and sends, receives and
//! counts packets. str0m does ICE and DTLS; media is sealed and opened here, which costs a fraction.
//!
//! | line in | does |
//! |---|---|
//! | `open NUMBER none\|audio\|video\|layers SECTIONS KIND` | a participant that publishes that and has so many sections to receive |
//! | `more NUMBER COUNT KIND` | that many more sections; none: only a new offer |
//! | `answer NUMBER SDP`, `candidate NUMBER TEXT` | what the server said |
//! | `accept NUMBER SDP` | a participant that receives what the server offers |
//! | `share ADDRESS` | all who come from now on have this address, until `close`; for servers with a port for each |
//! | `close` | all participants go |
//! | `send INTERVAL_US BURST BYTES JITTER_PERCENT` | publishers send bursts at that interval, more or less; 0 stops |
//! | `send turns` | they speak as people do who take turns |
//! | `send layers INTERVAL_US` | they send pictures of a camera in three sizes, with key frames when asked |
//! | `wish NUMBER PUBLISHER LAYER AT_US` | somebody asked for that size then, in microseconds since 1970 |
//! | `mark`, `report` | begin to count; say what was counted |
//!
//! Lines out: `offer NUMBER SDP`, `answer NUMBER SDP`, `up NUMBER`, `report NAME=VALUE …` with times in microseconds.
//! Descriptions are one line each, with a unit separator (U+001F) for each line end.
#![allow(clippy::print_stdout, reason = "its caller reads it")]

mod crowd;
mod feedback;
mod packets;
mod person;
mod pictures;
mod requests;
mod shape;
mod stamp;
mod switching;
mod tally;
mod turns;

use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::sync::mpsc;

use crowd::Crowd;

/// Stands for a line end in a description.
const LINE_END: &str = "\u{1f}";

fn main() -> ExitCode {
    let (sender, commands) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    match Crowd::new().and_then(|crowd| crowd.run(&commands)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("failed {error}"));
            ExitCode::FAILURE
        }
    }
}

fn say(line: &str) {
    println!("{line}");
    // Whoever reads it may have gone; then the next read ends us.
    let _ = std::io::stdout().flush();
}
