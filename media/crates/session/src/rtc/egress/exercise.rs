//! What the fuzz target for reports does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use palaver_forward::{Codec, PayloadPatch};
use str0m::crypto::dtls::SrtpProfile;

use super::feedback::{Left, is_ours, packets};
use super::header::Form;
use super::repairs::MOST_EARNED;
use super::stream::{Format, Stream, Terms};
use super::{Egress, MOST_QUEUED};
use crate::api::{CarriedExtensions, OutgoingRtp, Path};
use crate::ids::Mid;
use crate::srtp::{Contexts, Material};

/// The picture that the peer gets, and the stream of its repetitions.
const PICTURE: u32 = 0x0102_0304;
const REPETITIONS: u32 = 0x0102_0305;
const PACKETS: u64 = 40;
const FRAME: Duration = Duration::from_millis(20);
/// The longest piece of the input that is one compound.
const LONGEST: usize = 255 * 4;

/// What a peer says under its own keys of the pictures that it gets: compounds of RTCP, each after its length in words.
///
/// # Panics
/// When more is sent again than was earned, or the engine is shown what is only for us.
pub fn exercise_reports(bytes: &[u8]) {
    let mut now = Instant::now();
    let material = Material::new((0..56).collect(), SrtpProfile::AEAD_AES_128_GCM, false);
    let (Some(Contexts { rtcp_out: mut peer, .. }), Some(Contexts { rtcp_in: mut engine, .. })) =
        (Contexts::derive(&material.of_peer()), Contexts::derive(&material))
    else {
        return;
    };
    let mut egress = Egress::new(now);
    egress.unlock(&material);
    egress.way = Some(Path::udp(SocketAddr::from(([192, 0, 2, 1], 7_882)), SocketAddr::from(([10, 0, 0, 1], 5_000))));
    let Some(mid) = Mid::new("0") else { return };
    egress.streams.insert(mid, Stream::new(terms()));
    egress.set_desired(now, Some(2_000_000));
    let (mut rest, mut number, mut media_bytes, mut extra_bytes) = (bytes, 0, 0, 0);
    for seq in 0..PACKETS {
        now += FRAME;
        media_bytes += send(&mut egress, now, mid, seq);
        while let Some((&words, after)) = rest.split_first() {
            let (compound, after) = after.split_at(after.len().min((usize::from(words) * 4).min(LONGEST)));
            rest = after;
            number += 1;
            let mut datagram = Vec::new();
            if peer.seal_rtcp(number, compound, &mut datagram) {
                check_left(&egress.receive(now, &datagram), &mut engine);
            }
            assert!(egress.queue.len() <= MOST_QUEUED);
            if number % 4 == 0 {
                break;
            }
        }
        egress.advance(now);
        while let Some((_, bytes)) = egress.poll() {
            extra_bytes += bytes.len() as u64;
        }
        assert!(egress.poll_estimate().is_none_or(|bps| bps > 0));
    }
    // Probes are at most some hundred milliseconds of the rate that could be used.
    let most = MOST_EARNED + media_bytes + 2_000_000;
    assert!(extra_bytes <= most, "{extra_bytes} bytes beside {media_bytes}");
}

fn terms() -> Terms {
    Terms {
        ssrc: PICTURE,
        rtx: Some(REPETITIONS),
        is_video: true,
        formats: vec![Format { codec: Codec::Vp8, payload_type: 96, rtx: Some(97) }],
        form: Form { number: Some(3), mid: Some(4), ..Form::default() },
    }
}

fn send(egress: &mut Egress, now: Instant, mid: Mid, seq: u64) -> u64 {
    let payload: Arc<[u8]> = vec![seq as u8; 1_000].into();
    let packet = OutgoingRtp {
        codec: Codec::Vp8,
        // Wraps on its way.
        seq: 65_520 + seq,
        timestamp: 1_800 * seq as u32,
        marker: true,
        payload: &payload,
        patch: PayloadPatch::None,
        extensions: &CarriedExtensions::default(),
        captured_at: Some(now),
    };
    let mut out = Vec::new();
    assert!(egress.send(now, mid, &packet, &mut out).is_some(), "nothing that a peer says stops its pictures");
    out.len() as u64
}

fn check_left(left: &Left, engine: &mut crate::srtp::Context) {
    if let Left::Rest(datagram) = left {
        let mut plain = Vec::new();
        assert!(engine.open_rtcp(datagram, &mut plain).is_some(), "sealed as by the peer");
        assert!(!packets(&plain).any(is_ours));
    }
}
