//! Wishes about other gateways, as the command line and the pages have them and the room of links fulfils them.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::Value;

/// A wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Peers, who is near, codes that are tried.
    List,
    /// A code for another gateway.
    Invite,
    /// Pair by a code.
    Add(String),
    /// End a pairing, by name, id or the beginning of it; or give up a code.
    Remove(String),
}

/// A no: a stable word, and a sentence for people.
pub type No = (&'static str, String);

/// Fulfils wishes.
pub type Office = Arc<dyn Fn(Wish) -> BoxFuture<'static, Result<Value, No>> + Send + Sync>;
