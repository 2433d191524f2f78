//! What a client reads: its subscriptions, its places in the lanes, and the snapshots that begin each subscription.
//!
//! A SUBSCRIBE is done in order: the session joins the lanes, then SUBACK, then the current state page by page, paced by
//! the client's own window. While a page of items is asked for and sent, live messages wait in the lane's ring (see
//! `herald` for why that keeps older states behind newer ones). A session that missed live messages (the ring moved on,
//! or the router was rebuilt) gets the state again.
//!
//! | file | |
//! |---|---|
//! | `reading/link` | the places in the lanes |
//! | `reading/snapshot` | the state, page by page |

mod link;
mod snapshot;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use commons_core::topic::{matches, reads, LEDGER_PREFIX};
use commons_core::views::item::ItemKind;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use link::{Link, Note};
use snapshot::{Job, Piece};

use super::Session;
use crate::door::flow::lanes_of;
use crate::door::herald::Page;
use crate::door::packet::Subscribe;
use crate::door::reply::codes;
use crate::door::Shared;
use crate::inbox::Retained;

/// Subscriptions of one client, at most.
const SUBSCRIPTIONS_MAX: usize = 128;
/// SUBSCRIBE and UNSUBSCRIBE packets of one client that wait.
const OPERATIONS_MAX: usize = 64;
/// Why somebody may not read an account.
const ACCOUNT_REFUSED: &str =
    "an account is its member's alone: connect with the member's id as user and a pass as password";
/// Before the lanes of a new router are joined, or a page is asked for again.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// How a topic is read: under the widest QoS of the subscriptions that match it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The highest of them.
    pub qos: u8,
    /// One of them wants the flag as published.
    pub retain_as_published: bool,
    /// Set for snapshots.
    pub retain: Option<bool>,
    /// Of those that have one.
    pub identifiers: Vec<u32>,
}

struct Subscription {
    filter: Arc<str>,
    qos: u8,
    no_local: bool,
    retain_as_published: bool,
    identifier: u32,
    lanes: u32,
}

/// What else a confirmed SUBSCRIBE leads to.
#[derive(Clone, Copy, Default)]
struct Confirmed {
    /// It begins the client's own account.
    account: bool,
    /// It asked for an account that is not his.
    refused_account: bool,
}

enum Operation {
    Subscribe(Subscribe),
    /// The lanes are joined as soon as there is a router; then these codes, then these snapshots.
    Confirming(u16, Vec<u8>, Vec<Job>, Confirmed),
    Unsubscribe(u16, Vec<String>),
}

/// Whether live messages may be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Yes.
    Open,
    /// A page goes first.
    Closed,
}

/// An answer to a question of ours.
pub enum Answer {
    /// A page of items; none = the herald is gone for the moment.
    Items(ItemKind, Option<Page>),
    /// Retained messages of the gadgets.
    Local(Vec<Retained>),
}

/// What happened.
pub enum Event {
    /// An answer.
    Answer(Answer),
    /// Something from a lane.
    Note(Note),
    /// Time to try again.
    Retry,
}

/// Everything a client reads.
pub struct Reading {
    shared: Arc<Shared>,
    subscriptions: Vec<Subscription>,
    operations: VecDeque<Operation>,
    link: Option<Box<Link>>,
    retry: Option<Instant>,
    jobs: VecDeque<Job>,
    asking: Option<BoxFuture<'static, Answer>>,
    page: VecDeque<Piece>,
    /// The page waits for so many batches of the lane.
    mark: Option<(usize, u64)>,
    /// Live messages wait for the page.
    gated: bool,
    /// Something that the gateway said was not kept while the client was away.
    pub missed: bool,
    /// The last topic and how it is read: floods repeat themselves.
    last: Option<(String, bool, Option<Match>)>,
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.close();
    }
}

impl Reading {
    /// Nothing is read.
    pub fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            subscriptions: Vec::new(),
            operations: VecDeque::new(),
            link: None,
            retry: None,
            jobs: VecDeque::new(),
            asking: None,
            page: VecDeque::new(),
            mark: None,
            gated: false,
            missed: false,
            last: None,
        }
    }

    /// Ends everything.
    pub fn close(&mut self) {
        self.shared.gauges.subscriptions.sub(self.subscriptions.len() as u64);
        self.subscriptions.clear();
        self.operations.clear();
        self.jobs.clear();
        self.stop_page();
        self.missed = false;
        self.last = None;
        self.retry = None;
        self.unlink();
    }

    /// The client is gone: operations with it, and the snapshot under way begins anew when it is back.
    pub fn on_detach(&mut self) {
        self.operations.clear();
        self.restart_job();
    }

    /// Whether another operation must wait.
    pub fn is_full(&self) -> bool {
        self.operations.len() >= OPERATIONS_MAX
    }

    /// SUBSCRIBE.
    pub fn want(&mut self, subscribe: Subscribe) {
        self.operations.push_back(Operation::Subscribe(subscribe));
    }

    /// UNSUBSCRIBE.
    pub fn want_no_more(&mut self, packet_id: u16, filters: Vec<String>) {
        self.operations.push_back(Operation::Unsubscribe(packet_id, filters));
    }

    /// Whether live messages may be fetched.
    pub fn gate(&self) -> Gate {
        if !self.gated {
            return Gate::Open;
        }
        match self.mark {
            Some(mark) if !self.is_reached(mark) => Gate::Open,
            _ => Gate::Closed,
        }
    }

    fn is_reached(&self, (lane, count): (usize, u64)) -> bool {
        self.link.as_ref().is_none_or(|link| link.is_reached(lane, count))
    }

    /// When to join the lanes again.
    pub fn retry_at(&self) -> Option<Instant> {
        self.retry
    }

    /// How a topic is read, if it is. `own`: the client itself has published it.
    pub fn find(&mut self, topic: &str, own: bool) -> Option<Match> {
        if let Some((known, known_own, matched)) = &self.last {
            if known == topic && *known_own == own {
                return matched.clone();
            }
        }
        let mut found: Option<Match> = None;
        for subscription in &self.subscriptions {
            if (own && subscription.no_local) || !matches(&subscription.filter, topic) {
                continue;
            }
            let matched = found.get_or_insert(Match {
                qos: 0,
                retain_as_published: false,
                retain: None,
                identifiers: Vec::new(),
            });
            matched.qos = matched.qos.max(subscription.qos);
            matched.retain_as_published |= subscription.retain_as_published;
            if subscription.identifier > 0 {
                matched.identifiers.push(subscription.identifier);
            }
        }
        self.last = Some((topic.to_owned(), own, found.clone()));
        found
    }

    /// The next thing that happens. Cancelling it loses nothing.
    pub async fn next(&mut self, live: bool) -> Event {
        let retry = self.retry;
        let Self { asking, link, .. } = self;
        tokio::select! {
            answer = async { match asking { Some(asking) => asking.await, None => std::future::pending().await } } => {
                self.asking = None;
                Event::Answer(answer)
            }
            note = async { match link { Some(link) if live => link.next().await, _ => std::future::pending().await } } => Event::Note(note),
            () = async { match retry { Some(at) => tokio::time::sleep_until(at).await, None => std::future::pending().await } } => Event::Retry,
        }
    }

    fn wanted(&self) -> u32 {
        self.subscriptions.iter().fold(0, |lanes, subscription| lanes | subscription.lanes)
    }

    /// Whether every lane that is wanted is joined.
    fn is_joined(&self) -> bool {
        let wanted = self.wanted();
        wanted & !self.link.as_ref().map_or(0, |link| link.joined()) == 0
    }

    fn subscribe(&mut self, client_id: &str, member: Option<&str>, subscribe: Subscribe) -> Operation {
        let mut confirmed = Confirmed::default();
        let mut answers = Vec::with_capacity(subscribe.filters.len());
        let mut jobs = Vec::new();
        self.last = None;
        for wanted in subscribe.filters {
            if wanted.filter.starts_with("$share/") {
                answers.push(0x9e);
                continue;
            }
            if wanted.valid.is_err() {
                answers.push(0x8f);
                continue;
            }
            let shows = reads(&wanted.filter, client_id, member);
            if !shows.any() {
                confirmed.refused_account |= wanted.filter.starts_with(LEDGER_PREFIX);
                answers.push(0x87);
                continue;
            }
            let known = self.subscriptions.iter().position(|known| *known.filter == *wanted.filter);
            if known.is_none() && self.subscriptions.len() >= SUBSCRIPTIONS_MAX {
                answers.push(0x97);
                continue;
            }
            let subscription = Subscription {
                filter: wanted.filter.as_str().into(),
                qos: wanted.qos,
                no_local: wanted.no_local,
                retain_as_published: wanted.retain_as_published,
                identifier: subscribe.identifier,
                lanes: lanes_of(&shows),
            };
            if wanted.retain_handling == 0 || (wanted.retain_handling == 1 && known.is_none()) {
                jobs.push(Job::of(&subscription, &shows, true));
                confirmed.account |= shows.ledger;
            }
            match known {
                Some(at) => self.subscriptions[at] = subscription,
                None => {
                    self.shared.gauges.subscriptions.add(1);
                    self.subscriptions.push(subscription);
                }
            }
            answers.push(wanted.qos);
        }
        Operation::Confirming(subscribe.packet_id, answers, jobs, confirmed)
    }

    fn unsubscribe(&mut self, filters: &[String]) -> Vec<u8> {
        self.last = None;
        filters
            .iter()
            .map(|filter| {
                let before = self.subscriptions.len();
                self.subscriptions.retain(|known| *known.filter != **filter);
                if self.subscriptions.len() == before {
                    return 0x11;
                }
                self.shared.gauges.subscriptions.sub(1);
                0
            })
            .collect()
    }
}

impl Session {
    /// Works on operations and snapshots.
    pub fn advance_reading(&mut self) {
        loop {
            if self.connection.is_some() {
                self.reading.ask();
            }
            // A snapshot is finished before the next operation, so that a client cannot pile them up.
            if !self.reading.jobs.is_empty() {
                break;
            }
            let Some(operation) = self.reading.operations.pop_front() else {
                break;
            };
            match operation {
                Operation::Subscribe(subscribe) => {
                    let member = self.account.as_ref().map(|account| account.member());
                    let confirming = self.reading.subscribe(&self.client_id, member, subscribe);
                    self.reading.operations.push_front(confirming);
                    self.reading.reconcile();
                }
                Operation::Confirming(packet_id, answers, jobs, confirmed) => {
                    if !self.reading.is_joined() {
                        let confirming = Operation::Confirming(packet_id, answers, jobs, confirmed);
                        self.reading.operations.push_front(confirming);
                        break;
                    }
                    let reason = confirmed.refused_account.then_some(ACCOUNT_REFUSED);
                    self.write_codes(0x90, packet_id, &answers, reason);
                    self.reading.jobs.extend(jobs);
                    if let Some(account) = self.account.as_mut().filter(|_| confirmed.account) {
                        account.begin();
                    }
                }
                Operation::Unsubscribe(packet_id, filters) => {
                    let answers = self.reading.unsubscribe(&filters);
                    self.reading.reconcile();
                    self.write_codes(0xb0, packet_id, &answers, None);
                }
            }
        }
    }

    fn write_codes(&mut self, first: u8, packet_id: u16, answers: &[u8], reason: Option<&str>) {
        if let Some(connection) = &mut self.connection {
            let fits = reason.is_some_and(|reason| reason.len() + answers.len() + 16 <= connection.packet_bytes_max);
            let reason = reason.filter(|_| connection.problem_info && fits);
            codes(&mut connection.out, connection.version, first, packet_id, answers, reason);
        }
    }

    /// Something happened.
    pub fn on_reading(&mut self, event: Event) {
        match event {
            Event::Retry => {
                self.reading.retry = None;
                self.reading.reconcile();
            }
            Event::Answer(answer) => self.reading.on_answer(answer),
            Event::Note(note) => self.on_note(note),
        }
    }
}
