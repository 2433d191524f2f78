//! What can be shown to strangers when asking for help: numbers and fixed words only.
//!
//! It is built from a list of what may leave, not by striking out what may not: a field that is added to `status` later
//! stays at home until somebody puts it here.

use serde_json::{json, Map, Value};

use super::{Finding, Seen};

/// Fields of `status` that name nobody and no place.
const STATUS: &[&str] =
    &["v", "version", "running", "uptime_s", "entries", "batches", "items", "posts", "disk", "sessions", "queue"];

/// The bundle.
pub fn redacted(seen: &Seen, findings: &[Finding]) -> Value {
    let mut status = Map::new();
    for name in STATUS {
        if !seen.status[*name].is_null() {
            status.insert((*name).to_owned(), numbers(&seen.status[*name]));
        }
    }
    let certainty = &seen.status["clock"]["certainty"];
    status.insert("clock".into(), json!({"certainty": word(certainty)}));
    let peers = seen.status["peers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let linked = peers.iter().filter(|peer| !peer["link"].is_null()).count();
    status.insert("peers".into(), json!({"paired": peers.len(), "linked": linked}));
    let machine = &seen.machine;
    // Messages may quote a file, an address or a name; their stable words do not.
    let findings: Vec<Value> =
        findings.iter().map(|finding| json!({"check": finding.check, "level": finding.level})).collect();
    json!({
        "v": 1,
        "findings": findings,
        "status": status,
        "machine": {
            "architecture": std::env::consts::ARCH,
            "free_bytes": machine.free_bytes,
            "read_only": machine.read_only,
            "disk_errors": machine.disk_errors,
            "worn_tenths": machine.worn_tenths,
            "throttled": machine.throttled,
            "celsius": machine.celsius,
            "watchdog": machine.watchdog,
            "radios_off": machine.radios_off.len(),
            "country_set": machine.country.as_ref().map(|country| country != "00"),
            "memory_free_percent": machine.memory_free_percent,
        },
    })
}

/// A value with nothing in it but numbers, flags and single small words.
fn numbers(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), numbers(value))).collect(),
        Value::String(_) => word(value),
        Value::Array(items) => items.len().into(),
        _ => value.clone(),
    }
}

/// A word of ours (`disk_low`, `0.1.0`), not of anybody else's.
fn word(value: &Value) -> Value {
    let ours = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.');
    match value.as_str() {
        Some(text) if text.len() <= 32 && text.chars().all(ours) => text.into(),
        _ => Value::Null,
    }
}
