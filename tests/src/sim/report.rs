//! What a run has to say: counts if all held, and otherwise what did not and how to see it again.

use std::fmt;

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub invariant: &'static str,
    /// What was seen.
    pub what: String,
    /// When, in virtual milliseconds.
    pub at_ms: u64,
    /// At which happening.
    pub happening: u64,
}

/// Counts of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Things that happened.
    pub happenings: u64,
    /// Posts acknowledged.
    pub acknowledged: u64,
    /// Links that stood.
    pub sessions: u64,
    /// Machines that died.
    pub crashes: u64,
    /// Frames sent.
    pub frames: u64,
    /// Bytes of Batches frames that arrived.
    pub batch_bytes: u64,
    /// Bytes of all others that arrived.
    pub other_bytes: u64,
    /// Bytes of batches taken in from others.
    pub adopted_bytes: u64,
    /// Bytes of Batches frames lost with links.
    pub lost_bytes: u64,
    /// Batches refused by nodes.
    pub refused: u64,
    /// Alarms.
    pub alarms: u64,
    /// Logs that were forked in the end.
    pub forks: u64,
    /// Links cut for a fault of the other side.
    pub quarrels: u64,
    /// How often links had to be made anew until all was equal.
    pub rounds: u64,
    /// Ledgers looked at.
    pub audits: u64,
    /// Pairs of gateways of which one could not starve beside the other.
    pub fed: u64,
    /// Payments settled, in the end.
    pub postings: u64,
    /// Members whose chain was split in the end.
    pub split: u64,
    /// Of the frozen ones, whom households let go on in the end.
    pub freed: u64,
    /// Members who went on with another key by word of guardians or households.
    pub renewed: u64,
    /// Virtual milliseconds.
    pub virtual_ms: u64,
}

impl Tally {
    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        self.happenings += other.happenings;
        self.acknowledged += other.acknowledged;
        self.sessions += other.sessions;
        self.crashes += other.crashes;
        self.frames += other.frames;
        self.batch_bytes += other.batch_bytes;
        self.other_bytes += other.other_bytes;
        self.adopted_bytes += other.adopted_bytes;
        self.lost_bytes += other.lost_bytes;
        self.refused += other.refused;
        self.alarms += other.alarms;
        self.forks += other.forks;
        self.quarrels += other.quarrels;
        self.rounds = self.rounds.max(other.rounds);
        self.audits += other.audits;
        self.fed += other.fed;
        self.postings += other.postings;
        self.split += other.split;
        self.freed += other.freed;
        self.renewed += other.renewed;
        self.virtual_ms += other.virtual_ms;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} posts acknowledged, {} links, {} crashes, {} happenings in {} h of virtual time; {} frames, {} bytes of \
             batches for {} that had to cross ({} lost with links), {} other bytes; {} forks, {} alarms, {} quarrels, \
             {} batches refused, at most {} rounds of links to heal; {} payments settled, {} chains split, {} of their owners freed, {} keys renewed by others, ledgers looked \
             at {} times, {} pairs fed",
            self.acknowledged,
            self.sessions,
            self.crashes,
            self.happenings,
            self.virtual_ms / 3_600_000,
            self.frames,
            self.batch_bytes,
            self.adopted_bytes,
            self.lost_bytes,
            self.other_bytes,
            self.forks,
            self.alarms,
            self.quarrels,
            self.refused,
            self.rounds,
            self.postings,
            self.split,
            self.freed,
            self.renewed,
            self.audits,
            self.fed,
        )
    }
}

/// A run that failed, ready to be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// What did not hold.
    pub broken: Broken,
    /// The command that shows it again.
    pub command: String,
    /// The last lines of the trace.
    pub tail: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Broken { invariant, what, at_ms, happening } = &self.broken;
        write!(
            f,
            "{}\nFAILED: seed {}, happening {happening}, {}.{:03} s: \"{invariant}\" does not hold\n  {what}\n  again, with \
             every event: {}",
            self.tail,
            self.seed,
            at_ms / 1_000,
            at_ms % 1_000,
            self.command
        )
    }
}
