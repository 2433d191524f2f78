//! Why the ledger does not take a record: one cause each, with the field and the limit it speaks of.

use alloc::string::String;

use thiserror::Error;

/// A cause. Shown to senders as a [`crate::admission::Rejection`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// A record it names is not here, or is none that counts.
    #[error("the record that \"{field}\" names is not here, or does not count")]
    UnknownRecord {
        /// Which field.
        field: &'static str,
    },
    /// A record it names is of another kind or speaks of something else.
    #[error("\"{field}\" must name {expected}")]
    WrongRecord {
        /// Which field.
        field: &'static str,
        /// What it must name.
        expected: &'static str,
    },
    /// Not the next of its chain.
    #[error("this is not the next record of its chain: number {seq} comes after {head}; ask for your own head first")]
    NotNext {
        /// The number that is due.
        seq: u32,
        /// The first digits of the chain's last record.
        head: String,
    },
    /// Another key epoch than the chain is in.
    #[error("the chain is in key epoch {limit}")]
    WrongEpoch {
        /// The epoch that is due.
        limit: u16,
    },
    /// Not signed with the member's key.
    #[error("this is not the member's key in this epoch")]
    WrongKey,
    /// There is a community here already.
    #[error("this network has its founding record already")]
    AlreadyFounded,
    /// A key that has a member.
    #[error("this key has a member already")]
    AlreadyMember,
    /// The signer of a founding record is not among its founders.
    #[error("a founding record is signed by one of its founders")]
    NotAFounder,
    /// Only full members may do this.
    #[error("only members who were vouched for may do this")]
    NotEntered,
    /// Vouching twice, or for whom needs none.
    #[error("this member has entered already")]
    AlreadyEntered,
    /// Two vouchers, and the newcomer, are of three households.
    #[error("vouchers must be of two households, both other than the newcomer's")]
    SameHousehold,
    /// The member left.
    #[error("this member has left")]
    HasLeft,
    /// Leaving with debts.
    #[error("a position is below zero; settle it first")]
    InDebt,
    /// A payment to oneself.
    #[error("one cannot pay oneself")]
    ToSelf,
    /// Members of two communities.
    #[error("the other member belongs to another community")]
    OtherCommunity,
    /// A unit that the covenant does not have.
    #[error("the covenant has {limit} units")]
    UnknownUnit {
        /// How many it has.
        limit: u64,
    },
    /// More than the limit allows.
    #[error("this is more than the limit allows: {limit} are left")]
    OverLimit {
        /// What may still be paid.
        limit: u64,
    },
    /// More than may be paid away from home.
    #[error("this is more than may be paid away from home: {limit} are left until {home} has seen the chain")]
    OverRoaming {
        /// What may still be paid here.
        limit: u64,
        /// First digits of the home gateway.
        home: String,
    },
    /// Only the home gateway takes this.
    #[error("only the member's home gateway, {home}, takes this")]
    AtHomeOnly {
        /// First digits of the home gateway.
        home: String,
    },
    /// Not a payment to the one who answers it, or not his own to take back.
    #[error("this payment is between others")]
    NotYourPay,
    /// Accepted, declined or reclaimed before.
    #[error("this payment was {how} before")]
    AlreadyResolved {
        /// What happened.
        how: &'static str,
    },
    /// The chain is split or was frozen by a decision.
    #[error("this member is frozen: only what brings him credit is taken")]
    Frozen,
    /// Too few, or the same ones twice.
    #[error("{found} of the {limit} it takes agree")]
    TooFew {
        /// Who do.
        found: u64,
        /// Who must.
        limit: u64,
    },
    /// A recovery before its delay is over.
    #[error("the old key may still object; try again in {retry_s} seconds")]
    TooEarly {
        /// When to try again.
        retry_s: u64,
    },
    /// Not two records of one member, epoch and number by one key.
    #[error("this proves no fork: {detail}")]
    NotAProof {
        /// Why.
        detail: &'static str,
    },
    /// Only gateways say this.
    #[error("only a gateway says this")]
    GatewaysOnly,
    /// A ledger record without its author's key.
    #[error("only a member says this, with his signature")]
    MembersOnly,
    /// More of something than is kept.
    #[error("the ledger holds {limit} {what}, which is the most it takes")]
    Full {
        /// Of what.
        what: &'static str,
        /// How many.
        limit: u64,
    },
}

impl Refusal {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownRecord { .. } => "unknown_record",
            Self::WrongRecord { .. } => "wrong_record",
            Self::NotNext { .. } => "not_next",
            Self::WrongEpoch { .. } => "wrong_epoch",
            Self::WrongKey => "wrong_key",
            Self::AlreadyFounded => "already_founded",
            Self::AlreadyMember => "already_member",
            Self::NotAFounder => "not_a_founder",
            Self::NotEntered => "not_entered",
            Self::AlreadyEntered => "already_entered",
            Self::SameHousehold => "same_household",
            Self::HasLeft => "has_left",
            Self::InDebt => "in_debt",
            Self::ToSelf => "to_self",
            Self::OtherCommunity => "other_community",
            Self::UnknownUnit { .. } => "unknown_unit",
            Self::OverLimit { .. } => "over_limit",
            Self::OverRoaming { .. } => "over_roaming",
            Self::AtHomeOnly { .. } => "at_home_only",
            Self::NotYourPay => "not_your_pay",
            Self::AlreadyResolved { .. } => "already_resolved",
            Self::Frozen => "frozen",
            Self::TooFew { .. } => "too_few",
            Self::TooEarly { .. } => "too_early",
            Self::NotAProof { .. } => "not_a_proof",
            Self::GatewaysOnly => "gateways_only",
            Self::MembersOnly => "members_only",
            Self::Full { .. } => "ledger_full",
        }
    }

    /// The field it speaks of, if one.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::UnknownRecord { field } | Self::WrongRecord { field, .. } => Some(field),
            Self::NotNext { .. } => Some("seq"),
            Self::WrongEpoch { .. } => Some("epoch"),
            Self::WrongKey | Self::AlreadyMember => Some("key"),
            Self::ToSelf => Some("to"),
            Self::UnknownUnit { .. } => Some("unit"),
            Self::OverLimit { .. } | Self::OverRoaming { .. } => Some("amount"),
            Self::NotYourPay | Self::AlreadyResolved { .. } => Some("pay"),
            Self::SameHousehold => Some("household"),
            Self::TooFew { .. } => Some("grounds"),
            _ => None,
        }
    }

    /// The limit it speaks of, if one.
    pub fn limit(&self) -> Option<u64> {
        match self {
            Self::NotNext { seq, .. } => Some(u64::from(*seq)),
            Self::WrongEpoch { limit } => Some(u64::from(*limit)),
            Self::UnknownUnit { limit }
            | Self::OverLimit { limit }
            | Self::OverRoaming { limit, .. }
            | Self::TooFew { limit, .. }
            | Self::Full { limit, .. } => Some(*limit),
            _ => None,
        }
    }

    /// The HTTP status (RFC 9110, 4918).
    pub fn http_status(&self) -> u16 {
        match self {
            Self::UnknownRecord { .. } => 404,
            Self::WrongKey | Self::NotAFounder | Self::NotEntered | Self::NotYourPay => 403,
            Self::GatewaysOnly | Self::MembersOnly => 403,
            Self::AtHomeOnly { .. } => 421,
            Self::Full { .. } => 507,
            Self::WrongRecord { .. } | Self::ToSelf | Self::UnknownUnit { .. } | Self::NotAProof { .. } => 422,
            _ => 409,
        }
    }

    /// The MQTT 5 reason code (MQTT 5.0, 2.4).
    pub fn mqtt_reason(&self) -> u8 {
        match self {
            Self::WrongKey | Self::NotAFounder | Self::NotEntered | Self::NotYourPay => 0x87,
            Self::GatewaysOnly | Self::MembersOnly => 0x87,
            Self::WrongRecord { .. } | Self::ToSelf | Self::UnknownUnit { .. } | Self::NotAProof { .. } => 0x99,
            Self::OverLimit { .. } | Self::OverRoaming { .. } | Self::Full { .. } => 0x97,
            _ => 0x83,
        }
    }
}
