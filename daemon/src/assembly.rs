//! Puts identity, store, node and writer together: for the daemon, and for commands on a stopped gateway.

use std::thread::JoinHandle;
use std::time::Instant;

use commons_core::identity::{GatewayKeys, NetworkId};
use commons_core::log::LogKey;
use commons_core::sync::{StoreEpoch, SyncSetup};
use tokio::sync::watch;
use tracing::{error, info, warn};

use crate::config::Config;
use crate::exchange::{reach, store_epoch, Exchange};
use crate::founding::{store_options, Founding, FoundingError};
use crate::host::board;
use crate::host::disk::SpaceGuard;
use crate::host::notify::Progress;
use crate::host::random;
use crate::inbox::{self, Inbox};
use crate::peers;
use crate::retained::RetainedMessages;
use crate::store::{Recovery, Start, Store, StoreError};
use crate::wall::Wall;
use crate::wants;
use crate::writer::{Parts, Writer};

/// Retained messages read in one step at start.
const NOTES_AT_ONCE: usize = 256;

/// How to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The daemon: make what is not there, write.
    Own,
    /// A command that posts: write, but make nothing.
    Write,
    /// A command that looks: change nothing.
    Read,
}

/// A running writer.
pub struct Assembly {
    /// The way in.
    pub inbox: Inbox,
    /// Shown to neighbours.
    pub name: String,
    /// 64 hex digits.
    pub id: String,
    /// The network's name.
    pub network: String,
    /// What it signs and seals with; for whoever takes it.
    pub keys: Option<GatewayKeys>,
    /// The network's id.
    pub network_id: NetworkId,
    /// Something about the identity that people must be told.
    pub warning: Option<String>,
    /// The writer's rounds, for the watchdog.
    pub progress: Progress,
    /// Tells the writer of a reloaded configuration.
    pub config: watch::Sender<Config>,
    writer: JoinHandle<Result<(), StoreError>>,
}

impl Assembly {
    /// Opens everything in the configured directory and starts the writer's thread. Its waits run on `runtime`.
    pub fn start(config: &Config, access: Access, runtime: &tokio::runtime::Handle) -> Result<Self, FoundingError> {
        let began = Instant::now();
        let board = if access == Access::Read { None } else { board::board_id() };
        let mut founding = Founding::open(config, board, access == Access::Own)?;
        let dir = founding.store_dir();
        let opened = match access {
            Access::Read => Store::open_readonly(&dir)?,
            Access::Own | Access::Write => Store::open(&dir, store_options()?)?,
        };
        let mut store = opened.store;
        report(&opened.recovery);
        if access != Access::Read && doubtful(&opened.recovery, &founding) {
            founding.new_epoch()?;
            warn!("own logs go on in a new epoch, since the old one may have been heard further than it is kept here");
        }
        let wall = if access == Access::Own { Wall::start() } else { Wall::default() };
        let (node, memory) = founding.load(&store, wall.now())?;
        // A stopped gateway has no links, but people may carry to it and from it.
        let exchange = if access != Access::Read {
            let number = store_epoch(&mut store, founding.epoch(), random::long_number()?)?;
            let setup = SyncSetup {
                life: StoreEpoch(random::long_number()?),
                interests: wants::usual(&config.peers.wants),
                hops_max: u8::try_from(config.peers.hops_max).unwrap_or(u8::MAX),
                dictionary: peers::SQUEEZE_VERSION,
                ..SyncSetup::new(number)
            };
            Some(Exchange::new(setup, &memory, reach(&store)?, &node))
        } else {
            None
        };
        let retained = load_retained(config, &store)?;
        if access == Access::Own {
            if let Err(fault) = store.restore_ballast() {
                warn!(error = %fault, "no room for the ballast file");
            }
        }
        info!(
            entries = node.entries(),
            batches = node.batches(),
            items = node.board().len(),
            ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "store opened"
        );
        let (inbox, outlet) = inbox::channel();
        let (config_sender, config_receiver) = watch::channel(config.clone());
        let progress = Progress::default();
        let name = founding.name().to_owned();
        let (id, network, warning) = (founding.id(), founding.network().to_owned(), founding.warning.clone());
        let (keys, network_id) = (Some(founding.keys()), founding.network_id());
        let parts = Parts {
            founding,
            wall,
            outlet,
            retained,
            guard: SpaceGuard::new(config.store.reserve_bytes, config.store.journal_bytes_max),
            data: dir,
            progress: progress.clone(),
            damaged: opened.recovery.damage.len() as u64,
            config: config_receiver,
            read_only: access == Access::Read,
            exchange,
        };
        let runtime = runtime.clone();
        let writer = std::thread::Builder::new().name("writer".into()).spawn(move || {
            let ended = Writer::new(node, store, parts).run(&runtime);
            if let Err(fault) = &ended {
                error!(error = %fault, "the writer ended");
            }
            ended
        })?;
        Ok(Self { inbox, name, id, network, keys, network_id, warning, progress, config: config_sender, writer })
    }

    /// Whether the writer's thread has ended.
    pub fn has_ended(&self) -> bool {
        self.writer.is_finished()
    }

    /// Waits for the writer's thread. Its panic is an error like any other.
    pub fn join(self) -> anyhow::Result<()> {
        match self.writer.join() {
            Ok(ended) => Ok(ended?),
            Err(_) => anyhow::bail!("the writer stopped by a fault of ours; what was acknowledged is on disk"),
        }
    }
}

/// Whether own logs may have been heard further than they are kept here: to go on would fork them.
fn doubtful(recovery: &Recovery, founding: &Founding) -> bool {
    let own = |log: &LogKey| founding.owns(log);
    recovery.rolled_back || !recovery.damage.is_empty() || recovery.missing.iter().any(|(log, _)| own(log))
}

fn report(recovery: &Recovery) {
    match recovery.start {
        Start::Fresh | Start::Clean => {}
        Start::Rebuilt => info!(torn_bytes = recovery.tail_bytes, "the last stop was not clean; the journal was read"),
        Start::IndexDistrusted => warn!("the index was damaged; it is rebuilt from the journal"),
        Start::LastStartHung => warn!("the last start hung in the index; it is rebuilt from the journal"),
    }
    for finding in &recovery.damage {
        warn!(segment = finding.segment, offset = finding.offset, length = finding.length, "damaged piece of journal");
    }
    if !recovery.missing.is_empty() {
        warn!(batches = recovery.missing.len(), "batches are missing; neighbours may have them");
    }
}

fn load_retained(config: &Config, store: &Store) -> Result<RetainedMessages, StoreError> {
    let mut retained = RetainedMessages::new(config.mqtt.local_retained_max, config.mqtt.local_retained_bytes_max);
    let mut after: Option<Vec<u8>> = None;
    loop {
        let notes = store.notes(crate::retained::KEY.as_bytes(), after.as_deref(), NOTES_AT_ONCE)?;
        let Some(last) = notes.last() else { return Ok(retained) };
        after = Some(last.key.clone());
        for note in &notes {
            retained.load(&note.key, &note.value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A post from the command line on a copied card would go on in the original's log: two boards, one voice.
    #[test]
    fn a_copied_card_is_read_but_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut config = Config::default();
        config.gateway.data = dir.path().to_owned();
        let start = |access| Assembly::start(&config, access, runtime.handle());
        let end = |assembly: Assembly| {
            runtime.block_on(assembly.inbox.end());
            assembly.join().unwrap();
        };
        let Some(board) = board::board_id() else { return };
        end(start(Access::Own).unwrap());
        let file = dir.path().join("identity.json");
        let text = std::fs::read_to_string(&file).unwrap();
        let here = commons_core::identity::hex(&board);
        assert!(text.contains(&here));
        std::fs::write(&file, text.replace(&here, &"0".repeat(64))).unwrap();
        assert!(matches!(start(Access::Write), Err(FoundingError::Moved)));
        end(start(Access::Read).unwrap());
        end(start(Access::Own).unwrap());
        end(start(Access::Write).unwrap());
    }
}
