//! A member's seed under his PIN, as it lies in a file or on a card.
//!
//! A PIN is short: whoever has what is sealed could try all of them at home. So a secret of this gateway's goes into the stretching
//! too, and a card that somebody found is worth nothing without the gateway that printed it. The secret lies in `hosted/secret`, mode
//! 0600, and goes along in a backup. If both are gone, a card opens nowhere any more; guardians, or households by a decision, give its
//! owner another key, and what he has and owes stays.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::ChaCha20Poly1305;
use commons_core::identity::{hex, unhex, MemberKey};
use serde::{Deserialize, Serialize};

use super::HostedError;
use crate::control::text::digits_to_bytes;
use crate::host::private::write_private;
use crate::host::random;

/// What a card's letters begin with.
pub const CARD: &str = "CARD:2:";
/// Cards printed before the gateway's secret went in.
const CARD_BEFORE: &str = "CARD:1:";
/// The file of the secret in the folder.
const SECRET: &str = "secret";
/// Memory of one opening, in KiB, and passes over it: as for the keeper's password.
const MEMORY_KIB: u32 = 9 * 1024;
const PASSES: u32 = 4;
/// The seal is used once with each salt, so the nonce may be the same each time.
const NONCE: [u8; 12] = [0; 12];

/// A sealed seed. Version 1 is under the PIN alone, version 2 under the PIN and the gateway's secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sealed {
    v: u8,
    salt: String,
    sealed: String,
    key: String,
}

impl Sealed {
    /// Whose.
    pub fn key(&self) -> Option<MemberKey> {
        MemberKey::parse(&self.key)
    }

    /// Whether it opens only where it was sealed.
    pub fn needs_secret(&self) -> bool {
        self.v != 1
    }

    /// Seals a seed. Takes its tenth of a second and 9 MiB on purpose: call it where blocking is allowed, one at a time.
    pub fn close(seed: &[u8; 32], key: MemberKey, pin: &str, secret: &[u8; 32]) -> Result<Self, HostedError> {
        let mut salt = [0; 16];
        salt.copy_from_slice(&random::seed()?[..16]);
        let cipher = stretched(pin, &salt, secret).ok_or(HostedError::Damaged)?;
        let sealed = cipher.encrypt(&NONCE.into(), Payload { msg: seed, aad: &key.0 });
        let sealed = sealed.map_err(|_| HostedError::Damaged)?;
        Ok(Self { v: 2, salt: hex(&salt), sealed: hex(&sealed), key: key.to_string() })
    }

    /// The seed, if the PIN is right. Blocks as [`Sealed::close`].
    pub fn open(&self, pin: &str, secret: &[u8; 32]) -> Result<[u8; 32], HostedError> {
        let secret: &[u8] = match self.v {
            1 => &[],
            2 => secret,
            _ => return Err(HostedError::Damaged),
        };
        let (Some(key), Some(salt), Some(text)) = (self.key(), digits_to_bytes::<16>(&self.salt), unhex(&self.sealed))
        else {
            return Err(HostedError::Damaged);
        };
        let cipher = stretched(pin, &salt, secret).ok_or(HostedError::Damaged)?;
        let seed = cipher.decrypt(&NONCE.into(), Payload { msg: &text, aad: &key.0 });
        seed.ok().and_then(|seed| seed.try_into().ok()).ok_or(HostedError::WrongPin)
    }

    /// A card's letters, capitals and digits, which QR codes hold most of: salt (16), key (32), sealed seed (48), as hex digits.
    pub fn letters(&self) -> String {
        let mark = if self.v == 1 { CARD_BEFORE } else { CARD };
        format!("{mark}{}{}{}", self.salt, self.key, self.sealed).to_uppercase()
    }

    /// Reads a card's letters.
    pub fn on_card(letters: &str) -> Result<Self, HostedError> {
        let text: String = letters.split_whitespace().collect::<String>().to_uppercase();
        let marked = [(1, CARD_BEFORE), (2, CARD)].into_iter();
        let mut read = marked.filter_map(|(v, mark)| Some((v, text.strip_prefix(mark)?.to_lowercase())));
        let (v, digits) = read.next().ok_or(HostedError::NotACard)?;
        let bytes: [u8; 96] = digits_to_bytes(&digits).ok_or(HostedError::NotACard)?;
        Ok(Self { v, salt: hex(&bytes[..16]), key: hex(&bytes[16..48]), sealed: hex(&bytes[48..]) })
    }
}

/// Whether these are a card's letters, as far as a cookie may hold them.
pub fn is_card(letters: &str) -> bool {
    letters.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b':') && Sealed::on_card(letters).is_ok()
}

fn stretched(pin: &str, salt: &[u8; 16], secret: &[u8]) -> Option<ChaCha20Poly1305> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).ok()?;
    let (kind, version) = (Algorithm::Argon2id, Version::V0x13);
    let argon = match secret.is_empty() {
        true => Argon2::new(kind, version, params),
        false => Argon2::new_with_secret(secret, kind, version, params).ok()?,
    };
    let mut key = [0; 32];
    argon.hash_password_into(pin.trim().as_bytes(), salt, &mut key).ok()?;
    Some(ChaCha20Poly1305::new(&key.into()))
}

/// The gateway's secret: drawn when the first account or card is made.
pub(super) struct Secret {
    folder: PathBuf,
    known: OnceLock<[u8; 32]>,
}

impl Secret {
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), known: OnceLock::new() }
    }

    /// Read, or drawn. Blocks.
    pub fn get(&self) -> Result<[u8; 32], HostedError> {
        if let Some(known) = self.known.get() {
            return Ok(*known);
        }
        let secret = match read(&self.folder)? {
            Some(secret) => secret,
            None => {
                let secret = random::seed()?;
                keep(&self.folder, &secret)?;
                secret
            }
        };
        Ok(*self.known.get_or_init(|| secret))
    }
}

/// The secret of a folder, if there is one.
pub(super) fn read(folder: &Path) -> Result<Option<[u8; 32]>, HostedError> {
    match std::fs::read_to_string(folder.join(SECRET)) {
        // Never drawn anew over one that cannot be read: every card would be worth nothing.
        Ok(text) => Ok(Some(digits_to_bytes(text.trim()).ok_or(HostedError::Damaged)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(HostedError::Storage(error)),
    }
}

/// Writes it, durably.
pub(super) fn keep(folder: &Path, secret: &[u8; 32]) -> Result<(), HostedError> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    Ok(write_private(&folder.join(SECRET), hex(secret).as_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: MemberKey = MemberKey([9; 32]);

    /// Whoever finds a card would try all PINs at home, or at another gateway of his own.
    #[test]
    fn what_is_sealed_opens_with_the_pin_and_this_gateways_secret_only() {
        let (seed, secret) = ([3; 32], [4; 32]);
        let sealed = Sealed::close(&seed, KEY, " 481516 ", &secret).unwrap();
        assert_eq!(sealed.open("481516", &secret).unwrap(), seed);
        assert!(matches!(sealed.open("481517", &secret), Err(HostedError::WrongPin)));
        assert!(matches!(sealed.open("481516", &[5; 32]), Err(HostedError::WrongPin)));
        let card = Sealed::on_card(&sealed.letters()).unwrap();
        assert_eq!(card, sealed);
        let before = Sealed { v: 1, ..sealed };
        assert!(matches!(before.open("481516", &secret), Err(HostedError::WrongPin)), "not by the PIN alone");
    }

    /// A card printed before would be worth nothing after an update.
    #[test]
    fn a_card_of_version_1_opens_with_its_pin_alone() {
        let (seed, salt) = ([3; 32], [6; 16]);
        let sealed =
            stretched("481516", &salt, &[]).unwrap().encrypt(&NONCE.into(), Payload { msg: &seed, aad: &KEY.0 });
        let letters = format!("card:1:{}{KEY}{}", hex(&salt), hex(&sealed.unwrap()));
        assert!(is_card(&letters) && !is_card(&letters[..letters.len() - 1]) && !is_card(&letters.replace('1', "3")));
        let card = Sealed::on_card(&letters).unwrap();
        assert_eq!(card.open("481516", &[8; 32]).unwrap(), seed);
        assert_eq!(card.letters(), letters.to_uppercase());
    }

    /// A secret drawn anew at each start, or over one that a bad disk garbled, would leave every card worthless.
    #[test]
    fn the_secret_stays() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("hosted");
        let secret = Secret::new(&folder).get().unwrap();
        assert_eq!(Secret::new(&folder).get().unwrap(), secret);
        std::fs::write(folder.join(SECRET), "not it").unwrap();
        assert!(matches!(Secret::new(&folder).get(), Err(HostedError::Damaged)));
    }
}
