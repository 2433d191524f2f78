//! What members say for the book: who belongs, who owes whom, and what households decide together.
//!
//! Every record of a member but his first names the one before it ([`Link`]), so each member's records are one chain that
//! anybody can check alone. Amounts are whole numbers in a unit's smallest part. What these records do is in `ledger/`;
//! the tables are in PROTOCOL.md.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::names;
use crate::identity::{GatewayId, MemberId, MemberKey, RecordId};

/// Units of a covenant.
pub const UNITS_MAX: usize = 8;
/// Founders of a covenant; at least 2, of 2 households, or nobody else could ever be vouched for.
pub const FOUNDERS_MAX: usize = 16;
/// Bytes of a pseudonym or a household's tag.
pub const PSEUDONYM_BYTES_MAX: usize = 32;
/// Guardians of a member.
pub const GUARDIANS_MAX: usize = 7;
/// Guardians of a member who has any: of two, one who falls out would be too many.
pub const GUARDIANS_LEAST: usize = 3;
/// Smallest parts of a unit in one payment. With [`crate::ledger::RECORDS_MAX`] no sum of them overflows 63 bits.
pub const AMOUNT_MAX: u64 = 1_000_000_000_000;
/// Bytes of a payment's memo: two signed payments must fit one QR code as a proof.
pub const MEMO_BYTES_MAX: usize = 140;
/// Bytes of one side of a fork proof.
pub const PROOF_PART_BYTES_MAX: usize = 1_024;
/// Grounds of a resumption: guardians, consents or branches.
pub const GROUNDS_MAX: usize = 16;
/// Seconds guardians may be made to wait: 90 days.
pub const RECOVERY_DELAY_S_MAX: u32 = 90 * 86_400;

/// Where a record stands in its member's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Whose.
    pub member: MemberId,
    /// Key epoch: 0 at first, one more after each rekey and each resumption.
    pub epoch: u16,
    /// Place in the chain; the genesis is 0.
    pub seq: u32,
    /// The record before it; after the genesis the member's id.
    pub prev: RecordId,
}

/// How many smallest parts of a unit, 1 to [`AMOUNT_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Amount(pub u64);

impl Amount {
    /// As a signed number; in range for every amount that passed the codec.
    pub fn signed(self) -> i64 {
        self.0.min(AMOUNT_MAX) as i64
    }
}

/// A unit's place in its covenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UnitIndex(pub u8);

/// What is counted, and how deep a member may go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Its name ("hour"), 1 to 16 bytes, unlike the others'.
    pub name: String,
    /// How many smallest parts make one: 60 for hours counted in minutes.
    pub scale: u32,
    /// How far below zero a member with a key of his own may go, in smallest parts.
    pub limit: u64,
}

names!(
    /// Who holds a member's key.
    Custody {
        /// The member.
        Own = "own",
        /// A printed card with a PIN; half the limit.
        Card = "card",
        /// The home gateway; half the limit.
        Hosted = "hosted",
        /// A common fund with one writer; never below zero.
        Pot = "pot",
    }
);

/// What a member says of himself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// What he goes by, 1 to 32 bytes.
    pub pseudonym: String,
    /// His household's tag, 1 to 32 bytes.
    pub household: String,
    /// The gateway that keeps his chain from splitting.
    pub home: GatewayId,
    /// Who can give him a new key: none, or 3 to 7 others.
    pub guardians: Vec<MemberId>,
    /// How many of them it takes: more than half. 0 without guardians.
    pub threshold: u8,
    /// Who holds the key.
    pub custody: Custody,
}

/// One who is there from the beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Founder {
    /// His key in epoch 0.
    pub key: MemberKey,
    /// The rest.
    pub facts: Facts,
}

/// The beginning of a community: its covenant and its founders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// What it calls itself, 1 to 64 bytes.
    pub name: String,
    /// What it counts, 1 to 8.
    pub units: Vec<Unit>,
    /// Percent of the limit that may be paid away from home since home last saw the chain.
    pub roaming_percent: u8,
    /// Households that make a decision, 2 to 16.
    pub quorum: u8,
    /// Seconds a recovery waits for a veto, unless all guardians agree.
    pub recovery_delay_s: u32,
    /// 2 to 16, of 2 households at least. The record is signed by one of them.
    pub founders: Vec<Founder>,
}

/// A newcomer's first record, whose id is the member's id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// The founding record of the community.
    pub covenant: RecordId,
    /// Who he is.
    pub facts: Facts,
}

/// A member's word for a newcomer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vouch {
    /// In the voucher's chain.
    pub link: Link,
    /// For whom.
    pub member: MemberId,
}

/// A newcomer names two vouchers, of two other households; from here on he has a limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enter {
    /// In his own chain.
    pub link: Link,
    /// One vouch.
    pub first: RecordId,
    /// Another.
    pub second: RecordId,
}

/// What a member says of himself has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactsChange {
    /// In his own chain.
    pub link: Link,
    /// All of it as it is from now on.
    pub facts: Facts,
}

/// A new key by word of the old one. Opens the next epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rekey {
    /// The last record of the old epoch.
    pub link: Link,
    /// The new key.
    pub key: MemberKey,
}

/// A guardian's word that this key is the member's now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recover {
    /// In the guardian's chain.
    pub link: Link,
    /// Whose key is lost.
    pub member: MemberId,
    /// The record after which the new key goes on.
    pub base: RecordId,
    /// The new key.
    pub key: MemberKey,
    /// His home from then on.
    pub home: GatewayId,
}

/// The old key is alive. The base of the recovery is no longer the end of the chain, so no gateway takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Veto {
    /// In the chain that was to be recovered.
    pub link: Link,
    /// A guardian's record.
    pub recover: RecordId,
}

/// Why a chain may go on in a new epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grounds {
    /// 0: so many guardians said so.
    Guardians(Vec<RecordId>),
    /// 1: households decided so.
    Decision {
        /// The decision.
        decision: RecordId,
        /// Consents to it.
        consents: Vec<RecordId>,
    },
    /// 2: the branches' last records, `prev` aside; together they are within the limits.
    Branches(Vec<RecordId>),
}

/// The first record of a new key epoch after a lost key or a fork, signed with the key it goes on with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// Its epoch is one more than that of `prev`.
    pub link: Link,
    /// By what right.
    pub grounds: Grounds,
}

/// A member leaves; his positions are not below zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leave {
    /// In his own chain.
    pub link: Link,
}

/// A payment. It counts against the payer's limit at once, and moves balances when it is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pay {
    /// In the payer's chain.
    pub link: Link,
    /// To whom.
    pub to: MemberId,
    /// Of what.
    pub unit: UnitIndex,
    /// How much.
    pub amount: Amount,
    /// The dispute this payment answers, if it gives back what was disputed.
    pub answers: Option<RecordId>,
    /// The need or offer it is for.
    pub item: Option<RecordId>,
    /// At most 140 bytes.
    pub memo: String,
}

/// Something about a payment: accept, decline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnPay {
    /// In the payee's chain.
    pub link: Link,
    /// The payment.
    pub pay: RecordId,
}

/// The payer takes back what was declined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reclaim {
    /// In the payer's chain.
    pub link: Link,
    /// The payee's decline.
    pub decline: RecordId,
}

/// One of the two sides of a payment says that it is not right. Moves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// In the chain of payer or payee.
    pub link: Link,
    /// The payment.
    pub pay: RecordId,
    /// Why, 1 to 500 bytes.
    pub text: String,
}

/// What households can decide about a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// 0: gateways take nothing of this epoch from him but what brings him credit.
    Freeze {
        /// Who.
        member: MemberId,
        /// Until a later epoch is opened.
        epoch: u16,
    },
    /// 1: his chain goes on here, with these positions.
    Unfreeze {
        /// Who.
        member: MemberId,
        /// After which record.
        base: RecordId,
        /// With which key.
        key: MemberKey,
        /// At which home.
        home: GatewayId,
        /// His position in each unit of the covenant, in smallest parts.
        positions: Vec<i64>,
    },
    /// 2: a common fund takes over part of his debt.
    WriteOff {
        /// Who.
        member: MemberId,
        /// The fund.
        pot: MemberId,
        /// Of what.
        unit: UnitIndex,
        /// How much.
        amount: Amount,
    },
}

impl Action {
    /// Whom it is about.
    pub fn member(&self) -> MemberId {
        match self {
            Self::Freeze { member, .. } | Self::Unfreeze { member, .. } | Self::WriteOff { member, .. } => *member,
        }
    }

    /// Whose accounts it is about.
    pub fn sides(&self) -> impl Iterator<Item = MemberId> {
        let pot = match self {
            Self::WriteOff { pot, .. } => Some(*pot),
            _ => None,
        };
        core::iter::once(self.member()).chain(pot)
    }
}

/// A proposal, and its author's household's consent to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decide {
    /// In the proposer's chain.
    pub link: Link,
    /// What.
    pub action: Action,
    /// Why, 1 to 500 bytes.
    pub text: String,
}

/// A member's consent, which counts for his household.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// In his own chain.
    pub link: Link,
    /// To what.
    pub decision: RecordId,
}

/// Two records of one member, key epoch and number. Anybody may carry it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkProof {
    /// One, as a signed submission, at most 1,024 bytes.
    pub first: Vec<u8>,
    /// The other.
    pub second: Vec<u8>,
}

/// A gateway has seen this record and all before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The record.
    pub record: RecordId,
}

/// A gateway's word on where the whole ledger stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// How many records of members count.
    pub records: u64,
    /// The ledger's digest.
    pub digest: [u8; 32],
}
