//! The scorecard of this node: what stands here, with what it remembers of needs whose time is over.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::Node;
use crate::clock::Now;
use crate::identity::MemberKey;
use crate::ledger::PotState;
use crate::log::Age;
use crate::scorecard::lunation::Lunation;
use crate::scorecard::responses::Responses;
use crate::scorecard::{fingerprint, Scorecard};
use crate::views::board::Touched;
use crate::views::shelves::ShelfState;

impl Node {
    /// Takes out what has expired, and counts how it was answered before nobody can any more.
    pub(super) fn expire(&mut self, now: Now, age: Age, most: usize) -> Vec<Touched> {
        let gone = self.board.expire(age, most);
        let lunation = self.lunation(now);
        for (answered, by) in self.board.take_answered() {
            let household = by.and_then(|key| self.household_with(&key));
            self.responses.fold(&answered, household, lunation, self.responses_restored);
        }
        if gone.len() < most {
            self.responses.counted_through(age);
        }
        gone
    }

    fn lunation(&self, now: Now) -> Lunation {
        Lunation::at(self.clock.best(now).0)
    }

    fn household_with(&self, key: &MemberKey) -> Option<u64> {
        let member = self.ledger.member(&self.ledger.member_with(key)?)?;
        Some(fingerprint(&member.household))
    }

    /// What a member's key holder goes by, for all of them: asked once for a whole page.
    fn pseudonyms(&self) -> BTreeMap<MemberKey, String> {
        self.ledger.members().map(|member| (member.key, member.pseudonym)).collect()
    }

    /// The scorecard now: for everybody by [`Scorecard::state`], for one member alone by [`Scorecard::personal`].
    pub fn scorecard(&self, now: Now) -> Scorecard {
        let mut responses = self.responses.clone();
        let lunation = self.lunation(now);
        let households: BTreeMap<MemberKey, u64> =
            self.ledger.members().map(|member| (member.key, fingerprint(&member.household))).collect();
        for (answered, by) in self.board.all().filter_map(|item| self.board.answered(item)) {
            let household = by.and_then(|key| households.get(&key).copied());
            responses.show(&answered, household, lunation);
        }
        Scorecard::new(&self.ledger, &self.me, responses, self.clock.best(now).0)
    }

    /// The common pots.
    pub fn pots(&self, now: Now) -> Vec<PotState> {
        self.ledger.pots(self.clock.best(now).0 / 86_400)
    }

    /// What is in stock, at most so many shelves.
    pub fn shelves(&self, now: Now, most: usize) -> Vec<ShelfState> {
        let names = self.pseudonyms();
        let today = self.clock.best(now).0 / 86_400;
        self.stock.shelves(today, &|key| names.get(key).cloned()).take(most).collect()
    }

    /// How needs were answered whose time is over, to be kept over a restart.
    pub fn responses(&self) -> &Responses {
        &self.responses
    }

    /// Goes on from what was kept; before [`Node::loaded`].
    pub fn restore_responses(&mut self, kept: Responses) {
        self.responses_restored = kept.through();
        self.responses = kept;
    }
}
