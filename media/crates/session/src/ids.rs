//! Small copyable names: they are looked up once per packet.

use std::fmt;

macro_rules! short_text {
    ($(#[$doc:meta])* $name:ident, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            bytes: [u8; $max],
            len: u8,
        }

        impl $name {
            /// The longest text that fits, in bytes.
            pub const MAX_BYTES: usize = $max;

            /// `None` when empty, too long, or not of letters, digits and `-_{}.`
            /// (RFC 8843 tokens as browsers print them).
            pub fn new(text: &str) -> Option<Self> {
                let source = text.as_bytes();
                let is_plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_{}.".contains(b);
                if source.is_empty() || !source.iter().all(is_plain) {
                    return None;
                }
                let mut bytes = [0; $max];
                bytes.get_mut(..source.len())?.copy_from_slice(source);
                Some(Self { bytes, len: source.len() as u8 })
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                let bytes = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
                std::str::from_utf8(bytes).unwrap_or_default()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.as_str())
            }
        }
    };
}

short_text! {
    /// Name of one media section of a session description (`a=mid`).
    Mid, 16
}
short_text! {
    /// Name of one simulcast layer (`a=rid`).
    Rid, 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_plain_text_is_kept() {
        assert_eq!(Mid::new("0").map(|m| m.to_string()).as_deref(), Some("0"));
        assert_eq!(Rid::new("q").map(|r| r.to_string()).as_deref(), Some("q"));
    }

    #[test]
    fn long_empty_or_odd_text_is_refused() {
        assert_eq!(Mid::new(""), None);
        assert_eq!(Mid::new("12345678901234567"), None);
        assert_eq!(Rid::new("123456789"), None);
        assert_eq!(Rid::new("a b"), None);
    }
}
