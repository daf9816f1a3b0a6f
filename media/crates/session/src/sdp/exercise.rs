//! Any text as an offer, an answer or a candidate, with the properties that must hold for all of them: fuzz targets and
//! corpus replay share it.

use std::collections::BTreeSet;

use super::{Assignment, Direction, Kind, fingerprint, narrow_offer, parse_offer, rewrite_answer};
use crate::ids::Mid;

/// Everything that happens to an offer's text.
///
/// # Panics
/// When a property does not hold.
#[allow(clippy::panic, reason = "a property that does not hold is to be found")]
pub fn exercise(text: &str) {
    let _ = fingerprint(text);
    let Ok(sections) = parse_offer(text) else { return };
    let all: BTreeSet<Mid> = sections.iter().map(|section| section.mid).collect();
    let assignment = Assignment { publisher: "PA".to_owned(), track: "TR".to_owned() };
    let assigned = all.iter().map(|mid| (*mid, assignment.clone())).collect();
    let _ = rewrite_answer(text, text, &assigned);
    let none = BTreeSet::new();
    for (published, subscribed) in [(&all, &none), (&none, &all), (&none, &none)] {
        let Ok(narrowed) = narrow_offer(text, published, subscribed) else { continue };
        let Ok(again) = parse_offer(&narrowed) else { panic!("a narrowed offer is no offer: {narrowed}") };
        assert_eq!(again.len(), sections.len());
        for (before, after) in sections.iter().zip(&again) {
            assert_eq!((before.mid, before.kind), (after.mid, after.kind));
            assert!(after.kind == Kind::Application || after.direction != Direction::SendRecv);
        }
        let Ok(prepared) = crate::PreparedOffer::parse(&narrowed) else { continue };
        negotiate(prepared, &narrowed);
    }
}

/// One certificate for all inputs: making one costs more than everything else.
static FACTORY: std::sync::OnceLock<crate::RtcFactory> = std::sync::OnceLock::new();

/// Let the engine answer an offer, and the same one once more.
fn negotiate(prepared: crate::PreparedOffer, narrowed: &str) {
    use crate::api::{NegotiatedSession as _, SessionFactory as _};
    let now = std::time::Instant::now();
    let candidate = crate::Endpoint::udp(([192, 0, 2, 1], 7_882).into());
    let mut session = FACTORY.get_or_init(crate::RtcFactory::new).make(now, &[candidate]);
    let again = crate::PreparedOffer::parse(narrowed);
    for offer in [Some(prepared), again.ok()].into_iter().flatten() {
        let Ok(answer) = session.accept(now, offer) else { return };
        let _ = rewrite_answer(&answer.print(), narrowed, &std::collections::BTreeMap::new());
        while let Ok(crate::Output::Transmit { .. } | crate::Output::Event(_)) = session.poll() {}
    }
}

/// A text as a trickled candidate.
pub fn exercise_candidate(text: &str) {
    use crate::api::{NegotiatedSession as _, SessionFactory as _};
    let now = std::time::Instant::now();
    let candidate = crate::Endpoint::udp(([192, 0, 2, 1], 7_882).into());
    let mut session = FACTORY.get_or_init(crate::RtcFactory::new).make(now, &[candidate]);
    let _ = session.add_candidate(text);
}

/// Two texts as an answer of the engine and the offer that it answers.
///
/// # Panics
/// When a property does not hold.
pub fn exercise_answer(answer: &str, offer: &str) {
    let assignment = Assignment { publisher: "PA".to_owned(), track: "TR".to_owned() };
    let mids = parse_offer(offer).into_iter().flatten().map(|section| (section.mid, assignment.clone())).collect();
    let finished = rewrite_answer(answer, offer, &mids);
    // Finishing is repeatable: it names the same tracks again.
    let again = rewrite_answer(&finished, offer, &mids);
    assert_eq!(parse_offer(&finished).map(|s| s.len()), parse_offer(&again).map(|s| s.len()));
}
