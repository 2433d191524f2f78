//! The local socket: how the command line talks to a running gateway, and the same questions to a stopped one.
//!
//! One JSON object a line in, one a line out (`watch`: many). The socket lies in the data directory with mode 0600:
//! who may read the data may ask. Nothing here decides anything; it asks the writer through the inbox.

pub mod accounts;
pub mod client;
pub mod desk;
pub mod request;
pub mod serve;
pub mod socket;
pub mod status;
#[cfg(test)]
mod tests;
pub mod text;

pub use client::Running;
pub use desk::{Desk, Offline};
pub use request::{fulfilled, Reply, Request};
pub use serve::serve;
pub use socket::ControlSocket;

/// Anything that answers requests: a running gateway over its socket, or a stopped one's store opened for the purpose.
pub trait Answerer {
    /// One answer. An error means that nobody answered, not that the answer is no.
    fn answer(&mut self, request: &Request) -> std::io::Result<Reply>;
}
