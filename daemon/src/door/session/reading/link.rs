//! A session's places in the rings of the lanes it reads, and what to do when messages were missed or the router has
//! died.

use std::sync::Arc;

use futures_util::future::select_all;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::broadcast::Receiver;
use tokio::time::Instant;

use super::{Reading, RETRY_AFTER};
use crate::door::feed::{Fed, Live};
use crate::door::flow::{Progress, LANES};
use crate::door::session::Session;

/// What a lane brings.
pub enum Note {
    /// A batch: its lane, its number, itself.
    Batch(usize, u64, Arc<Live>),
    /// The router is gone.
    Lost,
}

struct Place {
    lane: usize,
    receiver: Receiver<Fed>,
    /// The number of the next batch.
    next: u64,
}

impl Place {
    /// None: it was missed, which the number of the next one tells, or it is older than what is promised.
    fn note(&self, fed: Result<Fed, RecvError>) -> Option<Note> {
        match fed {
            Ok(fed) if fed.number < self.next => None,
            Ok(fed) => fed.batch.upgrade().map(|batch| Note::Batch(self.lane, fed.number, batch)),
            Err(RecvError::Lagged(_)) => None,
            Err(RecvError::Closed) => Some(Note::Lost),
        }
    }

    fn try_note(&mut self) -> Option<Note> {
        loop {
            let fed = match self.receiver.try_recv() {
                Ok(fed) => Ok(fed),
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Lagged(missed)) => Err(RecvError::Lagged(missed)),
                Err(TryRecvError::Closed) => Err(RecvError::Closed),
            };
            let note = self.note(fed);
            if note.is_some() {
                return note;
            }
        }
    }
}

/// The lanes that are read.
#[derive(Default)]
pub(super) struct Link {
    progress: Arc<Progress>,
    places: Vec<Place>,
    /// The lane to look at first: each has its turn.
    turn: usize,
}

impl Link {
    /// The lanes, as bits.
    pub(super) fn joined(&self) -> u32 {
        self.places.iter().fold(0, |lanes, place| lanes | 1 << place.lane)
    }

    /// Whether all batches of a lane below `count` were fetched.
    pub(super) fn is_reached(&self, lane: usize, count: u64) -> bool {
        self.places.iter().all(|place| place.lane != lane || place.next >= count)
    }

    fn try_next(&mut self) -> Option<Note> {
        for _ in 0..self.places.len() {
            self.turn = (self.turn + 1) % self.places.len();
            if let Some(note) = self.places[self.turn].try_note() {
                return Some(note);
            }
        }
        None
    }

    /// The next batch of any lane. Cancelling it loses nothing.
    pub(super) async fn next(&mut self) -> Note {
        loop {
            if let Some(note) = self.try_next() {
                return note;
            }
            let (fed, at) = match &mut self.places[..] {
                [] => std::future::pending().await,
                [place] => (place.receiver.recv().await, 0),
                places => {
                    let waiting = places.iter_mut().map(|place| Box::pin(place.receiver.recv()));
                    let (fed, at, _) = select_all(waiting).await;
                    (fed, at)
                }
            };
            if let Some(note) = self.places[at].note(fed) {
                return note;
            }
        }
    }
}

impl Reading {
    pub(super) fn unlink(&mut self) {
        if let Some(link) = self.link.take() {
            self.shared.flow.leave_all(&link.progress);
        }
    }

    /// Joins the lanes that are wanted and leaves the others.
    pub(super) fn reconcile(&mut self) {
        let wanted = self.wanted();
        if wanted == 0 {
            self.unlink();
            return;
        }
        if self.retry.is_some() {
            return;
        }
        let flow = &self.shared.flow;
        let link = self.link.get_or_insert_with(Box::default);
        let joined = link.joined();
        for lane in 0..LANES {
            let bit = 1 << lane;
            if wanted & bit != 0 && joined & bit == 0 {
                let (next, receiver) = flow.join(lane, &link.progress);
                link.places.push(Place { lane, receiver, next });
            }
            if wanted & bit == 0 && joined & bit != 0 {
                flow.leave(lane, &link.progress);
                link.places.retain(|place| place.lane != lane);
            }
        }
    }
}

impl Session {
    /// Fetches what is there already, without waiting. False: nothing.
    pub fn fetch_live(&mut self) -> bool {
        match self.reading.link.as_mut().and_then(|link| link.try_next()) {
            Some(note) => {
                self.on_note(note);
                true
            }
            None => false,
        }
    }

    pub(super) fn on_note(&mut self, note: Note) {
        let Note::Batch(lane, number, batch) = note else {
            self.on_router_lost();
            return;
        };
        let Some(link) = &mut self.reading.link else {
            return;
        };
        let Some(place) = link.places.iter_mut().find(|place| place.lane == lane) else {
            return;
        };
        let missed = number.saturating_sub(place.next);
        place.next = number + 1;
        self.shared.flow.fetched(lane, &link.progress, number + 1);
        if missed > 0 {
            self.shared.counters.mqtt_dropped_total.add(missed);
            let client_id = self.client_id.clone();
            self.reading.send_again(&client_id, 1 << lane);
        }
        self.outbound.take(batch);
    }

    /// The router died. New rings, and everything that may have been missed, without the client noticing more.
    pub(super) fn on_router_lost(&mut self) {
        self.reading.unlink();
        self.reading.restart_job();
        let client_id = self.client_id.clone();
        self.reading.send_again(&client_id, u32::MAX);
        self.reading.retry = Some(Instant::now() + RETRY_AFTER);
    }
}
