use proptest::prelude::*;

use super::*;

fn key() -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"VOkJxbRl1RmTxUk/WvJxBt")
}

fn classes() -> impl Strategy<Value = Class> {
    prop_oneof![Just(Class::Request), Just(Class::Indication), Just(Class::Success), Just(Class::Error)]
}

/// RFC 5769 section 2.1, the request, with the password as the key.
const SAMPLE: &[u8] = b"\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\
    \x80\x22\x00\x10STUN test client\x00\x24\x00\x04\x6e\x00\x01\xff\
    \x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36\x00\x06\x00\x09\x65\x76\x74\x6a\x3a\x68\x36\x76\x59\x20\x20\x20\
    \x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\x78\x1e\xf2\xb5\xb2\xd3\xf2\x49\xc1\xb5\x71\xa2\
    \x80\x28\x00\x04\xe5\x7a\x3b\xcf";

#[test]
fn the_sample_of_the_standard_is_read_and_its_proof_holds() {
    let message = Message::read(SAMPLE).expect("a message");
    assert_eq!((message.class, message.method), (Class::Request, method::BINDING));
    assert_eq!(message.get(attribute::USERNAME), Some(&b"evtj:h6vY"[..]));
    assert!(message.is_made_with(&key()));
    let other = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"another");
    assert!(!message.is_made_with(&other));
    for at in 0..SAMPLE.len() - 8 {
        let mut forged = SAMPLE.to_vec();
        forged[at] ^= 1;
        assert!(!Message::read(&forged).is_some_and(|m| m.is_made_with(&key())), "byte {at}");
    }
}

#[test]
fn what_stands_behind_the_proof_is_not_believed() {
    let proved = Builder::new(Class::Request, method::REFRESH, [7; 12]).add(attribute::LIFETIME, &[0, 0, 0, 9]);
    let mut bytes = proved.finish(Some(&key()));
    bytes.extend_from_slice(&[0x00, 0x06, 0x00, 0x04, b'e', b'v', b'i', b'l']);
    bytes[3] += 8;
    let message = Message::read(&bytes).expect("a message");
    assert!(message.is_made_with(&key()));
    assert_eq!(message.get(attribute::USERNAME), None);
    assert_eq!(message.get(attribute::LIFETIME), Some(&[0, 0, 0, 9][..]));
}

proptest! {
    #[test]
    fn what_was_written_is_read(
        class in classes(),
        method in 0..0x1000_u16,
        transaction: [u8; 12],
        value in prop::collection::vec(any::<u8>(), 0..100),
        ip: std::net::IpAddr,
        port: u16,
        is_proved: bool,
    ) {
        let address = SocketAddr::new(ip, port);
        let written = Builder::new(class, method, transaction)
            .add(attribute::DATA, &value)
            .address(attribute::XOR_PEER_ADDRESS, address)
            .finish(is_proved.then(key).as_ref());
        let message = Message::read(&written).expect("well formed");
        prop_assert_eq!((message.class, message.method, message.transaction), (class, method, transaction));
        prop_assert_eq!(message.get(attribute::DATA), Some(&value[..]));
        prop_assert_eq!(message.addresses(attribute::XOR_PEER_ADDRESS).collect::<Vec<_>>(), vec![Some(address)]);
        prop_assert_eq!(message.is_made_with(&key()), is_proved);
        for end in 0..written.len() {
            prop_assert!(Message::read(&written[..end]).is_none());
        }
    }

    #[test]
    fn no_bytes_confuse(mut bytes in prop::collection::vec(any::<u8>(), 0..200), is_near in any::<bool>()) {
        if let (true, Some(length)) = (is_near, bytes.len().checked_sub(HEADER_BYTES)) {
            bytes[0] &= 0x3f;
            bytes[2..4].copy_from_slice(&(length as u16).to_be_bytes());
            bytes[4..8].copy_from_slice(&MAGIC_COOKIE);
        }
        if let Some(message) = Message::read(&bytes) {
            prop_assert!(message.attributes().map(|(_, value)| value.len() + 4).sum::<usize>() <= bytes.len());
            prop_assert!(!message.is_made_with(&key()));
            let _ = message.addresses(attribute::XOR_PEER_ADDRESS).count();
        }
    }
}
