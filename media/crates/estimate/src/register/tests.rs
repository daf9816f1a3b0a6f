use super::*;

fn filled(packets: u64) -> Register {
    let mut register = Register::default();
    for at in 0..packets {
        register.push(at * 1_000, 100, 0);
    }
    register
}

#[test]
fn each_packet_arrives_once() {
    let mut register = filled(10);
    assert!(register.arrive(3).is_some());
    assert!(register.arrive(3).is_none());
    assert!(register.arrive(10).is_none(), "never sent");
    assert_eq!(register.told_until(), 4);
}

#[test]
fn what_was_missing_may_still_arrive() {
    let mut register = filled(10);
    assert_eq!(register.miss(2, 5), 3);
    assert_eq!(register.miss(2, 6), 1);
    assert!(register.arrive(2).unwrap().was_missing);
    assert!(!register.arrive(7).unwrap().was_missing);
}

#[test]
fn numbers_are_unwrapped_to_what_was_sent_last() {
    let register = filled(70_000);
    assert_eq!(register.unwrap(69_999_u64 as u16), Some(69_999));
    assert_eq!(register.unwrap(65_535), Some(65_535));
    assert_eq!(register.unwrap(70_000_u64 as u16), Some(70_000 - 65_536));
    assert_eq!(filled(3).unwrap(3), None);
    assert_eq!(Register::default().unwrap(0), None);
}

#[test]
fn no_more_is_kept_than_is_useful() {
    let mut register = filled(5_000);
    assert_eq!(register.packets.len(), MOST);
    assert!(register.arrive(5_000 - MOST as u64 - 1).is_none());
    assert_eq!(register.miss(0, u64::MAX), MOST as u32);
    register.push(60_000_000, 100, 0);
    assert_eq!(register.packets.len(), 1);
    assert!(size_of::<Sent>() <= 16);
}

#[test]
fn losses_are_told_of_a_second() {
    let mut register = filled(3_000);
    assert_eq!(register.loss(1_000_000), None);
    for at in 1_500..2_500 {
        if at % 4 == 0 {
            register.miss(at, at + 1);
        } else {
            register.arrive(at);
        }
    }
    let (newest_us, loss) = register.loss(500_000).unwrap();
    assert_eq!(newest_us, 2_499_000);
    assert!((loss - 0.25).abs() < 0.01);
    register.forget();
    assert_eq!(register.loss(500_000), None);
}
