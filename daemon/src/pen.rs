//! Writes a member's records: for the command line, for hosted accounts and printed cards, whose keys are here for a moment.

use commons_core::codec::{encode_record, record_id, Author, SignedRecord};
use commons_core::identity::{GatewayId, MemberId, MemberKey, MemberKeys, NetworkId, RecordId};
use commons_core::ledger::MemberCard;
use commons_core::record::{Body, Link, Mark, Record, RECORD_VERSION};

/// A member's key in one network.
pub struct Pen {
    keys: MemberKeys,
    network: NetworkId,
}

/// A finished record.
pub struct Written {
    /// Its id.
    pub id: RecordId,
    /// Its kind's name.
    pub kind: &'static str,
    /// As it is handed in.
    pub signed: SignedRecord,
}

impl Pen {
    /// Of a seed of 32 random bytes.
    pub fn new(seed: &[u8; 32], network: NetworkId) -> Self {
        Self { keys: MemberKeys::from_seed(seed), network }
    }

    /// Whose.
    pub fn key(&self) -> MemberKey {
        self.keys.key()
    }

    /// Signs a record; `created` is the writer's own clock, unix seconds, shown and nothing else.
    pub fn write(&self, created: u64, body: Body) -> Written {
        let kind = body.kind().name();
        // A member's record is known by its id; marks are for what guests say.
        let record =
            encode_record(&Record { version: RECORD_VERSION, created, mark: Mark { sender: 0, content: 0 }, body });
        let author = self.key();
        let signature = self.keys.sign(&self.network, &record);
        let id = record_id(&self.network, &GatewayId([0; 32]), &Author::Member(author), &record);
        Written { id, kind, signed: SignedRecord { author, record, signature } }
    }

    /// Signs a gateway's question to a member.
    pub fn answer(&self, gateway: &GatewayId, member: &MemberId, question: &[u8; 32]) -> [u8; 64] {
        self.keys.sign_for_pass(&self.network, gateway, member, question).0
    }
}

/// Where a member's next record stands, from his card. None: the card's ids are none.
pub fn next_link(card: &MemberCard) -> Option<Link> {
    let (member, prev) = (MemberId::parse(&card.id)?, RecordId::parse(&card.head)?);
    Some(Link { member, epoch: card.epoch, seq: card.seq.checked_add(1)?, prev })
}
