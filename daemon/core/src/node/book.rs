//! What people are shown of the ledger, with the words that only the log has: memos, and proofs that can be carried.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::logs::Overlay;
use super::Node;
use crate::codec::{record_id, Author, SignedRecord};
use crate::identity::{hex, GatewayId, MemberId, RecordId};
use crate::ledger::{Account, CovenantCard, DecisionCard, Fork, HistoryPage, Payslip};
use crate::record::{Body, Record};
use crate::views::{EntryRef, Library};

/// Where records of members' chains lie, by the first 8 bytes of their ids: about 30 bytes a record. Who makes two records whose
/// ids begin alike is not shown the words of one of them.
#[derive(Default)]
pub(super) struct Book {
    places: BTreeMap<u64, EntryRef>,
    /// Where a proof lies that holds the record: the other half of a fork need not be in any log that is here.
    shown: BTreeMap<u64, EntryRef>,
}

impl Book {
    /// Notes where a record lies; the first place stays.
    pub fn note(&mut self, id: &RecordId, at: EntryRef, body: &Body) {
        if body.link().is_some() {
            self.places.entry(key(id)).or_insert(at);
        }
    }

    /// Notes which records a proof holds that the ledger has taken.
    pub fn note_proof(&mut self, pairs: &[((u16, u32), [RecordId; 2])], at: EntryRef) {
        for id in pairs.iter().flat_map(|(_, ids)| ids).filter(|id| !self.places.contains_key(&key(id))) {
            self.shown.entry(key(id)).or_insert(at);
        }
    }

    /// Where all lie, by key.
    pub fn places(&self) -> impl Iterator<Item = (u64, EntryRef)> + '_ {
        self.places.iter().map(|(key, at)| (*key, *at))
    }

    /// Where the proofs lie that hold records, by key of these.
    pub fn shown(&self) -> impl Iterator<Item = (u64, EntryRef)> + '_ {
        self.shown.iter().map(|(key, at)| (*key, *at))
    }

    /// Adds places of records and of proofs that were known before all others, sorted by key.
    pub fn put_before(&mut self, places: Vec<(u64, EntryRef)>, shown: Vec<(u64, EntryRef)>) {
        for (all, earlier) in [(&mut self.places, places), (&mut self.shown, shown)] {
            let later = core::mem::replace(all, earlier.into_iter().collect());
            for (key, at) in later {
                all.entry(key).or_insert(at);
            }
        }
    }

    fn place(&self, id: &RecordId) -> Option<EntryRef> {
        self.places.get(&key(id)).copied()
    }
}

fn key(id: &RecordId) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = id.0;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

impl Node {
    /// The community of this network: the one with the smallest id, if there are several.
    pub fn covenant(&self) -> Option<CovenantCard> {
        let (id, _) = self.ledger.covenants().next()?;
        self.ledger.covenant_card(id)
    }

    /// A member's own account as this gateway can serve it.
    pub fn account(&self, id: &MemberId, library: &dyn Library) -> Option<Account> {
        let mut account = self.ledger.account(&self.me, id)?;
        account.open.iter_mut().for_each(|slip| self.add_words(slip, library));
        Some(account)
    }

    /// A page of a member's history, newest first.
    pub fn history(
        &self,
        id: &MemberId,
        before: Option<u32>,
        limit: usize,
        library: &dyn Library,
    ) -> Option<HistoryPage> {
        let mut page = self.ledger.history_page(id, before, limit)?;
        page.movements.iter_mut().for_each(|slip| self.add_words(slip, library));
        Some(page)
    }

    /// The forks of a member's chain, each with its proof if both its records are in a log that is here.
    pub fn forks(&self, id: &MemberId, library: &dyn Library) -> Vec<Fork> {
        let pairs = self.ledger.fork_pairs(id).into_iter();
        let forks = pairs.map(|((epoch, seq), [first, second])| {
            let sides = [first, second].map(|id| self.signed(&id, library).map(|signed| hex(&signed.encode())));
            let proof = match sides {
                [Some(first), Some(second)] => Some([first, second]),
                _ => None,
            };
            Fork { epoch, seq, records: [first, second].map(|id| alloc::format!("{id}")), proof }
        });
        forks.collect()
    }

    /// What households have proposed and decided, with the reasons given.
    pub fn decisions(&self, library: &dyn Library) -> Vec<DecisionCard> {
        let mut cards = self.ledger.decision_cards();
        for card in &mut cards {
            let record = RecordId::parse(&card.id).and_then(|id| self.words(&id, library));
            if let Some(Body::Decide(decide)) = record.map(|record| record.body) {
                card.text = decide.text;
            }
        }
        cards
    }

    /// A record of a member's chain with its signature, as he handed it in.
    pub fn signed(&self, id: &RecordId, library: &dyn Library) -> Option<SignedRecord> {
        let overlay = Overlay { node: self, library };
        let is_it = |signed: &SignedRecord| {
            let author = Author::Member(signed.author);
            record_id(&self.network, &GatewayId([0; 32]), &author, &signed.record) == *id
        };
        if let Some(at) = self.book.place(id) {
            return overlay.signed(at).filter(is_it);
        }
        let brought = overlay.signed(*self.book.shown.get(&key(id))?)?;
        let Body::ForkProof(proof) = crate::codec::read_record(&brought.record).ok()?.body else { return None };
        let sides = [proof.first, proof.second].into_iter().filter_map(|side| SignedRecord::decode(&side).ok());
        sides.into_iter().find(is_it)
    }

    fn words(&self, id: &RecordId, library: &dyn Library) -> Option<Record> {
        crate::codec::read_record(&self.signed(id, library)?.record).ok()
    }

    fn add_words(&self, slip: &mut Payslip, library: &dyn Library) {
        let record = RecordId::parse(&slip.id).and_then(|id| self.words(&id, library));
        match record.map(|record| record.body) {
            Some(Body::Pay(pay)) => {
                slip.memo = pay.memo;
                slip.item = pay.item.map(|item| alloc::format!("{item}"));
            }
            Some(Body::Decide(decide)) => slip.memo = decide.text,
            _ => {}
        }
    }
}
