use super::{FrameRates, Lives};
use crate::units::{LayerIx, Micros};
use proptest::prelude::*;

const TOP: LayerIx = LayerIx::HIGHEST;

fn at(millis: u64) -> Micros {
    Micros::from_millis(millis)
}

fn layer(index: usize) -> LayerIx {
    LayerIx::new(index).expect("a layer")
}

#[test]
fn the_highest_living_layer_up_to_the_wanted_one_is_chosen() {
    let mut lives = Lives::default();
    assert_eq!(lives.choose(TOP, None, at(0)), None);
    assert!(lives.on_packet(layer(1), at(0)));
    assert!(!lives.on_packet(layer(1), at(10)), "born once");
    assert_eq!(lives.choose(TOP, None, at(10)), Some(layer(1)));
    assert_eq!(lives.choose(layer(0), None, at(10)), Some(layer(1)), "the lowest above");
    lives.on_packet(layer(0), at(10));
    assert_eq!(lives.choose(layer(0), Some(layer(1)), at(10)), Some(layer(0)));
    lives.on_packet(layer(2), at(20));
    assert_eq!(lives.choose(TOP, Some(layer(0)), at(20)), Some(layer(2)), "a new layer need not prove itself");
}

#[test]
fn a_banned_layer_is_avoided_while_there_is_another() {
    let mut lives = Lives::default();
    lives.on_packet(layer(0), at(0));
    lives.on_packet(layer(1), at(0));
    lives.ban(layer(1), at(0));
    assert_eq!(lives.choose(TOP, None, at(0)), Some(layer(0)));
    lives.ban(layer(0), at(0));
    assert_eq!(lives.choose(TOP, None, at(0)), Some(layer(1)), "better than nothing");
    for ms in (0..=10_000).step_by(500) {
        lives.on_packet(layer(0), at(ms));
        lives.on_packet(layer(1), at(ms));
    }
    assert!(lives.tick(at(10_000)), "the ban ended");
    assert_eq!(lives.choose(TOP, Some(layer(0)), at(10_000)), Some(layer(1)));
}

#[test]
fn a_standing_screen_does_not_lose_its_layers_in_turn() {
    let mut lives = Lives::default();
    for second in 0..20_u64 {
        for (index, late_ms) in [(0, 5), (1, 0)] {
            lives.on_packet(layer(index), at(second * 1_030 + late_ms));
        }
        for ms in (100..1_030).step_by(5) {
            let now = at(second * 1_030 + ms);
            lives.tick(now);
            assert_eq!(lives.choose(TOP, Some(layer(1)), now), Some(layer(1)));
            assert_eq!(lives.choose(TOP, None, now), Some(layer(1)), "a joiner asks although nothing comes just now");
            assert!(lives.is_askable(layer(1)));
        }
    }
}

#[test]
fn a_stopped_camera_is_not_asked_for_ever() {
    let mut lives = Lives::default();
    lives.on_packet(layer(0), at(0));
    lives.tick(at(4_900));
    assert!(lives.is_askable(layer(0)) && lives.is_restless());
    assert!(lives.tick(at(5_000)));
    assert!(!lives.is_askable(layer(0)) && !lives.is_restless());
    assert_eq!(lives.choose(TOP, None, at(5_000)), None);
}

/// Two seconds of 30 frames per second in three temporal layers: 7.5, 15 and 30.
fn measured() -> FrameRates {
    let mut rates = FrameRates::default();
    for frame in 0..66_u64 {
        let id = [0, 2, 1, 2][(frame % 4) as usize];
        rates.on_frame(id, at(frame * 33));
    }
    rates
}

#[test]
fn a_cap_is_honoured_by_whole_temporal_layers() {
    let rates = measured();
    assert_eq!(rates.choose(0, 0), 3, "no limit");
    assert_eq!(rates.choose(60, 0), 3);
    assert_eq!(rates.choose(15, 0), 1);
    assert_eq!(rates.choose(5, 0), 0, "the base always remains");
}

#[test]
fn a_rate_near_the_cap_does_not_flap() {
    let rates = measured();
    // 30 frames against a cap of 25: too many to join, not enough to leave.
    assert_eq!(rates.choose(25, 1), 1);
    assert_eq!(rates.choose(25, 3), 3);
}

proptest! {
    #[test]
    fn a_choice_is_alive_or_the_current_one(
        packets in prop::collection::vec((0usize..3, 0u64..800), 0..100),
        max in 0usize..3,
        current in prop::option::of(0usize..3),
    ) {
        let mut lives = Lives::default();
        let mut now = at(0);
        let current = current.map(layer);
        for (index, pause) in packets {
            now = now.plus(at(pause));
            lives.tick(now);
            lives.on_packet(layer(index), now);
            let chosen = lives.choose(layer(max), current, now);
            prop_assert!(chosen.is_some_and(|chosen| lives.is_askable(chosen) || Some(chosen) == current));
            if let Some(chosen) = chosen
                && chosen > layer(max)
                && Some(chosen) != current
            {
                prop_assert!((0..=max).all(|below| !lives.is_askable(layer(below))));
            }
        }
    }
}
