//! What a sender is told: the outcome of one submission, in one JSON shape for MQTT, HTTP and the command line.

use alloc::string::{String, ToString};

use serde::Serialize;

use crate::admission::Rejection;
use crate::identity::RecordId;
use crate::record::Kind;

/// A submission that is on disk and synced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The record's id.
    pub id: RecordId,
    /// Its kind.
    pub kind: Kind,
    /// The item it acts on; itself for a new item.
    pub item: RecordId,
    /// The code word with which a guest can later act on it; none for signed records and plain acts.
    pub code: Option<String>,
    /// It was here already; nothing was added.
    pub duplicate: bool,
    /// The sender's own mark.
    pub reference: String,
    /// A contact that this act released to its sender.
    pub contact: Option<String>,
}

/// The outcome of one submission.
pub type Outcome = Result<Accepted, Rejection>;

/// The JSON of an outcome (`commons/receipt/<client id>`, HTTP bodies, `commonsd post --json`).
#[derive(Clone, Debug, Serialize)]
pub struct Receipt {
    /// 1.
    pub v: u8,
    /// Whether it is kept.
    pub ok: bool,
    /// Id of the record, 64 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Id of the item it acts on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Its kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// The guest's code word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// It was here already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<bool>,
    /// A released contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// A stable word for the cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
    /// The field it speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The limit it speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// When to try again, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_s: Option<u64>,
    /// A sentence for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The sender's own mark, echoed.
    #[serde(rename = "ref", skip_serializing_if = "String::is_empty")]
    pub reference: String,
}

impl Receipt {
    /// The receipt of an outcome. `reference` echoes the sender's own mark when the submission was refused.
    pub fn of(outcome: &Outcome, reference: &str) -> Self {
        let blank = Self {
            v: 1,
            ok: false,
            id: None,
            item: None,
            kind: None,
            code: None,
            duplicate: None,
            contact: None,
            error: None,
            field: None,
            limit: None,
            retry_s: None,
            message: None,
            reference: reference.to_string(),
        };
        match outcome {
            Ok(accepted) => Self {
                ok: true,
                id: Some(accepted.id.to_string()),
                item: Some(accepted.item.to_string()),
                kind: Some(accepted.kind.name()),
                code: accepted.code.clone(),
                duplicate: Some(accepted.duplicate),
                contact: accepted.contact.clone(),
                reference: accepted.reference.clone(),
                ..blank
            },
            Err(rejection) => Self {
                error: Some(rejection.code()),
                field: rejection.field().map(ToString::to_string),
                limit: rejection.limit(),
                retry_s: rejection.retry_s(),
                message: Some(rejection.to_string()),
                ..blank
            },
        }
    }
}
