//! What a code word gives the right to, and how often it may be guessed.

use alloc::vec::Vec;

use super::Node;
use crate::admission::Rejection;
use crate::clock::Now;
use crate::codec::Author;
use crate::codeword::{code_word, normalise};
use crate::identity::{hash, RecordId};
use crate::log::Age;
use crate::submission::Sender;
use crate::views::board::Item;
use crate::views::merge::Deed;

/// Seconds over which wrong code words are counted.
pub(super) const GUESS_WINDOW_S: u64 = 3_600;
/// Wrong code words of one sender for one item in that time.
const GUESSES_PER_SENDER_MAX: u32 = 10;
/// Wrong code words of all together for one item in that time: with 24 bits, months to guess one, and the person who
/// posted it does not count as one of all, so that nobody can lock him out.
const GUESSES_PER_ITEM_MAX: u32 = 3_000;
/// Wrong code words of all together without naming an item: each is a guess at every item at once.
const GUESSES_WITHOUT_ITEM_MAX: u32 = 300;
/// Items and senders whose wrong guesses are counted at once.
const GUESSES_COUNTED_MAX: usize = 16_384;
/// What a code word gives the right to.
pub(super) enum Right {
    /// The item.
    Requester,
    /// A claim on it.
    Claimant(RecordId),
}

impl Node {
    /// What this code word gives the right to on this item.
    pub(super) fn right(&mut self, item: &Item, typed: &str, sender: &Sender, now: Now) -> Result<Right, Rejection> {
        let age = self.clock.age(now);
        let by_sender = RecordId(hash("commons/1/guess", &[&item.id.0, sender.person.as_bytes()]));
        self.still_allowed(&by_sender, GUESSES_PER_SENDER_MAX, age)?;
        if self.pseudonym(sender) != item.mark.sender {
            self.still_allowed(&item.id, GUESSES_PER_ITEM_MAX, age)?;
        }
        if let Some(code) = normalise(typed) {
            if self.board.home(item) == self.me && self.is_guests(item) && code_word(&self.keys, &item.id) == code {
                return Ok(Right::Requester);
            }
            if let Some(claim) = self.own_claims(&item.id).find(|claim| code_word(&self.keys, claim) == code) {
                return Ok(Right::Claimant(claim));
            }
        }
        let elsewhere = self.board.home(item) != self.me && self.own_claims(&item.id).next().is_none();
        if elsewhere {
            return Err(Rejection::ElsewhereOnly { gateway: self.board.home(item).short() });
        }
        self.count_guess(item.id, age);
        self.count_guess(by_sender, age);
        Err(Rejection::WrongCode)
    }

    pub(super) fn is_guests(&self, item: &Item) -> bool {
        self.board.voice(item).author == Author::Guest
    }

    /// Claims on an item that guests of this gateway made.
    fn own_claims<'a>(&'a self, item: &RecordId) -> impl Iterator<Item = RecordId> + 'a {
        self.board
            .acts(item)
            .iter()
            .filter(|act| {
                matches!(act.deed, Deed::Claim { .. }) && act.by.author == Author::Guest && act.by.gateway == self.me
            })
            .map(|act| act.id)
    }

    /// The one item or claim with this code word.
    pub(super) fn find_by_code(&mut self, typed: &str, sender: &Sender, now: Now) -> Result<(Item, Right), Rejection> {
        let age = self.clock.age(now);
        let by_sender = RecordId(hash("commons/1/guess", &[b"any", sender.person.as_bytes()]));
        let by_all = RecordId(hash("commons/1/guess", &[b"all"]));
        for (counted, limit) in [(by_all, GUESSES_WITHOUT_ITEM_MAX), (by_sender, GUESSES_PER_SENDER_MAX)] {
            self.still_allowed(&counted, limit, age)?;
        }
        let mut found = Vec::new();
        if let Some(code) = normalise(typed) {
            for item in self.board.all() {
                if self.board.home(item) == self.me && self.is_guests(item) && code_word(&self.keys, &item.id) == code {
                    found.push((item.clone(), Right::Requester));
                }
                let claims = self.own_claims(&item.id).filter(|claim| code_word(&self.keys, claim) == code);
                found.extend(claims.map(|claim| (item.clone(), Right::Claimant(claim))));
            }
        }
        if found.len() > 1 {
            // Two posts share the three words: the sender must say which.
            return Err(Rejection::Missing { field: "item" });
        }
        found.pop().ok_or_else(|| {
            self.count_guess(by_all, age);
            self.count_guess(by_sender, age);
            Rejection::WrongCode
        })
    }

    fn still_allowed(&self, counted: &RecordId, limit: u32, age: Age) -> Result<(), Rejection> {
        match self.guesses.get(counted) {
            Some((count, since)) if *count >= limit && age.0 < since.0 + GUESS_WINDOW_S => {
                Err(Rejection::TooManyGuesses { retry_s: since.0 + GUESS_WINDOW_S - age.0 })
            }
            _ => Ok(()),
        }
    }

    fn count_guess(&mut self, counted: RecordId, age: Age) {
        if self.guesses.len() >= GUESSES_COUNTED_MAX {
            // Under attack the oldest count is the one to let go.
            let oldest = self.guesses.iter().min_by_key(|(_, (_, since))| *since).map(|(id, _)| *id);
            oldest.map(|id| self.guesses.remove(&id));
        }
        let guess = self.guesses.entry(counted).or_insert((0, age));
        if age.0 >= guess.1 .0 + GUESS_WINDOW_S {
            *guess = (0, age);
        }
        guess.0 += 1;
    }
}
