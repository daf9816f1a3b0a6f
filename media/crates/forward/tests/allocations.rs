//! In the steady state nothing is allocated: not per packet, not per drain, not by time passing.
#![allow(missing_docs)]

mod counting;

use counting::{Counting, Meeting, allocations};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_meeting_in_its_steady_state_allocates_nothing() {
    let before_the_meeting = allocations();
    let mut meeting = Meeting::new(25);
    let (before, forwarded) = (allocations(), meeting.forwarded);
    assert!(before > before_the_meeting, "the counter counts");
    // Twenty seconds with key frames, thinned temporal layers, sender reports and someone who speaks now and then.
    for _ in 0..600 {
        meeting.step();
    }
    assert!(meeting.forwarded - forwarded > 70_000, "{} packets", meeting.forwarded - forwarded);
    assert_eq!(allocations(), before);
}
