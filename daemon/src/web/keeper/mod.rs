//! The keeper's page: how the gateway is, whom it is paired with, bundles by download and upload, the last refusals. Only with
//! the password that `commonsd keeper password` sets, or with a key that `commonsd keeper key add` or the configuration lets in.
//!
//! | file | |
//! |---|---|
//! | `guess` | slows down whoever guesses |
//! | `session` | who is logged in |
//! | `challenge` | questions for a keeper's key |
//! | `entry` | logging in and out |
//! | `acts` | what a keeper does |
//! | `bundles`, `upload` | files that come and go |
//! | `pages`, `overview`, `covenant` | what he sees |
//! | `causes` | what happened and why, in his language |
//!
//! Every act is a POST with the session's own mark in the form; what destroys something asks once more. Nothing here decides: acts
//! go to the room of links and to bundles through what `run` hands in ([`Keeping`]).

mod acts;
mod bundles;
mod causes;
mod challenge;
mod covenant;
mod entry;
mod guess;
mod overview;
mod pages;
mod session;
mod upload;

use std::path::PathBuf;
use std::sync::Arc;

use hyper::body::Incoming;
use tokio::sync::{watch, Semaphore};

use super::answer::{Answer, Cache, Fault};
use super::request::Head;
use super::Web;
use crate::carry::Carry;
use crate::config::Config;
use crate::neighbours::Office;

/// The cookie of whoever is logged in.
const COOKIE: &str = "keeper";

/// What the page needs of the rest of the house.
pub struct Keeping {
    /// Where the password is kept, and files under way.
    pub data: PathBuf,
    /// Wishes about other gateways.
    pub office: Office,
    /// Bundles.
    pub carry: Arc<dyn Carry>,
    /// What holds now, also after a reload.
    pub config: watch::Receiver<Config>,
}

/// What the page keeps in memory.
pub(super) struct Keeper {
    keeping: std::sync::OnceLock<Keeping>,
    guesses: guess::Guesses,
    sessions: session::Sessions,
    challenges: challenge::Challenges,
    // A check takes 9 MiB.
    checking: Semaphore,
    // A file that comes or goes takes disk and a thread.
    carrying: Arc<Semaphore>,
}

impl Default for Keeper {
    fn default() -> Self {
        Self {
            keeping: std::sync::OnceLock::new(),
            guesses: guess::Guesses::default(),
            sessions: session::Sessions::default(),
            challenges: challenge::Challenges::default(),
            checking: Semaphore::new(1),
            carrying: Arc::new(Semaphore::new(1)),
        }
    }
}

impl Keeper {
    /// Opens the page. Blocks: removes what a killed run left of files.
    pub(super) fn open(&self, keeping: Keeping) {
        bundles::sweep(&keeping.data);
        let _ = self.keeping.set(keeping);
    }

    fn keeping(&self) -> Result<&Keeping, Fault> {
        self.keeping.get().ok_or(Fault::NotFound)
    }
}

/// `GET /keeper`
pub(super) async fn show(web: &Web, head: &Head) -> Result<Answer, Fault> {
    let answer = match entry::look(web, head).await? {
        entry::Door::In(entered) => overview::show(web, &head.view, &entered, None).await?,
        door => entry::outside(web, head, &door, None),
    };
    Ok(answer.cached(Cache::Never))
}

/// `GET /keeper/challenge`
pub(super) fn challenge(web: &Web, head: &Head) -> Result<Answer, Fault> {
    entry::challenge(web, head)
}

/// `POST /keeper/<act>`
pub(super) async fn post(web: &Web, head: &Head, act: &str, body: Incoming) -> Result<Answer, Fault> {
    web.keeper.keeping()?;
    match act {
        "in" => entry::by_password(web, head, body).await,
        "key" => entry::by_key(web, body, head).await,
        "import" => bundles::import(web, head, body).await,
        act => acts::act(web, head, act, body).await,
    }
}
