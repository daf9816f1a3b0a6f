//! Published vectors, and both ends of each profile.

use proptest::prelude::*;
use str0m::crypto::dtls::SrtpProfile;
use str0m::crypto::from_feature_flags;

use super::context::derive;
use super::{Context, Contexts, Material};

const PROFILES: [(SrtpProfile, usize); 3] =
    [(SrtpProfile::AEAD_AES_128_GCM, 56), (SrtpProfile::AEAD_AES_256_GCM, 88), (SrtpProfile::AES128_CM_SHA1_80, 60)];

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let number = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("digits"), 16).expect("hex");
    digits.chunks(2).map(number).collect()
}

/// Both ends of one association.
fn ends(place: usize) -> (Contexts, Contexts) {
    let (profile, bytes) = PROFILES[place];
    let end = |is_client| {
        let material = Material::new((0..bytes as u8).collect(), profile, is_client);
        Contexts::derive(&material).expect("a known profile")
    };
    (end(true), end(false))
}

#[test]
fn keys_are_derived_as_in_the_example_of_rfc_3711() {
    let (key, salt) = (hex("E1F97A0D3E018BE0D64FA32C06DE4139"), hex("0EC675AD498AFEEBB6960B3AABE6"));
    let provider = from_feature_flags().srtp_provider;
    let derived = |label, bytes| derive(provider, (&key, &salt), label, bytes);
    assert_eq!(derived(0, 16), hex("C61E7A93744F39EE10734AFE3FF7A087"));
    assert_eq!(derived(2, 14), hex("30CBBC08863D8C85D49DB34A9AE1"));
    assert_eq!(derived(1, 20), hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
}

#[test]
fn gcm_seals_as_in_the_example_of_rfc_7714() {
    let mut context = Context::with_gcm_128(
        hex("000102030405060708090a0b0c0d0e0f").try_into().expect("16 bytes"),
        hex("517569642070726f2071756f").try_into().expect("12 bytes"),
    );
    let mut out = hex("8040f17b 8041f8d3 5501a0b2");
    assert!(context.seal_rtp(&mut out, 0, (0x5501_a0b2, 0xf17b), &[b"Gallia est omnis", b" divisa in partes tres"]));
    let sealed = "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b \
                  36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce";
    assert_eq!(out, hex(sealed));
}

#[test]
fn material_that_is_too_short_makes_nothing() {
    for (profile, bytes) in PROFILES {
        assert!(Contexts::derive(&Material::new(vec![1; bytes - 1], profile, true)).is_none());
    }
}

proptest! {
    #[test]
    fn what_one_end_seals_the_other_opens_and_nobody_changes(
        place in 0..3_usize, ssrc: u32, index in 0..1_u64 << 40, header in prop::collection::vec(any::<u8>(), 12..60),
        plain: Vec<u8>, before: Vec<u8>, broken: prop::sample::Index, cut: prop::sample::Index,
    ) {
        let (mut alice, mut bob) = ends(place);
        let pieces = cut.index(plain.len() + 1);
        let mut out = [&before[..], &header].concat();
        prop_assert!(alice.rtp_out.seal_rtp(&mut out, before.len(), (ssrc, index), &[&plain[..pieces], &plain[pieces..]]));
        prop_assert_eq!(&out[..before.len()], &before);
        let (head, sealed) = out[before.len()..].split_at(header.len());
        prop_assert_eq!(head, &header);
        let mut scratch = vec![0; sealed.len()];
        prop_assert_eq!(bob.rtp_in.open_rtp((ssrc, index), head, sealed, &mut scratch), Some(&plain[..]));
        // Another roll-over counter is another packet.
        prop_assert_eq!(bob.rtp_in.open_rtp((ssrc, index + 0x1_0000), head, sealed, &mut scratch), None);
        let mut changed = sealed.to_vec();
        changed[broken.index(sealed.len())] ^= 1;
        prop_assert_eq!(bob.rtp_in.open_rtp((ssrc, index), head, &changed, &mut scratch), None);
    }

    #[test]
    fn a_compound_is_opened_with_the_keys_that_sealed_it(
        place in 0..3_usize, number in 0..0x7fff_ffff_u32, compound in prop::collection::vec(any::<u8>(), 8..200),
        broken: prop::sample::Index,
    ) {
        let (mut alice, _) = ends(place);
        let (mut sealed, mut opened) = (Vec::new(), Vec::new());
        prop_assert!(alice.rtcp_out.seal_rtcp(number, &compound, &mut sealed));
        prop_assert_eq!(alice.rtcp_out.open_rtcp(&sealed, &mut opened), Some(number));
        prop_assert_eq!(&opened, &compound);
        let place = broken.index(sealed.len());
        sealed[place] ^= 1;
        opened.clear();
        prop_assert_eq!(alice.rtcp_out.open_rtcp(&sealed, &mut opened), None);
    }

    #[test]
    fn what_is_no_report_is_read_without_harm(place in 0..3_usize, bytes: Vec<u8>) {
        let (mut alice, _) = ends(place);
        prop_assert_eq!(alice.rtcp_out.open_rtcp(&bytes, &mut Vec::new()), None);
    }
}
