//! The state that begins a subscription: asked for page by page, sent as the client's window allows, and sent again when
//! live messages were missed.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use commons_core::topic::{matches, reads, Topic};
use commons_core::views::item::{ItemKind, ItemState};
use tokio::sync::oneshot;

use super::{Answer, Match, Reading, Subscription, RETRY_AFTER};
use crate::door::batch::Item;
use crate::door::bulletin::{sys, GATEWAY};
use crate::door::flow::{item_lane, GATEWAY_LANE};
use crate::door::herald::Ask;
use crate::door::session::outbound::Source;
use crate::door::session::Session;
use crate::inbox::Retained;

/// Retained messages in one answer of the writer.
const RETAINED_PAGE: usize = 256;

/// What is still to be sent of the state under one filter.
#[derive(Clone)]
pub(super) struct Job {
    pub(super) filter: Arc<str>,
    pub(super) matched: Match,
    pub(super) steps: VecDeque<Part>,
    pub(super) done: VecDeque<Part>,
    /// Where the next page of items begins.
    pub(super) from: u32,
    /// After which topic the next page of gadgets' messages begins.
    pub(super) after: Option<String>,
    pub(super) again: bool,
    /// Some of it is sent, or asked for.
    pub(super) begun: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Items(ItemKind),
    Gateway,
    Sys,
    Local,
}

pub(super) enum Piece {
    Item(Arc<ItemState>),
    Gone(ItemKind, Arc<str>),
    Posted(String, Bytes),
    Retained(Retained),
}

impl Job {
    pub(super) fn of(subscription: &Subscription, shows: &commons_core::topic::Reads<'_>, retain: bool) -> Self {
        let mut steps = VecDeque::new();
        for (&kind, wanted) in ItemKind::ALL.iter().zip(shows.items) {
            if wanted {
                steps.push_back(Part::Items(kind));
            }
        }
        if shows.gateway {
            steps.push_back(Part::Gateway);
        }
        if shows.local.is_some() {
            steps.push_back(Part::Local);
        }
        if shows.sys {
            steps.push_back(Part::Sys);
        }
        Self {
            filter: subscription.filter.clone(),
            matched: Match {
                qos: subscription.qos,
                retain_as_published: true,
                retain: Some(retain),
                identifiers: Vec::from_iter((subscription.identifier > 0).then_some(subscription.identifier)),
            },
            steps,
            done: VecDeque::new(),
            from: 0,
            after: None,
            again: false,
            begun: false,
        }
    }

    pub(super) fn next_part(&mut self) {
        (self.from, self.after) = (0, None);
        self.done.extend(self.steps.pop_front());
    }
}

impl Reading {
    pub(super) fn stop_page(&mut self) {
        self.asking = None;
        self.page = VecDeque::new();
        self.mark = None;
        self.gated = false;
    }

    pub(super) fn restart_job(&mut self) {
        self.stop_page();
        if let Some(job) = self.jobs.front_mut() {
            let mut steps = std::mem::take(&mut job.done);
            steps.append(&mut job.steps);
            job.steps = steps;
            (job.from, job.after, job.begun) = (0, None, false);
        }
    }

    /// Live messages of a lane were missed: the state under every filter that reads it is sent again.
    pub(super) fn send_again(&mut self, client_id: &str, lanes: u32) {
        for subscription in &self.subscriptions {
            // What the gadgets said and nobody kept is gone.
            let stateful = subscription.lanes & lanes & ((1 << (GATEWAY_LANE + 1)) - 1) != 0;
            // One that has begun may have passed what was missed.
            let waits = |job: &Job| job.again && !job.begun && job.filter == subscription.filter;
            if stateful && !self.jobs.iter().any(waits) {
                let mut shows = reads(&subscription.filter, client_id, None);
                (shows.local, shows.sys) = (None, false);
                let mut job = Job::of(subscription, &shows, false);
                job.again = true;
                self.jobs.push_back(job);
            }
        }
    }

    /// The client is back: what could not be kept is said again as it is now.
    pub fn on_return(&mut self, client_id: &str) {
        if std::mem::take(&mut self.missed) {
            self.send_again(client_id, u32::MAX);
        }
    }

    /// Asks for the next part of the first snapshot.
    pub(super) fn ask(&mut self) {
        if self.asking.is_some() || !self.page.is_empty() || self.mark.is_some() || !self.is_joined() {
            return;
        }
        self.gated = false;
        // No event tells of a job that is done: the next one begins at once.
        while self.jobs.front().is_some_and(|job| job.steps.is_empty()) {
            self.jobs.pop_front();
        }
        let Some(job) = self.jobs.front_mut() else {
            return;
        };
        let Some(part) = job.steps.front().copied() else {
            return;
        };
        let shared = self.shared.clone();
        job.begun = true;
        let (from, after) = (job.from, job.after.clone());
        match part {
            Part::Items(kind) => {
                self.gated = true;
                self.asking = Some(Box::pin(async move {
                    let (reply, answer) = oneshot::channel();
                    // Both fail only while the herald begins anew; then the part is asked for again.
                    let asked = shared.asks.send(Ask { kind, from, reply }).await;
                    let page = match asked {
                        Ok(()) => answer.await.ok(),
                        Err(_) => None,
                    };
                    if page.is_none() {
                        tokio::time::sleep(RETRY_AFTER).await;
                    }
                    Answer::Items(kind, page)
                }));
            }
            Part::Local => {
                // Or a gadget's newer state would come before the older one of this page.
                self.gated = true;
                self.asking = Some(Box::pin(async move { Answer::Local(shared.inbox.retained_after(after).await) }));
            }
            Part::Gateway => {
                let (posted, count) = shared.bulletin.read(&shared.flow);
                self.page = posted.into_iter().map(|(topic, payload)| Piece::Posted(topic, payload)).collect();
                self.gated = true;
                self.mark = Some((GATEWAY_LANE, count));
                job.next_part();
            }
            Part::Sys => {
                self.page = sys(&shared).into_iter().map(|(topic, payload)| Piece::Posted(topic, payload)).collect();
                job.next_part();
            }
        }
    }

    pub(super) fn on_answer(&mut self, answer: Answer) {
        let Some(job) = self.jobs.front_mut() else {
            self.gated = false;
            return;
        };
        match answer {
            Answer::Items(_, None) => {
                self.gated = false;
            }
            Answer::Items(kind, Some(page)) => {
                self.mark = Some((item_lane(kind), page.mark));
                if job.again && job.from == 0 {
                    self.page.extend(page.gone.into_iter().map(|id| Piece::Gone(kind, id)));
                }
                match page.next {
                    Some(next) => job.from = next,
                    None => job.next_part(),
                }
                self.page.extend(page.items.into_iter().map(Piece::Item));
            }
            Answer::Local(retained) => {
                match retained.last() {
                    Some(last) if retained.len() >= RETAINED_PAGE => job.after = Some(last.topic.clone()),
                    _ => job.next_part(),
                }
                let filter = job.filter.clone();
                let wanted = retained.into_iter().filter(|message| matches(&filter, &message.topic));
                self.page.extend(wanted.map(Piece::Retained));
            }
        }
    }

    /// Whether part of a snapshot waits to be sent.
    pub fn has_page(&self) -> bool {
        !self.page.is_empty()
    }
}

impl Session {
    /// Sends what the page holds, as far as there is room. True: the page is done, go on.
    pub fn send_page(&mut self) -> bool {
        let Some(mark) = self.reading.mark.or(Some((0, 0))) else {
            return false;
        };
        if self.connection.is_none() || !self.reading.is_reached(mark) || !self.outbound.is_free() {
            return false;
        }
        let Some(job) = self.reading.jobs.front() else {
            return false;
        };
        // The queue may hold older states of the same items.
        if job.again && !self.outbound.has_no_queue() {
            return false;
        }
        let had = self.reading.mark.is_some() || !self.reading.page.is_empty();
        let (filter, matched) = (job.filter.clone(), job.matched.clone());
        while let Some(piece) = self.reading.page.front() {
            let room = self.connection.as_ref().is_some_and(|connection| connection.has_room());
            if !room || !self.outbound.has_window(matched.qos, self.shared.config.queue_bytes_max) {
                return false;
            }
            let (topic, payload, qos) = match piece {
                Piece::Item(item) => {
                    let topic = ItemKind::parse(item.kind).and_then(|kind| Topic::Item(kind, &item.id).text());
                    let json = serde_json::to_vec(item.as_ref()).unwrap_or_default();
                    (topic.unwrap_or_default(), Bytes::from(json), 2)
                }
                Piece::Gone(kind, id) => (Topic::Item(*kind, id).text().unwrap_or_default(), Bytes::new(), 2),
                Piece::Posted(topic, payload) => (topic.clone(), payload.clone(), 2),
                Piece::Retained(message) => (message.topic.clone(), message.payload.clone(), message.qos),
            };
            self.reading.page.pop_front();
            if matches(&filter, &topic) {
                let item =
                    Item { topic: &topic, properties: &[], payload: &payload, qos, retain: true, expiry_s: None };
                self.deliver(&item, Source::Own, &matched, (GATEWAY, 0), false);
            }
        }
        if self.reading.asking.is_some() {
            return false;
        }
        // A page is large, and 500 phones each have one.
        self.reading.page = VecDeque::new();
        self.reading.mark = None;
        self.reading.gated = false;
        had
    }
}
