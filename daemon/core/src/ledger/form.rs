//! Form and limits of the ledger's records, whoever says them: what a codec can check without knowing anything else.

use alloc::collections::BTreeSet;

use crate::admission::Rejection;
use crate::codec::{count, count_of, name, name_within, text, MESSAGE_BYTES_MAX, UNIT_BYTES_MAX};
use crate::record::*;

/// Every limit of the fields of a ledger record.
pub(crate) fn check(body: &Body) -> Result<(), Rejection> {
    match body {
        Body::Found(found) => check_found(found),
        Body::Join(join) => check_facts(&join.facts),
        Body::Facts(change) => check_facts(&change.facts),
        Body::Enter(enter) if enter.first == enter.second => {
            Err(Rejection::wrong("second", "another vouch than \"first\""))
        }
        Body::Resume(resume) => check_grounds(&resume.grounds),
        Body::Pay(pay) => {
            check_amount(pay.amount)?;
            text("memo", &pay.memo, 0, MEMO_BYTES_MAX)
        }
        Body::Dispute(dispute) => text("text", &dispute.text, 1, MESSAGE_BYTES_MAX),
        Body::Decide(decide) => {
            text("text", &decide.text, 1, MESSAGE_BYTES_MAX)?;
            match &decide.action {
                Action::WriteOff { amount, .. } => check_amount(*amount),
                Action::Unfreeze { positions, .. } => {
                    count("positions", positions.len(), UNITS_MAX)?;
                    if positions.iter().any(|position| position.unsigned_abs() > AMOUNT_MAX) {
                        return Err(Rejection::wrong("positions", "at most 1000000000000 either way"));
                    }
                    Ok(())
                }
                Action::Freeze { .. } => Ok(()),
            }
        }
        Body::ForkProof(proof) => {
            count_of("first", proof.first.len(), PROOF_PART_BYTES_MAX, "bytes")?;
            count_of("second", proof.second.len(), PROOF_PART_BYTES_MAX, "bytes")
        }
        _ => Ok(()),
    }
}

fn check_found(found: &Found) -> Result<(), Rejection> {
    name("name", &found.name, 1)?;
    count("units", found.units.len(), UNITS_MAX)?;
    count("founders", found.founders.len(), FOUNDERS_MAX)?;
    let names: BTreeSet<&str> = found.units.iter().map(|unit| unit.name.as_str()).collect();
    if found.units.is_empty() || names.len() < found.units.len() {
        return Err(Rejection::wrong("units", "1 to 8 with different names"));
    }
    for unit in &found.units {
        name_within("units", &unit.name, 1, UNIT_BYTES_MAX)?;
        if unit.scale == 0 {
            return Err(Rejection::wrong("scale", "at least 1"));
        }
        if unit.limit > AMOUNT_MAX {
            return Err(too_much("limit", unit.limit));
        }
    }
    if found.roaming_percent > 100 {
        return Err(Rejection::wrong("roaming_percent", "at most 100"));
    }
    if !(2..=GROUNDS_MAX).contains(&usize::from(found.quorum)) {
        return Err(Rejection::wrong("quorum", "2 to 16 households"));
    }
    if found.recovery_delay_s > RECOVERY_DELAY_S_MAX {
        return Err(Rejection::wrong("recovery_delay_s", "at most 7776000"));
    }
    let keys: BTreeSet<_> = found.founders.iter().map(|founder| founder.key).collect();
    let households: BTreeSet<&str> = found.founders.iter().map(|founder| founder.facts.household.as_str()).collect();
    if keys.len() < found.founders.len() || households.len() < 2 {
        return Err(Rejection::wrong("founders", "different keys of at least two households"));
    }
    for founder in &found.founders {
        check_facts(&founder.facts)?;
        if founder.facts.custody == Custody::Pot {
            return Err(Rejection::wrong("custody", "a person's in a founder"));
        }
        // Their ids are made of this record's own.
        if !founder.facts.guardians.is_empty() {
            return Err(Rejection::wrong("guardians", "none in a founder; he names them later"));
        }
    }
    Ok(())
}

fn check_facts(facts: &Facts) -> Result<(), Rejection> {
    name_within("pseudonym", &facts.pseudonym, 1, PSEUDONYM_BYTES_MAX)?;
    name_within("household", &facts.household, 1, PSEUDONYM_BYTES_MAX)?;
    count("guardians", facts.guardians.len(), GUARDIANS_MAX)?;
    let (guardians, threshold) = (facts.guardians.len(), usize::from(facts.threshold));
    let different: BTreeSet<_> = facts.guardians.iter().collect();
    if different.len() < guardians || (guardians > 0 && guardians < GUARDIANS_LEAST) {
        return Err(Rejection::wrong("guardians", "none, or 3 to 7 different members"));
    }
    if threshold > guardians || (guardians > 0 && threshold * 2 <= guardians) || (guardians == 0 && threshold > 0) {
        return Err(Rejection::wrong("threshold", "more than half of the guardians, 0 without any"));
    }
    Ok(())
}

fn check_grounds(grounds: &Grounds) -> Result<(), Rejection> {
    let (field, ids) = match grounds {
        Grounds::Guardians(ids) => ("grounds", ids),
        Grounds::Decision { consents, .. } => ("consents", consents),
        Grounds::Branches(ids) => ("branches", ids),
    };
    count(field, ids.len(), GROUNDS_MAX)?;
    if ids.iter().collect::<BTreeSet<_>>().len() < ids.len() {
        return Err(Rejection::WrongValue { field: field.into(), expected: "different records".into() });
    }
    Ok(())
}

fn check_amount(amount: Amount) -> Result<(), Rejection> {
    match amount.0 {
        0 => Err(Rejection::wrong("amount", "a whole number of smallest parts from 1 to 1000000000000")),
        1..=AMOUNT_MAX => Ok(()),
        more => Err(too_much("amount", more)),
    }
}

fn too_much(field: &'static str, found: u64) -> Rejection {
    Rejection::TooLong { field: field.into(), found, limit: AMOUNT_MAX, unit: "smallest parts" }
}
