//! The pure heart of a commonsd gateway: records, signed logs, admission, clock and views.
//!
//! No files, no sockets, no threads, no clock, no randomness: the crate is `no_std`, so none of them resolves. Time and
//! randomness come in as arguments; what must happen comes out as values.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod admission;
pub mod batch;
pub mod clock;
pub mod codec;
pub mod codeword;
pub mod compress;
pub mod identity;
pub mod ledger;
pub mod log;
pub mod node;
pub mod receipt;
pub mod record;
pub mod scorecard;
pub mod sealing;
pub mod submission;
pub mod sync;
pub mod topic;
pub mod views;
