//! What the keeper's page asks of bundles, and what became of it: the page and `bundle` do not know each other.

use std::path::Path;

/// What became of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Nothing was refused.
    pub good: bool,
    /// Sentences, as on the terminal.
    pub lines: Vec<String>,
}

/// Writes and reads bundles. Blocks; call it where that is allowed.
pub trait Carry: Send + Sync {
    /// Writes everything this gateway has to a file that is not there yet, for whoever comes.
    fn export(&self, file: &Path) -> Carried;
    /// Takes a bundle in. `called`: what people call the file.
    fn import(&self, file: &Path, called: &str) -> Carried;
}
