//! Keys, ids, hashes and signatures, each bound to a purpose and to one network.
//!
//! One hash everywhere: SHA-512/256 (FIPS 180-4), because Ed25519 (RFC 8032) brings SHA-512 to every phone anyway.
//! Every hash and every signature starts with a purpose string and the network id, so that bytes signed for one
//! purpose or one network are worthless in another. This module never draws randomness: seeds are arguments.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use ed25519_dalek::{Signature as DalekSignature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha512_256};

/// Purposes for domain separation. Frozen: a changed string is a new protocol.
pub mod purpose {
    /// The network id, from the network's name.
    pub const NETWORK: &str = "commons/1/network";
    /// A record's id.
    pub const RECORD: &str = "commons/1/record";
    /// What a member signs.
    pub const MEMBER_SIGNATURE: &str = "commons/1/member-signature";
    /// The root over a batch's record ids.
    pub const ROOT: &str = "commons/1/root";
    /// A batch's hash, which the gateway signs and the next batch names as `prev`.
    pub const BATCH: &str = "commons/1/batch";
    /// What stands for `prev` in the first batch of a log.
    pub const GENESIS: &str = "commons/1/genesis";
    /// The digest over the heads of one lane.
    pub const HEADS: &str = "commons/1/heads";
    /// The digest over what is known of a forked log's branches.
    pub const FORK: &str = "commons/1/fork";
    /// A founder's member id.
    pub const FOUNDER: &str = "commons/1/founder";
    /// The digest of a ledger.
    pub const LEDGER: &str = "commons/1/ledger";
    /// A guest's code word.
    pub const CODE_WORD: &str = "commons/1/code-word";
    /// A sender's pseudonymous mark.
    pub const MARK: &str = "commons/1/mark";
    /// The key and nonce that seal a guest's contact at his gateway.
    pub const SEAL: &str = "commons/1/seal";
    /// What seals a contact to one phone.
    pub const CONTACT: &str = "commons/1/contact";
    /// The secret half of a phone's sealing key, from its seed.
    pub const CONTACT_KEY: &str = "commons/1/contact-key";
    /// The gateway's local secret, derived from its seed.
    pub const SECRET: &str = "commons/1/local-secret";
    /// What a gateway announces of itself on its local network.
    pub const BEACON: &str = "commons/1/beacon";
    /// What two gateways sign when they are paired.
    pub const PAIRING: &str = "commons/1/pairing";
    /// A bundle on a stick.
    pub const BUNDLE: &str = "commons/1/bundle";
    /// What a gateway says that it has, on a stick.
    pub const RECEIPT: &str = "commons/1/receipt";
    /// What a member signs to read his own account at a gateway.
    pub const PASS: &str = "commons/1/pass";
    /// What a keeper's phone signs to open a gateway's page.
    pub const KEEPER: &str = "commons/1/keeper";
}

macro_rules! id32 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// The 32 bytes.
            pub fn bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// The first 8 hex digits: enough for a log line, never for a lookup.
            pub fn short(&self) -> String {
                let mut text = hex(&self.0[..4]);
                text.shrink_to_fit();
                text
            }

            /// Parses 64 hex digits, upper or lower case.
            pub fn parse(text: &str) -> Option<Self> {
                if text.len() != 64 {
                    return None;
                }
                unhex(text)?.try_into().ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({}..)"), self.short())
            }
        }
    };
}

id32!(
    /// A neighbourhood's network: the hash of its name. Records of one network mean nothing in another.
    NetworkId
);
id32!(
    /// A gateway's Ed25519 public key.
    GatewayId
);
id32!(
    /// A member's (or a phone's) Ed25519 public key.
    MemberKey
);
id32!(
    /// A record's id: the hash of who said it and its bytes.
    RecordId
);
id32!(
    /// A member: the id of the record he joined with, or made of the founding record's. Keys change, this does not.
    MemberId
);
id32!(
    /// A batch's hash: what its gateway signed and what the next batch of the log builds on.
    BatchHash
);

impl MemberId {
    /// The founder in this place of a founding record.
    pub fn of_founder(found: &RecordId, place: u8) -> Self {
        Self(hash(purpose::FOUNDER, &[&found.0, &[place]]))
    }

    /// Who began with this record; also what stands for `prev` in the record after it.
    pub fn genesis(self) -> RecordId {
        RecordId(self.0)
    }
}

/// An Ed25519 signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({}..)", hex(&self.0[..4]))
    }
}

/// Lower-case hex digits of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)] as char);
        text.push(DIGITS[usize::from(byte & 15)] as char);
    }
    text
}

/// The reverse, of digits in either case; none if it is anything else.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

/// SHA-512/256 over the purpose, a zero byte, and the parts one after another.
///
/// Parts are of fixed length or carry their own length; callers must not let two different splits meet.
pub fn hash(purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha512_256::new();
    hasher.update(purpose.as_bytes());
    hasher.update([0]);
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

impl NetworkId {
    /// The id of the network called `name` (1 to 64 bytes; the caller has checked).
    pub fn of(name: &str) -> Self {
        Self(hash(purpose::NETWORK, &[name.as_bytes()]))
    }
}

/// A gateway's keys: what it signs with, and the secret behind code words, marks and seals.
///
/// Made from one 32-byte seed, which the caller draws once and keeps.
pub struct GatewayKeys {
    signing: SigningKey,
    secret: [u8; 32],
}

impl GatewayKeys {
    /// Keys from a seed of 32 random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self { signing: SigningKey::from_bytes(seed), secret: hash(purpose::SECRET, &[seed]) }
    }

    /// The public half.
    pub fn id(&self) -> GatewayId {
        GatewayId(self.signing.verifying_key().to_bytes())
    }

    /// Signs a batch hash. The hash already carries purpose and network.
    pub fn sign_batch(&self, hash: &BatchHash) -> Signature {
        Signature(self.signing.sign(&hash.0).to_bytes())
    }

    /// Signs parts for a purpose in a network.
    pub fn sign(&self, purpose: &str, network: &NetworkId, parts: &[&[u8]]) -> Signature {
        Signature(self.signing.sign(&said(purpose, network, &self.id(), parts)).to_bytes())
    }

    /// The private half of the X25519 key for links (RFC 7748), which is the Ed25519 key's own scalar.
    pub fn exchange_secret(&self) -> [u8; 32] {
        self.signing.to_scalar_bytes()
    }

    /// A keyed hash that only this gateway can make.
    pub fn keyed(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        // SHA-512/256 is a wide-pipe hash: a keyed prefix is a sound MAC (no length extension).
        let mut hasher = Sha512_256::new();
        hasher.update(purpose.as_bytes());
        hasher.update([0]);
        hasher.update(self.secret);
        for part in parts {
            hasher.update(part);
        }
        hasher.finalize().into()
    }
}

impl fmt::Debug for GatewayKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GatewayKeys({})", self.id().short())
    }
}

impl GatewayId {
    /// The public half of the X25519 key for links (RFC 7748, the birational map). None: the id is no point of the curve,
    /// or one of those that everybody knows the secret of.
    pub fn exchange_key(&self) -> Option<[u8; 32]> {
        let key = VerifyingKey::from_bytes(&self.0).ok()?;
        (!key.is_weak()).then(|| key.to_montgomery().to_bytes())
    }
}

/// Keys of a member, for tools and tests; a phone holds its own.
pub struct MemberKeys(SigningKey);

impl MemberKeys {
    /// Keys from a seed of 32 random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public half.
    pub fn key(&self) -> MemberKey {
        MemberKey(self.0.verifying_key().to_bytes())
    }

    /// Signs the bytes of a record for one network.
    pub fn sign(&self, network: &NetworkId, record: &[u8]) -> Signature {
        let digest = member_digest(network, &self.key(), record);
        Signature(self.0.sign(&digest).to_bytes())
    }

    /// Signs a gateway's question to a member.
    pub fn sign_for_pass(
        &self,
        network: &NetworkId,
        gateway: &GatewayId,
        who: &MemberId,
        asked: &[u8; 32],
    ) -> Signature {
        let digest = pass_digest(network, gateway, &self.key(), who, asked);
        Signature(self.0.sign(&digest).to_bytes())
    }

    /// Signs a gateway's challenge, as its keeper.
    pub fn sign_as_keeper(&self, network: &NetworkId, gateway: &GatewayId, challenge: &[u8; 32]) -> Signature {
        let digest = keeper_digest(network, gateway, &self.key(), challenge);
        Signature(self.0.sign(&digest).to_bytes())
    }
}

/// What a member signs to be known at one gateway of one network, for one question.
fn pass_digest(
    network: &NetworkId,
    gateway: &GatewayId,
    key: &MemberKey,
    who: &MemberId,
    asked: &[u8; 32],
) -> [u8; 32] {
    hash(purpose::PASS, &[&network.0, &gateway.0, &key.0, &who.0, asked])
}

/// Whether `signature` is a member's over a gateway's question to him (RFC 8032, strict).
pub fn pass_signed(
    network: &NetworkId,
    gateway: &GatewayId,
    key: &MemberKey,
    who: &MemberId,
    asked: &[u8; 32],
    signature: &Signature,
) -> bool {
    verify(&key.0, &pass_digest(network, gateway, key, who, asked), signature)
}

/// What a keeper signs: for one gateway of one network, and for one question.
fn keeper_digest(network: &NetworkId, gateway: &GatewayId, keeper: &MemberKey, challenge: &[u8; 32]) -> [u8; 32] {
    hash(purpose::KEEPER, &[&network.0, &gateway.0, &keeper.0, challenge])
}

/// Whether `signature` is `keeper`'s over a gateway's challenge (RFC 8032, strict).
pub fn keeper_signed(
    network: &NetworkId,
    gateway: &GatewayId,
    keeper: &MemberKey,
    challenge: &[u8; 32],
    signature: &Signature,
) -> bool {
    verify(&keeper.0, &keeper_digest(network, gateway, keeper, challenge), signature)
}

fn member_digest(network: &NetworkId, author: &MemberKey, record: &[u8]) -> [u8; 32] {
    hash(purpose::MEMBER_SIGNATURE, &[&network.0, &author.0, record])
}

/// Whether `signature` is `author`'s over `record` in `network` (RFC 8032, strict: no small-order keys, no malleability).
pub fn member_signed(network: &NetworkId, author: &MemberKey, record: &[u8], signature: &Signature) -> bool {
    verify(&author.0, &member_digest(network, author, record), signature)
}

/// Whether `signature` is `gateway`'s over the batch hash (strict, as above).
pub fn gateway_signed(gateway: &GatewayId, hash: &BatchHash, signature: &Signature) -> bool {
    verify(&gateway.0, &hash.0, signature)
}

fn said(purpose: &str, network: &NetworkId, gateway: &GatewayId, parts: &[&[u8]]) -> [u8; 32] {
    // Each part with its length, so that two splits of the same bytes never meet.
    let lengths: alloc::vec::Vec<[u8; 8]> = parts.iter().map(|part| (part.len() as u64).to_be_bytes()).collect();
    let mut all: alloc::vec::Vec<&[u8]> = alloc::vec![&network.0, &gateway.0];
    for (length, part) in lengths.iter().zip(parts) {
        all.push(length);
        all.push(part);
    }
    hash(purpose, &all)
}

/// Whether `signature` is `gateway`'s over these parts for this purpose in this network (strict, as above).
pub fn gateway_said(
    gateway: &GatewayId,
    purpose: &str,
    network: &NetworkId,
    parts: &[&[u8]],
    signature: &Signature,
) -> bool {
    verify(&gateway.0, &said(purpose, network, gateway, parts), signature)
}

fn verify(key: &[u8; 32], message: &[u8], signature: &Signature) -> bool {
    match VerifyingKey::from_bytes(key) {
        Ok(key) => key.verify_strict(message, &DalekSignature::from_bytes(&signature.0)).is_ok(),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A neighbour's post could be replayed in another network if signatures were not bound to it.
    #[test]
    fn a_signature_counts_in_one_network_and_for_one_author() {
        let keys = MemberKeys::from_seed(&[7; 32]);
        let other = MemberKeys::from_seed(&[8; 32]);
        let here = NetworkId::of("maple");
        let there = NetworkId::of("oak");
        let signature = keys.sign(&here, b"record");
        assert!(member_signed(&here, &keys.key(), b"record", &signature));
        assert!(!member_signed(&there, &keys.key(), b"record", &signature));
        assert!(!member_signed(&here, &other.key(), b"record", &signature));
        assert!(!member_signed(&here, &keys.key(), b"recorD", &signature));
    }

    /// What a gateway announced could be moved to another purpose or network, or cut at another place.
    #[test]
    fn a_gateways_word_counts_for_one_purpose() {
        let keys = GatewayKeys::from_seed(&[7; 32]);
        let (here, there) = (NetworkId::of("maple"), NetworkId::of("oak"));
        let signature = keys.sign(purpose::BEACON, &here, &[b"ab", b"c"]);
        let holds = |purpose, network, parts: &[&[u8]]| gateway_said(&keys.id(), purpose, network, parts, &signature);
        assert!(holds(purpose::BEACON, &here, &[b"ab", b"c"]));
        assert!(!holds(purpose::BEACON, &here, &[b"a", b"bc"]));
        assert!(!holds(purpose::PAIRING, &here, &[b"ab", b"c"]));
        assert!(!holds(purpose::BEACON, &there, &[b"ab", b"c"]));
    }

    /// A link would be open to anybody if a made-up id gave a key whose secret is known.
    #[test]
    fn weak_ids_give_no_link_key() {
        assert!(GatewayKeys::from_seed(&[7; 32]).id().exchange_key().is_some());
        // The neutral point, and one that is none.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        assert_eq!(GatewayId(neutral).exchange_key(), None);
        assert_eq!(GatewayId([2; 32]).exchange_key(), None);
        assert_eq!(GatewayId([0; 32]).exchange_key(), None);
    }

    /// An id that does not survive a round trip through a URL loses the neighbour's item.
    #[test]
    fn ids_round_trip_through_hex() {
        let id = RecordId(hash(purpose::RECORD, &[b"x"]));
        assert_eq!(RecordId::parse(&alloc::format!("{id}")), Some(id));
        assert_eq!(RecordId::parse("xyz"), None);
        assert_eq!(RecordId::parse(&"é".repeat(32)), None);
    }
}
