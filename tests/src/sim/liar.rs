//! Peers that lie: the same code as everybody's, spoiled on its way out, and frames made up from what they heard.

use commons_core::batch::{genesis, read_batch, seal_batch, Item};
use commons_core::clock::Interval;
use commons_core::codec::{encode_record, Author};
use commons_core::identity::{BatchHash, GatewayKeys};
use commons_core::log::{Epoch, Lane, LogKey};
use commons_core::record::{Body, Mark, Notice, Record, RECORD_VERSION};
use commons_core::submission::{Content, DraftBody, Sender, Submission};
use commons_core::sync::frame::{Branch, HeadLine, LogRef, Parcel, Run};
use commons_core::sync::Frame;

use super::site::{Kind, START_S};
use super::world::World;

/// Numbers for logs that a sync core never gets to.
const INDEX: u64 = 6_000;

impl World {
    /// What becomes of a frame on its way out: itself, for everybody who means well.
    pub(super) fn spoil(&mut self, at: usize, link: u32, frame: Vec<u8>) -> Vec<Vec<u8>> {
        if self.sites[at].kind != Kind::Liar || self.healing {
            return vec![frame];
        }
        if self.heard.len() < 64 {
            self.heard.push(frame.clone());
        }
        if self.sites[at].mute && frame.get(1) == Some(&3) {
            return Vec::new();
        }
        let mut frame = frame;
        if frame.get(1) == Some(&3) && self.dice.once_in(4) {
            frame = self.misdate(at, &frame).unwrap_or(frame);
        }
        match self.dice.below(24) {
            0 => Vec::new(),
            1 => vec![frame.clone(), frame],
            2 => {
                let place = self.dice.below(frame.len() as u64) as usize;
                frame[place] ^= 1 << self.dice.below(8);
                vec![frame]
            }
            3 => {
                frame.truncate(self.dice.below(frame.len() as u64) as usize);
                vec![frame]
            }
            4 => {
                let old = self.dice.pick(&(0..self.heard.len()).collect::<Vec<_>>());
                self.say(|| format!("liar {at} replays a frame on {link}"));
                vec![frame, self.heard[old].clone()]
            }
            _ => vec![frame],
        }
    }

    /// Says of batches it hands on that they have lived for ages, or not at all: nobody signs that.
    fn misdate(&mut self, at: usize, frame: &[u8]) -> Option<Vec<u8>> {
        let Ok(Frame::Batches(mut runs)) = Frame::decode(frame) else { return None };
        let spent_s = self.dice.pick(&[0, 100, 86_400, u32::MAX]);
        let mut any = false;
        for run in &mut runs {
            let Some(log) = run.log.name else { continue };
            for parcel in &mut run.parcels {
                parcel.spent_s = spent_s;
                self.note_misdated(&log, parcel.bytes);
                any = true;
            }
        }
        if any {
            self.say(|| format!("liar {at} hands on batches as if they had lived for {spent_s} s"));
        }
        any.then(|| Frame::Batches(runs).encode())
    }

    /// How long these stand is the liar's word from now on, for whoever has them from it.
    fn note_misdated(&mut self, log: &LogKey, bytes: &[u8]) {
        let Ok(batch) = read_batch(bytes) else { return };
        self.misdated.extend(batch.items.iter().map(|item| item.id(&self.network, &log.gateway)));
    }

    /// A liar makes something up.
    pub(super) fn lie(&mut self) {
        let liars: Vec<usize> = (0..self.sites.len()).filter(|at| self.sites[*at].kind == Kind::Liar).collect();
        if liars.is_empty() || !self.dice.once_in(2) {
            return;
        }
        let at = self.dice.pick(&liars);
        let links: Vec<(u32, usize)> = self
            .wires
            .iter()
            .filter(|(_, wire)| wire.ends.contains(&at) && wire.up == [true; 2] && !wire.cut)
            .map(|(link, wire)| (*link, wire.side(at)))
            .collect();
        if links.is_empty() {
            return;
        }
        let (link, side) = self.dice.pick(&links);
        match self.dice.below(6) {
            0 => {
                let length = self.dice.below(300);
                let mut frame: Vec<u8> = (0..length).map(|_| self.dice.bits() as u8).collect();
                if self.dice.once_in(2) && frame.len() > 2 {
                    frame[0] = 1;
                    frame[1] = self.dice.below(9) as u8;
                }
                self.inject(link, side, frame);
            }
            1 => self.false_heads(at, link, side),
            2 => self.tampered_batch(at, link, side),
            3 => self.other_peoples_signature(at, link, side),
            4 => self.false_proof(at, link, side),
            _ => self.fork_own_log(at, &links),
        }
    }

    /// A log it has, honest ones first.
    fn some_log(&mut self, at: usize) -> Option<LogKey> {
        let logs: Vec<LogKey> = self.sites[at].disk.logs.keys().copied().collect();
        (!logs.is_empty()).then(|| self.dice.pick(&logs))
    }

    fn index(&mut self, log: LogKey) -> LogRef {
        LogRef { index: (INDEX + self.dice.below(2_000)) as u32, name: Some(log) }
    }

    fn false_heads(&mut self, at: usize, link: u32, side: usize) {
        let Some(log) = self.some_log(at) else { return };
        let next = self.sites[at].disk.next(&log);
        let more = self.dice.pick(&[0, 1, 5, 100_000]);
        let first = self.dice.pick(&[0, 0, next, next + more]);
        let line = HeadLine {
            log: self.index(log),
            hops: self.dice.below(4) as u8,
            frozen: self.dice.once_in(4),
            first: first.min(next + more),
            next: next + more,
            hash: self.dice.bits().to_be_bytes(),
        };
        self.say(|| format!("liar {at} announces {log:?} up to {} on {link}", line.next));
        let frame =
            Frame::Heads { age: self.dice.below(1_000), all: true, lazy: self.dice.once_in(2), lines: vec![line] };
        self.inject(link, side, frame.encode());
    }

    fn tampered_batch(&mut self, at: usize, link: u32, side: usize) {
        let Some(log) = self.some_log(at) else { return };
        let numbers: Vec<u64> = self.sites[at].disk.logs[&log].keys().copied().collect();
        let number = self.dice.pick(&numbers);
        let mut bytes = self.sites[at].disk.logs[&log][&number].bytes.clone();
        let place = self.dice.below(bytes.len() as u64) as usize;
        bytes[place] ^= 1 << self.dice.below(8);
        let from = number + self.dice.below(2);
        self.push(at, link, side, log, from, &bytes);
    }

    /// A batch in the log of somebody else, signed by the liar.
    fn other_peoples_signature(&mut self, at: usize, link: u32, side: usize) {
        let Some(log) = self.some_log(at) else { return };
        let number = self.sites[at].disk.next(&log);
        let bytes = self.forged(at, &log, number, "in your name").0;
        self.push(at, link, side, log, number, &bytes);
    }

    fn false_proof(&mut self, at: usize, link: u32, side: usize) {
        let Some(log) = self.some_log(at) else { return };
        let Some((number, held)) = self.sites[at].disk.logs[&log].last_key_value().map(|(n, held)| (*n, held.clone()))
        else {
            return;
        };
        let forged = self.forged(at, &log, number, "a fork that is none").0;
        let branch = |bytes| Branch { number, prev: held.prev, spent_s: 0, bytes };
        let branches = vec![branch(held.bytes.as_slice()), branch(forged.as_slice())];
        let frame = Frame::Fork { log, branches }.encode();
        self.say(|| format!("liar {at} claims a fork of {log:?} on {link}"));
        self.inject(link, side, frame);
    }

    /// Two batches with one number, one to each of two neighbours.
    fn fork_own_log(&mut self, at: usize, links: &[(u32, usize)]) {
        let log = LogKey { gateway: self.sites[at].id, lane: Lane::Board, epoch: Epoch(666) };
        for (turn, (link, side)) in links.iter().take(2).enumerate() {
            let bytes = self.forged(at, &log, 0, if turn == 0 { "yes" } else { "no" }).0;
            self.push(at, *link, *side, log, 0, &bytes);
        }
    }

    fn push(&mut self, at: usize, link: u32, side: usize, log: LogKey, from: u64, bytes: &[u8]) {
        self.say(|| format!("liar {at} pushes a batch {from} of {log:?} on {link}"));
        self.note_misdated(&log, bytes);
        let run = Run {
            log: self.index(log),
            live: self.dice.once_in(2),
            hops: 1,
            from,
            prev: None,
            parcels: vec![Parcel { spent_s: self.dice.below(1_000_000) as u32, bytes }],
        };
        self.inject(link, side, Frame::Batches(vec![run]).encode());
    }

    /// A batch signed by the liar.
    fn forged(&mut self, at: usize, log: &LogKey, number: u64, text: &str) -> (Vec<u8>, BatchHash) {
        let keys = GatewayKeys::from_seed(&self.sites[at].seed);
        let prev = if number == 0 { genesis(&self.network, log) } else { self.last_hash(at, log) };
        let record = encode_record(&Record {
            version: RECORD_VERSION,
            created: START_S,
            mark: Mark { sender: 1, content: 1 },
            body: Body::Notice(notice(text)),
        });
        let items = [Item::Entry { author: Author::Guest, record: &record, signature: None }];
        let received = Interval { lo: START_S, hi: None };
        seal_batch(&keys, &self.network, log, number, &prev, received, &items)
    }

    fn last_hash(&self, at: usize, log: &LogKey) -> BatchHash {
        let head = self.sites[at].run.as_ref().and_then(|run| run.node.head(log));
        head.map_or(BatchHash([0; 32]), |head| head.hash)
    }
}

fn notice(text: &str) -> Notice {
    let sender = Sender { key: String::new(), person: String::new(), once: String::new(), exempt: true };
    match Submission::parse("notice", text.as_bytes(), sender).map(|submission| submission.content) {
        Ok(Content::Draft(draft)) => match draft.body {
            DraftBody::Notice(notice) => notice,
            _ => unreachable!("a notice parses as one"),
        },
        _ => unreachable!("a few words are a notice"),
    }
}
