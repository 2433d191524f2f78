//! A contact that only one phone can open: sealed to the X25519 key that a claim names.
//!
//! X25519 (RFC 7748) with a key used once, then ChaCha20-Poly1305 (RFC 8439). The item and the claim go into the key, so that
//! what was sealed for one helper opens nothing for another claim. This module draws no randomness: the key used once is an
//! argument, and must never be used for two contacts.

use alloc::string::String;
use alloc::vec::Vec;

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::ChaCha20Poly1305;
use curve25519_dalek::MontgomeryPoint;

use crate::identity::{hash, purpose, RecordId};

/// Bytes before the ciphertext: the public half of the key used once.
const SHOWN_BYTES: usize = 32;
/// The key is used once, so the nonce may be the same each time.
const NONCE: [u8; 12] = [0; 12];

/// The public half of a phone's sealing key, made of the seed of its Ed25519 key.
pub fn sealing_key(seed: &[u8; 32]) -> [u8; 32] {
    MontgomeryPoint::mul_base_clamped(secret(seed)).to_bytes()
}

/// Seals a contact to a sealing key for one claim on one item; both zero: to oneself, in one's own need. None if everybody
/// knows the secret of that key.
pub fn seal(contact: &str, to: &[u8; 32], item: &RecordId, claim: &RecordId, once: [u8; 32]) -> Option<Vec<u8>> {
    let shared = agree(once, to)?;
    let shown = MontgomeryPoint::mul_base_clamped(once).to_bytes();
    let cipher = cipher(&shared, &shown, to, item, claim);
    let mut sealed = shown.to_vec();
    sealed.extend(cipher.encrypt(&NONCE.into(), contact.as_bytes()).ok()?);
    Some(sealed)
}

/// Opens it; none if it is for another seed, item or claim, or was tampered with.
pub fn unseal(sealed: &[u8], seed: &[u8; 32], item: &RecordId, claim: &RecordId) -> Option<String> {
    let (shown, text) = sealed.split_at_checked(SHOWN_BYTES)?;
    let shown = <[u8; 32]>::try_from(shown).ok()?;
    let shared = agree(secret(seed), &shown)?;
    let cipher = cipher(&shared, &shown, &sealing_key(seed), item, claim);
    String::from_utf8(cipher.decrypt(&NONCE.into(), text).ok()?).ok()
}

fn secret(seed: &[u8; 32]) -> [u8; 32] {
    hash(purpose::CONTACT_KEY, &[seed])
}

fn agree(secret: [u8; 32], key: &[u8; 32]) -> Option<[u8; 32]> {
    let shared = MontgomeryPoint(*key).mul_clamped(secret).to_bytes();
    (shared != [0; 32]).then_some(shared)
}

fn cipher(shared: &[u8; 32], shown: &[u8; 32], to: &[u8; 32], item: &RecordId, claim: &RecordId) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&hash(purpose::CONTACT, &[shared, shown, to, &item.0, &claim.0]).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A neighbour's telephone number could be read by whoever else answered, or be passed on under another claim.
    #[test]
    fn a_sealed_contact_opens_for_one_seed_and_one_claim() {
        let (helper, other) = ([5; 32], [6; 32]);
        let (item, claim) = (RecordId([1; 32]), RecordId([2; 32]));
        let mut sealed = seal("555 0100", &sealing_key(&helper), &item, &claim, [9; 32]).unwrap();
        assert_eq!(unseal(&sealed, &helper, &item, &claim).as_deref(), Some("555 0100"));
        assert_eq!(unseal(&sealed, &other, &item, &claim), None);
        assert_eq!(unseal(&sealed, &helper, &item, &RecordId([3; 32])), None);
        assert_eq!(unseal(&sealed, &helper, &claim, &claim), None);
        assert_eq!(unseal(&sealed[..40], &helper, &item, &claim), None);
        assert_eq!(unseal(&[], &helper, &item, &claim), None);
        sealed[33] ^= 1;
        assert_eq!(unseal(&sealed, &helper, &item, &claim), None);
        // Everybody knows the secret of these.
        assert_eq!(seal("555 0100", &[0; 32], &item, &claim, [9; 32]), None);
    }
}
