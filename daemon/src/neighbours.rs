//! Wishes about other gateways, as the command line and the pages have them and the room of links fulfils them.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;

/// What everybody may know: `commons/gateway/peers`, `/api/v1/peers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Neighbours {
    /// 1.
    pub v: u8,
    /// Paired or configured gateways.
    pub peers: Vec<Neighbour>,
    /// Gateways that are near and not paired.
    pub near: usize,
}

impl Default for Neighbours {
    fn default() -> Self {
        Self { v: 1, peers: Vec::new(), near: 0 }
    }
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Neighbour {
    /// 64 hex digits.
    pub id: String,
    /// What it calls itself.
    pub name: String,
    /// A link stands.
    pub linked: bool,
    /// What it announced is all here.
    pub complete: bool,
}

/// A wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Peers, who is near, codes that are tried.
    List,
    /// A code for another gateway.
    Invite,
    /// Pair by a code; the lanes and kinds wanted of the gateway that made it, none: the usual.
    Add(String, Option<String>),
    /// What is wanted of a peer from now on; none: the usual.
    Only(String, Option<String>),
    /// End a pairing, by name, id or the beginning of it; or give up a code.
    Remove(String),
}

/// A no: a stable word, and a sentence for people.
pub type No = (&'static str, String);

/// Fulfils wishes.
pub type Office = Arc<dyn Fn(Wish) -> BoxFuture<'static, Result<Value, No>> + Send + Sync>;
