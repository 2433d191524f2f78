//! What a member's phone hands in: finished records with its signature.

use commons_core::codec::{encode_record, SignedRecord};
use commons_core::identity::{MemberKeys, NetworkId};
use commons_core::record::{Ask, AssignBy, Body, Category, Mark, Record, Urgency, RECORD_VERSION};

/// A record of this body, signed for the network.
pub fn signed(keys: &MemberKeys, network: &NetworkId, created: u64, mark: Mark, body: Body) -> SignedRecord {
    let record = encode_record(&Record { version: RECORD_VERSION, created, mark, body });
    let signature = keys.sign(network, &record);
    SignedRecord { author: keys.key(), record, signature }
}

/// What a gateway makes of a guest's plain text; whoever says more changes it.
pub fn plain_need(text: &str) -> Ask {
    Ask {
        category: Category::Other,
        text: text.to_owned(),
        lines: Vec::new(),
        urgency: Urgency::Today,
        slots: 1,
        standing: false,
        zone: String::new(),
        window: None,
        tags: Vec::new(),
        lang: String::new(),
        contact: None,
        assign_by: AssignBy::HomeGateway,
        repeat: String::new(),
        lifetime_s: Urgency::Today.lifetime_s(),
        reference: String::new(),
    }
}
