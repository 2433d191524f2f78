//! A neighbourhood in memory: nodes, their logs, and hands that post.
#![allow(dead_code)]

pub mod book;
pub mod cases;
pub mod history;
pub mod mesh;
pub mod street;

use std::collections::BTreeMap;

use commons_core::admission::Rejection;
use commons_core::clock::{Clock, Now};
use commons_core::codec::{encode_record, SignedRecord};
use commons_core::identity::{GatewayKeys, MemberKey, MemberKeys, NetworkId};
use commons_core::log::{Age, Epoch, Held, LogKey};
use commons_core::node::{record_in, Input, Node, Output, Quotas, Setup};
use commons_core::receipt::{Accepted, Outcome};
use commons_core::record::{Body, Mark, Record, RECORD_VERSION};
use commons_core::scorecard::responses::Responses;
use commons_core::submission::{Content, Sender, Submission};
use commons_core::views::item::ItemState;
use commons_core::views::{EntryRef, Library};

/// A Friday in November 2026.
pub const START_S: u64 = 1_795_000_000;

/// One gateway, its node and its journal.
pub struct Gateway {
    pub node: Node,
    pub journal: Vec<Held>,
    pub now: Now,
    seed: u8,
    stewards: Vec<MemberKey>,
}

struct Shelf<'a> {
    journal: &'a [Held],
    logs: BTreeMap<u16, LogKey>,
}

impl Library for Shelf<'_> {
    fn record(&self, at: EntryRef) -> Option<Record> {
        let log = self.logs.get(&at.log)?;
        let held = self.journal.iter().find(|held| held.log == *log && held.number == u64::from(at.batch))?;
        record_in(&held.bytes, at.place)
    }
}

fn node(seed: u8, stewards: &[MemberKey], age: Age, now: Now) -> Node {
    Node::new(Setup {
        network: NetworkId::of("test"),
        keys: GatewayKeys::from_seed(&[seed; 32]),
        epoch: Epoch(seed.into()),
        stewards: stewards.iter().copied().collect(),
        quotas: Quotas { open_items_per_sender_max: 20, items_max: 1_000 },
        clock: Clock::new(age, START_S, now),
    })
}

impl Gateway {
    pub fn new(seed: u8) -> Self {
        Self::with_stewards(seed, &[])
    }

    pub fn with_stewards(seed: u8, stewards: &[MemberKey]) -> Self {
        let now = Now { uptime_ms: 0, wall_s: START_S, synchronised: true };
        Self { node: node(seed, stewards, Age(0), now), journal: Vec::new(), now, seed, stewards: stewards.to_vec() }
    }

    /// Lets time pass and ticks.
    pub fn wait_s(&mut self, s: u64) -> Vec<Output> {
        self.now.uptime_ms += s * 1_000;
        self.now.wall_s += s;
        self.handle(Input::Tick)
    }

    pub fn handle(&mut self, input: Input) -> Vec<Output> {
        let logs = (0..64).filter_map(|index| Some((index, *self.node.log(index)?))).collect();
        let shelf = Shelf { journal: &self.journal, logs };
        let outputs = self.node.handle(self.now, input, &shelf);
        let sealed = self.node.seal(self.now);
        self.journal.extend(sealed);
        outputs
    }

    pub fn submit(&mut self, submission: Submission) -> Outcome {
        let outputs = self.handle(Input::Submit(Box::new(submission)));
        let mut answers = outputs.into_iter().filter_map(|output| match output {
            Output::Answer(outcome) => Some(outcome),
            _ => None,
        });
        let answer = answers.next().expect("one answer");
        assert!(answers.next().is_none(), "only one answer");
        answer
    }

    pub fn post_as(&mut self, who: &str, kind: &str, payload: &str) -> Outcome {
        self.submit(Submission::parse(kind, payload.as_bytes(), sender(who)).map_err(|refused| refused.rejection)?)
    }

    pub fn post(&mut self, kind: &str, payload: &str) -> Outcome {
        self.post_as("mqtt:somebody", kind, payload)
    }

    pub fn must(&mut self, kind: &str, payload: &str) -> Accepted {
        self.post(kind, payload).unwrap_or_else(|why| panic!("{kind} {payload}: {why}"))
    }

    pub fn state(&self, id: &str) -> Option<ItemState> {
        let logs = (0..64).filter_map(|index| Some((index, *self.node.log(index)?))).collect();
        let shelf = Shelf { journal: &self.journal, logs };
        let item = self.node.board().find(id)?;
        self.node.item_state(&item.id, self.now, &shelf)
    }

    pub fn status(&self, id: impl ToString) -> &'static str {
        self.state(&id.to_string()).map_or("gone", |state| state.status)
    }

    /// The power goes and comes back: only the journal is left.
    pub fn restart(&mut self) {
        self.restart_with(Responses::default());
    }

    /// The same, with what the gateway noted of needs whose time is over.
    pub fn restart_with(&mut self, kept: Responses) {
        let mut fresh = node(self.seed, &self.stewards, self.node.age(self.now), self.now);
        fresh.restore_responses(kept);
        for held in self.journal.clone() {
            fresh.load(held).expect("own journal loads");
        }
        fresh.loaded(self.now);
        self.node = fresh;
    }

    /// Takes in what the other has and this one has not.
    pub fn pull(&mut self, other: &Gateway) {
        let known: std::collections::BTreeSet<(LogKey, u64)> =
            self.journal.iter().map(|held| (held.log, held.number)).collect();
        for held in &other.journal {
            if !known.contains(&(held.log, held.number)) {
                let outputs = self.handle(Input::Batch(held.clone()));
                for output in outputs {
                    assert!(!matches!(output, Output::BatchRefused(_)), "{output:?}");
                }
            }
        }
    }
}

pub fn sender(who: &str) -> Sender {
    Sender { key: who.to_string(), person: who.to_string(), once: String::new(), exempt: false }
}

pub fn member(seed: u8) -> MemberKeys {
    MemberKeys::from_seed(&[seed; 32])
}

pub fn code_of(rejection: Outcome) -> &'static str {
    match rejection {
        Ok(_) => "accepted",
        Err(why) => Rejection::code(&why),
    }
}

/// A finished record with its author's signature, ready to hand in.
pub fn signed(keys: &MemberKeys, mark: u32, body: Body) -> Submission {
    let record =
        Record { version: RECORD_VERSION, created: START_S, mark: Mark { sender: mark, content: mark.into() }, body };
    let bytes = encode_record(&record);
    let signature = keys.sign(&NetworkId::of("test"), &bytes);
    let signed = SignedRecord { author: keys.key(), record: bytes, signature };
    Submission {
        kind: record.body.kind(),
        sender: sender("mqtt:m"),
        reference: String::new(),
        content: Content::Signed(signed),
    }
}
