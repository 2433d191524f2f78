//! What the command line needs from the rest of the house: implemented where everything is wired together.

use std::path::{Path, PathBuf};

use commons_core::ledger::Ledger;
use serde_json::Value;

use crate::config::{Loaded, Loader};
use crate::control::Answerer;
use crate::host::journal::Logging;

/// The work behind commands that open the store or run the gateway.
pub trait Backend {
    /// Runs the gateway until it is told to end. Logging has started; `loader` reads the same places again for a
    /// reload.
    fn run(&self, loaded: Loaded, loader: Loader, logging: Option<Logging>) -> anyhow::Result<()>;
    /// Makes data directory and identity if they are not there.
    fn init(&self, loaded: &Loaded) -> anyhow::Result<Identity>;
    /// Checks a stopped gateway's store. An error only if it could not be checked.
    fn verify(&self, loaded: &Loaded) -> anyhow::Result<Checkup>;
    /// The ledger in a stopped gateway's store.
    fn ledger(&self, loaded: &Loaded) -> anyhow::Result<Ledger>;
    /// Recomputes it.
    fn verify_ledger(&self, loaded: &Loaded) -> anyhow::Result<Checkup>;
    /// Rebuilds what can be rebuilt.
    fn repair(&self, loaded: &Loaded) -> anyhow::Result<Checkup>;
    /// Makes a gateway from a copy, in a new epoch.
    fn restore(&self, copy: &Path, loaded: &Loaded) -> anyhow::Result<Identity>;
    /// Opens a stopped gateway's store to answer requests (see [`crate::control::Offline`]). Never makes a new one: the
    /// directory was seen to exist.
    fn offline(&self, loaded: &Loaded) -> anyhow::Result<Box<dyn Answerer>>;
    /// The same for many requests in a row, with the store open and writable as long as the answerer lives.
    fn session(&self, loaded: &Loaded) -> anyhow::Result<Box<dyn Answerer>>;
}

/// Who a gateway is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Shown to neighbours.
    pub name: String,
    /// 64 hex digits.
    pub id: String,
    /// The network's name.
    pub network: String,
    /// Where it is kept.
    pub data: PathBuf,
    /// Made just now.
    pub fresh: bool,
}

/// What a check or a repair found.
#[derive(Clone, Debug)]
pub struct Checkup {
    /// Nothing is hurt, or nothing is any more.
    pub well: bool,
    /// One finding each, as a sentence for a volunteer.
    pub sentences: Vec<String>,
    /// The numbers: an object, merged into the JSON output.
    pub detail: Value,
}
