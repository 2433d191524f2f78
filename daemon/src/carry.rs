//! What the keeper's page asks of bundles, and what became of it: the page and `bundle` do not know each other.

use std::path::Path;

/// What became of a bundle that was brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Nothing was refused.
    pub good: bool,
    /// What is to be told, in this order.
    pub said: Vec<Said>,
}

/// One thing to be told. The page has the words, in each language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// So many posts are new here.
    Took(u64),
    /// So many were here already.
    Known(u64),
    /// So many were left, because something was refused.
    Left(u64),
    /// Everything in it is here.
    NothingNew,
    /// This gateway wrote it.
    OwnFile,
    /// Who brought how many.
    By {
        /// What the gateway is called.
        name: String,
        /// The beginning of its id.
        id: String,
        /// How many.
        posts: u64,
    },
    /// This gateway's log was continued in two ways.
    Forked {
        /// The beginning of its id.
        id: String,
    },
    /// A file was refused.
    Refused {
        /// What people call it.
        file: String,
        /// Why.
        why: Why,
    },
    /// It came to nothing.
    Failed(Why),
}

/// Why a bundle came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The file system says no.
    File,
    /// The disk is full.
    Full,
    /// It is something else.
    NotABundle,
    /// Made by a later version.
    Newer,
    /// It ends too early.
    CutShort,
    /// Something in it makes no sense.
    Damaged,
    /// Not what this gateway (the beginning of its id) wrote.
    Changed(String),
    /// Of the network of this name.
    OtherNetwork(String),
    /// The gateway took no more of it.
    Refused,
    /// What was read back is not what was written.
    NotKept,
    /// The gateway itself could not be asked.
    Gateway,
}

/// Writes and reads bundles. Blocks; call it where that is allowed.
pub trait Carry: Send + Sync {
    /// Writes everything this gateway has to a file that is not there yet, for whoever comes.
    fn export(&self, file: &Path) -> Result<(), Why>;
    /// Takes a bundle in. `called`: what people call the file.
    fn import(&self, file: &Path, called: &str) -> Carried;
}
