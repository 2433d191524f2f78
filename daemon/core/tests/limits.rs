//! What this gateway takes in, every other one must be able to take.

mod support;

use commons_core::batch::verify_batch;
use commons_core::codec::RECORD_BYTES_MAX;
use commons_core::identity::NetworkId;
use support::{code_of, Gateway};

/// A notice in eight languages, each within its limit, was more than a record: it was signed and stored, and from then on
/// no other gateway could have followed this block's log.
#[test]
fn a_record_too_large_for_others_is_refused_here() {
    let mut gateway = Gateway::new(1);
    let notice = |bytes: usize| {
        let info: Vec<_> =
            (0..8).map(|n| serde_json::json!({"lang": format!("x{n}"), "text": "a".repeat(bytes)})).collect();
        serde_json::json!({ "info": info }).to_string()
    };
    assert_eq!(code_of(gateway.post("notice", &notice(1_990))), "payload_too_large");
    gateway.must("notice", &notice(RECORD_BYTES_MAX / 8 - 16));
    for held in &gateway.journal {
        let verified = verify_batch(&NetworkId::of("test"), &held.log, held.number, &held.prev, &held.bytes);
        assert!(verified.is_ok(), "{verified:?}");
    }
}
