//! The code that pairs two gateways: short enough to read out over a fence, with a checksum that catches a slip.
//!
//! ```text
//! byte 0      version (high half, 1), number of IPv4 addresses (2 bits), number of IPv6 addresses (2 bits)
//! 1..9        secret
//! 9..13       first bytes of the inviter's id
//! then        each address: 4 or 16 bytes, 2 bytes port
//! last 2      checksum: the first bytes of SHA-512/256 over all before it
//! ```
//!
//! Written in Crockford's base32 (no I, L, O, U), in groups of five. 64 bits of secret: whoever records a first meeting
//! could try secrets at home, but not 2^63 of them in the day that a code lasts, and a code works once.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use commons_core::identity::{hash, purpose, unhex, GatewayId, NetworkId};
use commons_core::topic::LINK_ID_DIGITS;

use crate::host::random;

const VERSION: u8 = 1;
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const SECRET_BYTES: usize = 8;
const ID_BYTES: usize = 4;
const CHECK_BYTES: usize = 2;
/// Addresses of one kind in a code: more would make it too long to type.
const ADDRESSES_MAX: usize = 2;
/// Characters of a code without its dashes, at most.
const LETTERS_MAX: usize = 128;

/// Why a text is no code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// A character that no code has.
    #[error("no code holds \"{0}\"; letters and digits only, without U")]
    Letter(char),
    /// The checksum does not fit.
    #[error("the code has a typing mistake, or a part of it is missing")]
    Mistyped,
    /// A later version.
    #[error("the code was made by a newer commonsd; update this one")]
    Newer,
}

/// What two gateways share before they know each other.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; SECRET_BYTES]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl Secret {
    /// A fresh one.
    pub fn draw() -> std::io::Result<Self> {
        let mut secret = [0; SECRET_BYTES];
        secret.copy_from_slice(&random::seed()?[..SECRET_BYTES]);
        Ok(Self(secret))
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// From 16 hex digits.
    pub fn parse_hex(text: &str) -> Option<Self> {
        if text.len() != 2 * SECRET_BYTES {
            return None;
        }
        unhex(text)?.try_into().ok().map(Self)
    }

    /// The key for the handshake.
    pub fn key(&self, network: &NetworkId) -> [u8; 32] {
        hash(purpose::PAIRING, &[&network.0, &self.0])
    }
}

/// A code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// What the inviter and whoever has the code know.
    pub secret: Secret,
    /// The first bytes of the inviter's id.
    pub inviter: [u8; ID_BYTES],
    /// Where the inviter can be called.
    pub addresses: Vec<SocketAddr>,
}

impl Code {
    /// A code for an invitation. Of each kind of address the first two go in.
    pub fn new(secret: Secret, inviter: &GatewayId, addresses: &[SocketAddr]) -> Self {
        let mut id = [0; ID_BYTES];
        id.copy_from_slice(&inviter.0[..ID_BYTES]);
        let of = |v4: bool| addresses.iter().filter(move |address| address.is_ipv4() == v4).take(ADDRESSES_MAX);
        Self { secret, inviter: id, addresses: of(true).chain(of(false)).copied().collect() }
    }

    /// What its gateway is called by: only the beginning of the id is known.
    pub fn callee(&self) -> String {
        format!("{:0<width$}", self.inviter_hex(), width = LINK_ID_DIGITS)
    }

    /// Whether who was called by that is this gateway.
    pub fn calls(callee: &str, id: &GatewayId) -> bool {
        callee.get(..2 * ID_BYTES).is_some_and(|digits| id.to_string().starts_with(digits))
    }

    /// Whether it is this gateway's.
    pub fn is_of(&self, id: &GatewayId) -> bool {
        id.0.starts_with(&self.inviter)
    }

    /// Hex digits of the inviter's id.
    pub fn inviter_hex(&self) -> String {
        commons_core::identity::hex(&self.inviter)
    }

    fn bytes(&self) -> Vec<u8> {
        let count = |v4: bool| self.addresses.iter().filter(|address| address.is_ipv4() == v4).count() as u8;
        let mut bytes = vec![VERSION << 4 | count(true) << 2 | count(false)];
        bytes.extend(self.secret.0);
        bytes.extend(self.inviter);
        for address in &self.addresses {
            match address.ip() {
                IpAddr::V4(v4) => bytes.extend(v4.octets()),
                IpAddr::V6(v6) => bytes.extend(v6.octets()),
            }
            bytes.extend(address.port().to_be_bytes());
        }
        let check = check(&bytes);
        bytes.extend(check);
        bytes
    }

    /// Reads what somebody typed: any case, dashes and spaces anywhere, O for 0, I and L for 1.
    pub fn parse(typed: &str) -> Result<Self, CodeError> {
        let mut bytes = Vec::new();
        let (mut bits, mut held, mut letters) = (0u32, 0u32, 0);
        for letter in typed.chars() {
            let value = match letter.to_ascii_uppercase() {
                ' ' | '-' | '\u{a0}' | '\u{2010}'..='\u{2014}' | '\t' | '\r' | '\n' => continue,
                'O' => 0,
                'I' | 'L' => 1,
                letter => {
                    ALPHABET.iter().position(|known| char::from(*known) == letter).ok_or(CodeError::Letter(letter))?
                        as u32
                }
            };
            letters += 1;
            if letters > LETTERS_MAX {
                return Err(CodeError::Mistyped);
            }
            held = held << 5 | value;
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                bytes.push((held >> bits) as u8);
                held &= (1 << bits) - 1;
            }
        }
        // What is left pads the last letter.
        if held != 0 || bits >= 5 {
            return Err(CodeError::Mistyped);
        }
        let at = bytes.len().checked_sub(CHECK_BYTES).ok_or(CodeError::Mistyped)?;
        let (body, checked) = bytes.split_at(at);
        if check(body) != checked {
            return Err(CodeError::Mistyped);
        }
        Self::read(body)
    }

    fn read(body: &[u8]) -> Result<Self, CodeError> {
        let mut rest = body;
        let mut take = |count: usize| -> Result<&[u8], CodeError> {
            let (taken, after) = rest.split_at_checked(count).ok_or(CodeError::Mistyped)?;
            rest = after;
            Ok(taken)
        };
        let head = take(1)?[0];
        if head >> 4 != VERSION {
            return Err(CodeError::Newer);
        }
        let array = |bytes: &[u8]| <[u8; 4]>::try_from(bytes).map_err(|_| CodeError::Mistyped);
        let secret = take(SECRET_BYTES)?.try_into().map_err(|_| CodeError::Mistyped)?;
        let inviter = array(take(ID_BYTES)?)?;
        let mut addresses = Vec::new();
        for number in 0..(head >> 2 & 3) + (head & 3) {
            let ip = if number < (head >> 2 & 3) {
                IpAddr::from(array(take(4)?)?)
            } else {
                IpAddr::from(<[u8; 16]>::try_from(take(16)?).map_err(|_| CodeError::Mistyped)?)
            };
            let port = take(2)?;
            addresses.push(SocketAddr::new(ip, u16::from_be_bytes([port[0], port[1]])));
        }
        if !rest.is_empty() {
            return Err(CodeError::Mistyped);
        }
        Ok(Self { secret: Secret(secret), inviter, addresses })
    }
}

fn check(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    let digest = hash(purpose::PAIRING, &[b"code", bytes]);
    [digest[0], digest[1]]
}

/// `12345-67890-ABCDE-...`
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut bits, mut held, mut letters) = (0u32, 0u32, 0);
        let mut put = |value: u32| {
            if letters > 0 && letters % 5 == 0 {
                f.write_str("-")?;
            }
            letters += 1;
            write!(f, "{}", char::from(ALPHABET[value as usize & 31]))
        };
        for byte in self.bytes() {
            held = held << 8 | u32::from(byte);
            bits += 8;
            while bits >= 5 {
                bits -= 5;
                put(held >> bits)?;
                held &= (1 << bits) - 1;
            }
        }
        if bits > 0 {
            put(held << (5 - bits))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(addresses: &[&str]) -> Code {
        let addresses: Vec<SocketAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
        Code::new(Secret(*b"8 bytes!"), &GatewayId([0xab; 32]), &addresses)
    }

    /// A code read out over the fence would lead nowhere, or to another gateway.
    #[test]
    fn what_was_printed_is_read_however_it_is_typed() {
        for addresses in [&[][..], &["192.168.1.20:1883"], &["10.0.0.1:1", "10.0.0.2:2", "[fd00::1]:1883"]] {
            let code = code(addresses);
            let text = code.to_string();
            assert_eq!(Code::parse(&text), Ok(code.clone()));
            let typed = text.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
            assert_eq!(Code::parse(&typed), Ok(code.clone()));
            assert_eq!(Code::parse(&text.replace('1', "i").replace('0', "O").replace('-', "")), Ok(code));
        }
        assert!(code(&["192.168.1.20:1883"]).to_string().len() <= 42);
        assert!(format!("{:?}", code(&[])).contains("***"));
        assert_eq!(code(&["10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"]).addresses.len(), 2);
    }

    /// A slip of the finger would be tried for a day before anybody noticed.
    #[test]
    fn slips_are_noticed() {
        let text = code(&["192.168.1.20:1883"]).to_string();
        for (at, right) in text.char_indices().filter(|(_, c)| *c != '-') {
            for wrong in ALPHABET.iter().map(|letter| char::from(*letter)).filter(|wrong| *wrong != right) {
                let mut typed = text.clone();
                typed.replace_range(at..=at, &wrong.to_string());
                assert!(Code::parse(&typed).is_err(), "{typed}");
            }
            let mut short = text.clone();
            short.remove(at);
            assert!(Code::parse(&short).is_err(), "{short}");
        }
        let plain: Vec<char> = text.replace('-', "").chars().collect();
        for at in 1..plain.len() {
            let mut typed = plain.clone();
            typed.swap(at - 1, at);
            assert!(typed == plain || Code::parse(&typed.iter().collect::<String>()).is_err());
        }
        assert_eq!(Code::parse("hello!"), Err(CodeError::Letter('!')));
        assert_eq!(Code::parse(""), Err(CodeError::Mistyped));
        assert_eq!(Code::parse(&"0".repeat(5_000)), Err(CodeError::Mistyped));
    }

    proptest! {
        /// Anything pasted into the terminal would stop the command with a panic.
        #[test]
        fn any_text_is_judged(text in ".{0,200}") {
            if let Ok(code) = Code::parse(&text) {
                prop_assert_eq!(Code::parse(&code.to_string()), Ok(code));
            }
        }
    }
}
