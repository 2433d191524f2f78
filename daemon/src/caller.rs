//! A gateway that calls: what the door and the room of links exchange about it, two bounded channels of bytes.
//!
//! The door knows topics and sockets, the room of links knows keys. Each connection that publishes to a link's topic is a
//! call of its own; nobody sees another's.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

/// Largest message of a call, in bytes: below the least packet a door may be told to take (16 KiB), with room for the
/// topic.
pub const CALL_MESSAGE_BYTES_MAX: usize = 15 * 1024;
/// Messages of a call that wait in each direction. With the largest message 60 KiB; more would only hide from the sender
/// that the receiver is slow.
pub const CALL_MESSAGES_MAX: usize = 4;

/// Who calls, as it says.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Whom it wants: the first digits of an id.
    pub callee: String,
    /// Who it says it is: the same.
    pub caller: String,
    /// From where.
    pub address: SocketAddr,
}

/// A call's two ends, as the door holds them. Dropping either ends the call.
#[derive(Debug)]
pub struct Port {
    /// What the caller sends. When it is full, the caller's connection is not read.
    pub up: mpsc::Sender<Bytes>,
    /// What it is sent.
    pub down: mpsc::Receiver<Bytes>,
}

/// Takes calls; none: not now.
pub type Answer = Arc<dyn Fn(Caller) -> Option<Port> + Send + Sync>;
