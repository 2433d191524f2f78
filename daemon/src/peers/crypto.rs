//! What the Noise handshakes compute with: the crates that the core signs and hashes with anyway.
//!
//! `snow` knows the patterns and keeps the states; the primitives are lent to it here, so that no second set of them is
//! built. Only 25519, ChaChaPoly and SHA256 are offered. Source: The Noise Protocol Framework, revision 34, section 12.

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce, Tag};
use curve25519_dalek::MontgomeryPoint;
use sha2::{Digest, Sha256};
use snow::params::{CipherChoice, DHChoice, HashChoice};
use snow::resolvers::CryptoResolver;
use snow::types::{Cipher, Dh, Hash, Random};
use snow::Error;

/// Bytes of the tag of ChaCha20-Poly1305.
const TAG_BYTES: usize = 16;

/// Lends the primitives.
pub struct Primitives;

impl CryptoResolver for Primitives {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Kernel))
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        match choice {
            DHChoice::Curve25519 => Some(Box::<X25519>::default()),
            DHChoice::Curve448 => None,
        }
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        match choice {
            HashChoice::SHA256 => Some(Box::<Sha>::default()),
            _ => None,
        }
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        match choice {
            CipherChoice::ChaChaPoly => Some(Box::<ChaCha>::default()),
            CipherChoice::AESGCM => None,
        }
    }
}

struct Kernel;

impl Random for Kernel {
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), Error> {
        getrandom::fill(dest).map_err(|_| Error::Rng)
    }
}

#[derive(Default)]
struct X25519 {
    secret: [u8; 32],
    public: [u8; 32],
}

impl Dh for X25519 {
    fn name(&self) -> &'static str {
        "25519"
    }

    fn pub_len(&self) -> usize {
        32
    }

    fn priv_len(&self) -> usize {
        32
    }

    fn set(&mut self, secret: &[u8]) {
        self.secret.copy_from_slice(secret);
        self.public = MontgomeryPoint::mul_base_clamped(self.secret).to_bytes();
    }

    fn generate(&mut self, rng: &mut dyn Random) -> Result<(), Error> {
        let mut secret = [0; 32];
        rng.try_fill_bytes(&mut secret)?;
        self.set(&secret);
        Ok(())
    }

    fn pubkey(&self) -> &[u8] {
        &self.public
    }

    fn privkey(&self) -> &[u8] {
        &self.secret
    }

    fn dh(&self, public: &[u8], out: &mut [u8]) -> Result<(), Error> {
        let point: [u8; 32] = public.get(..32).and_then(|bytes| bytes.try_into().ok()).ok_or(Error::Dh)?;
        let shared = MontgomeryPoint(point).mul_clamped(self.secret).to_bytes();
        // Zero comes of a key that everybody knows the secret of (RFC 7748, 6.1).
        if shared == [0; 32] {
            return Err(Error::Dh);
        }
        out.get_mut(..32).ok_or(Error::Dh)?.copy_from_slice(&shared);
        Ok(())
    }
}

#[derive(Default)]
struct Sha(Sha256);

impl Hash for Sha {
    fn name(&self) -> &'static str {
        "SHA256"
    }

    fn block_len(&self) -> usize {
        64
    }

    fn hash_len(&self) -> usize {
        32
    }

    fn reset(&mut self) {
        self.0 = Sha256::default();
    }

    fn input(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn result(&mut self, out: &mut [u8]) {
        out[..32].copy_from_slice(&self.0.finalize_reset());
    }
}

#[derive(Default)]
struct ChaCha([u8; 32]);

impl ChaCha {
    /// Noise, 12.3: 32 zero bits, then the number in little-endian order.
    fn nonce(number: u64) -> Nonce {
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&number.to_le_bytes());
        nonce.into()
    }
}

impl Cipher for ChaCha {
    fn name(&self) -> &'static str {
        "ChaChaPoly"
    }

    fn set(&mut self, key: &[u8; 32]) {
        self.0 = *key;
    }

    fn encrypt(&self, nonce: u64, authtext: &[u8], plaintext: &[u8], out: &mut [u8]) -> usize {
        let length = plaintext.len();
        let (text, rest) = out.split_at_mut(length);
        text.copy_from_slice(plaintext);
        let tag = ChaCha20Poly1305::new(&self.0.into())
            .encrypt_inout_detached(&Self::nonce(nonce), authtext, text.into())
            .expect("a Noise message is far below ChaCha20's limit");
        rest[..TAG_BYTES].copy_from_slice(&tag);
        length + TAG_BYTES
    }

    fn decrypt(&self, nonce: u64, authtext: &[u8], ciphertext: &[u8], out: &mut [u8]) -> Result<usize, Error> {
        let length = ciphertext.len().checked_sub(TAG_BYTES).ok_or(Error::Decrypt)?;
        let (text, tag) = ciphertext.split_at(length);
        let tag: [u8; TAG_BYTES] = tag.try_into().map_err(|_| Error::Decrypt)?;
        let out = out.get_mut(..length).ok_or(Error::Input)?;
        out.copy_from_slice(text);
        ChaCha20Poly1305::new(&self.0.into())
            .decrypt_inout_detached(&Self::nonce(nonce), authtext, out.into(), &Tag::from(tag))
            .map_err(|_| Error::Decrypt)?;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use commons_core::identity::{hex, unhex};

    fn bytes(text: &str) -> Vec<u8> {
        unhex(text).unwrap()
    }

    /// Two builds of the daemon could not talk, or would talk less secretly than they think.
    #[test]
    fn the_primitives_are_those_of_the_books() {
        // RFC 7748, 6.1.
        let mut alice = X25519::default();
        alice.set(&bytes("77076d0a7318a57d3c16c17251b26645df4c2f92ebc099ac8bb1b6a6ad7a2a3f"[..64].as_ref()));
        let mut bob = X25519::default();
        bob.set(&bytes("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
        assert_eq!(hex(bob.pubkey()), "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
        let (mut one, mut other) = ([0; 32], [0; 32]);
        alice.dh(bob.pubkey(), &mut one).unwrap();
        bob.dh(alice.pubkey(), &mut other).unwrap();
        assert_eq!(one, other);
        // RFC 8439, 2.8.2, but for its nonce, whose first word is not zero: Noise cannot make it.
        let mut cipher = ChaCha::default();
        cipher.set(&[7; 32]);
        let mut sealed = [0; 21];
        assert_eq!(cipher.encrypt(3, b"over", b"hello", &mut sealed), 21);
        let mut opened = [0; 5];
        assert_eq!(cipher.decrypt(3, b"over", &sealed, &mut opened), Ok(5));
        assert_eq!(&opened, b"hello");
        assert_eq!(cipher.decrypt(4, b"over", &sealed, &mut opened), Err(Error::Decrypt));
        assert_eq!(cipher.decrypt(3, b"under", &sealed, &mut opened), Err(Error::Decrypt));
        // FIPS 180-4, "abc".
        let (mut sha, mut digest) = (Sha::default(), [0; 32]);
        sha.input(b"abc");
        sha.result(&mut digest);
        assert_eq!(hex(&digest), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    /// Whoever sends a point of small order would know the key.
    #[test]
    fn a_key_without_a_secret_is_refused() {
        let mut keys = X25519::default();
        keys.set(&[9; 32]);
        let mut out = [0; 32];
        assert_eq!(keys.dh(&[0; 32], &mut out), Err(Error::Dh));
    }
}
