//! Reads the words of entries back from the store, for views that keep only what decides.

use std::cell::{OnceCell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use commons_core::batch::{record_places, signed_in};
use commons_core::codec::{read_record, SignedRecord};
use commons_core::log::{Held, LogKey};
use commons_core::node::Node;
use commons_core::record::Record;
use commons_core::views::{EntryRef, Library};

use crate::store::Store;

/// Batches kept at hand: what one page of the board and one group of posts touch. At most 64 KiB each.
const AT_HAND_MAX: usize = 16;

/// The table of logs and the batches read last.
#[derive(Default)]
pub struct Shelf {
    logs: Vec<LogKey>,
    at_hand: RefCell<VecDeque<Rc<AtHand>>>,
}

/// A batch, and where its records lie in its bytes: taken apart once, when the first of its items is shown.
struct AtHand {
    held: Held,
    places: OnceCell<Vec<Option<std::ops::Range<usize>>>>,
}

impl Shelf {
    /// Takes over the logs the node has learnt of since.
    pub fn follow(&mut self, node: &Node) {
        while let Some(log) = node.log(self.logs.len() as u16) {
            self.logs.push(*log);
        }
    }

    /// Keeps a batch at hand that was just written: its items may be shown at once.
    pub fn keep(&self, held: Held) {
        let mut at_hand = self.at_hand.borrow_mut();
        if at_hand.len() >= AT_HAND_MAX {
            at_hand.pop_back();
        }
        at_hand.push_front(Rc::new(AtHand { held, places: OnceCell::new() }));
    }

    /// Forgets what is at hand (batches were rewritten).
    pub fn clear(&self) {
        self.at_hand.borrow_mut().clear();
    }

    /// This shelf over this store.
    pub fn over<'a>(&'a self, store: &'a Store) -> OpenShelf<'a> {
        OpenShelf { shelf: self, store }
    }
}

/// A shelf with its store, ready to read.
pub struct OpenShelf<'a> {
    shelf: &'a Shelf,
    store: &'a Store,
}

impl Library for OpenShelf<'_> {
    fn record(&self, at: EntryRef) -> Option<Record> {
        let known = self.at_hand(at)?;
        let places = known.places.get_or_init(|| record_places(&known.held.bytes).unwrap_or_default());
        let place = places.get(usize::from(at.place))?.clone()?;
        read_record(known.held.bytes.get(place)?).ok()
    }

    fn signed(&self, at: EntryRef) -> Option<SignedRecord> {
        signed_in(&self.at_hand(at)?.held.bytes, at.place)
    }
}

impl OpenShelf<'_> {
    fn at_hand(&self, at: EntryRef) -> Option<Rc<AtHand>> {
        let log = self.shelf.logs.get(usize::from(at.log))?;
        let number = u64::from(at.batch);
        let is_it = |known: &&Rc<AtHand>| known.held.number == number && known.held.log == *log;
        let found = self.shelf.at_hand.borrow().iter().find(is_it).cloned();
        if found.is_some() {
            return found;
        }
        self.shelf.keep(self.store.read(log, number).ok()?);
        self.shelf.at_hand.borrow().front().cloned()
    }
}
