//! The questions and the shape of the answers, version 1.

use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

use crate::neighbours::{No, Wish};

/// The protocol's version, `v` in each line.
pub const VERSION: u64 = 1;
/// Bytes of one request: a record of 8 KiB escaped as JSON in JSON still fits.
pub const REQUEST_BYTES_MAX: usize = 256 * 1024;
/// Bytes of one answer: a page of 256 items with a hundred claims each fits.
pub const REPLY_BYTES_MAX: usize = 32 * 1024 * 1024;

/// A question, `{"v":1,"do":"..."}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// How the gateway is.
    Status {},
    /// Who the gateway is.
    #[serde(alias = "info")]
    About {},
    /// A page of items.
    List {
        /// need, offer or notice; none: all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<String>,
        /// A status, `live` or `all`; none: live.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<String>,
        /// A category.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<String>,
        /// An urgency.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        urgency: Option<String>,
        /// At most so many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
        /// Continue after this id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    /// What is in stock.
    Stock {},
    /// The common pots.
    Pots {},
    /// How the community gives and takes.
    Scorecard {},
    /// One item.
    Item {
        /// 64 hex digits, or at least the first 8.
        id: String,
    },
    /// A submission; answered by a receipt once it is synced.
    Post {
        /// As in `commons/post/<kind>`.
        kind: String,
        /// Plain text, or the JSON object of a submission.
        payload: Value,
    },
    /// A finished record; answered by a receipt once it is synced.
    Signed {
        /// As in `commons/post/<kind>`.
        kind: String,
        /// A signed submission, hex digits.
        record: String,
    },
    /// What the community has agreed on.
    Covenant {},
    /// Members' cards: whom a text may mean, or all in order of their ids.
    Members {
        /// An id, 8 digits of it or more, a key, or the beginning of a pseudonym; none: all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        q: Option<String>,
        /// Continue after this id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    /// A member's own account.
    Account {
        /// 64 hex digits.
        member: String,
    },
    /// The forks of a member's chain, with proofs.
    Forks {
        /// 64 hex digits.
        member: String,
    },
    /// What households have proposed and decided.
    Decisions {},
    /// How a member's chain would go on by a decision.
    GoingOn {
        /// 64 hex digits.
        member: String,
    },
    /// The whole ledger, written to a file that only its owner may read, for a command to read.
    LedgerTo {
        /// Absolute path.
        to: String,
    },
    /// What a member is to sign for a pass.
    PassQuestion {},
    /// A pass for who signed it.
    Pass {
        /// 64 hex digits.
        member: String,
        /// As asked.
        challenge: String,
        /// 128 hex digits.
        signature: String,
    },
    /// Changes from now on, a line each.
    Watch {},
    /// A consistent copy.
    Backup {
        /// Absolute path.
        to: String,
    },
    /// Read the configuration again.
    Reload {},
    /// Where all logs stand, for what is carried by hand.
    Standing {},
    /// How far a peer is known to have each log.
    Told {
        /// 64 hex digits.
        peer: String,
    },
    /// A frame of batches to be carried.
    CarryOut {
        /// Log, first number, one more than the last.
        ranges: Vec<(String, u64, u64)>,
    },
    /// Brings in a carried frame; answered once it is synced.
    CarryIn {
        /// Who wrote it.
        gateway: String,
        /// The number of its store.
        store: u64,
        /// The store's age then.
        age: u64,
        /// Base64.
        frame: String,
    },
    /// A frame of what proves that a log is forked.
    CarryFork {
        /// Which.
        log: String,
        /// From which place on; 0 at first.
        place: u64,
    },
    /// The gateway's signature.
    Seal {
        /// `bundle` or `receipt`.
        what: String,
        /// 64 hex digits.
        digest: String,
    },
    /// Peers, who is near, codes that are tried.
    Peers {},
    /// A code for another gateway.
    PeerInvite {},
    /// Pair by a code.
    PeerAdd {
        /// As printed there.
        code: String,
        /// The lanes and kinds wanted of the gateway that made it; none: the usual.
        #[serde(default)]
        only: Option<String>,
    },
    /// What is wanted of a peer from now on.
    PeerOnly {
        /// Name, id or at least 8 digits of it.
        peer: String,
        /// Lanes and kinds; none: the usual.
        only: Option<String>,
    },
    /// End a pairing, or give up a code.
    PeerRemove {
        /// Name, id or at least 8 digits of it; or the code.
        peer: String,
    },
}

impl Request {
    /// What it wishes of the room of links, if it does.
    pub fn wish(&self) -> Option<Wish> {
        Some(match self {
            Self::Peers {} => Wish::List,
            Self::PeerInvite {} => Wish::Invite,
            Self::PeerAdd { code, only } => Wish::Add(code.clone(), only.clone()),
            Self::PeerOnly { peer, only } => Wish::Only(peer.clone(), only.clone()),
            Self::PeerRemove { peer } => Wish::Remove(peer.clone()),
            _ => return None,
        })
    }
}

/// What became of a wish, as an answer.
pub fn fulfilled(done: Result<Value, No>) -> Reply {
    match done {
        Ok(Value::Object(mut object)) => {
            object.insert("v".into(), VERSION.into());
            object.insert("ok".into(), true.into());
            Value::Object(object)
        }
        Ok(other) => granted("answer", other),
        Err((word, sentence)) => refusal(word, &sentence),
    }
}

/// An answer: an object with at least `v` and `ok`; when not ok, `error` (a stable word) and `message`.
pub type Reply = Value;

impl Request {
    /// One line, without its end.
    pub fn line(&self) -> String {
        let mut object = serde_json::to_value(self).unwrap_or_default();
        if let Some(object) = object.as_object_mut() {
            object.insert("v".into(), VERSION.into());
        }
        object.to_string()
    }

    /// Reads a line. The error is the answer to send.
    pub fn parse(line: &[u8]) -> Result<Self, Reply> {
        let mut object: Value = serde_json::from_slice(line)
            .map_err(|error| refusal("not_json", &format!("the request is no JSON: {error}")))?;
        let version = object.as_object_mut().and_then(|object| object.remove("v"));
        match version.as_ref().map(Value::as_u64) {
            Some(Some(VERSION)) => {}
            Some(_) => {
                return Err(refusal(
                    "unknown_version",
                    "this gateway speaks version 1 of the local protocol; use the commonsd it was started with",
                ))
            }
            None => return Err(refusal("missing", "\"v\" is missing")),
        }
        serde_json::from_value(object).map_err(|error| refusal("wrong_value", &format!("not a known request: {error}")))
    }
}

/// A no.
pub fn refusal(error: &str, message: &str) -> Reply {
    json!({"v": VERSION, "ok": false, "error": error, "message": message})
}

/// A yes with the fields of `value`, which is an object, or under `name`.
pub fn granted(name: &str, value: impl Serialize) -> Reply {
    json!({"v": VERSION, "ok": true, name: serde_json::to_value(value).unwrap_or_default()})
}
