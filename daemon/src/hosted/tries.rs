//! Wrong PINs: each sender's own count for each account, and a wider one of all strange senders for it.
//!
//! A neighbour who mistypes, or guesses, makes himself wait and nobody else. Only one who comes from many addresses meets the wider
//! count, and even then those wait with him who are strange to the account: where it was opened before, and who has it open now, he
//! keeps nobody out.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use commons_core::identity::MemberKey;

use crate::household::household;

/// Wrong PINs in a row of one sender that cost nothing.
const FREE: u32 = 4;
/// What the next one costs; doubled each time.
const WAIT: Duration = Duration::from_secs(10);
/// And at most.
const WAIT_MAX: Duration = Duration::from_secs(3_600);
/// Wrong PINs at one account by all strange senders, before the rate counts.
const BURST: u32 = 20;
/// One of them each: of six digits it finds half in five years.
const EVERY: Duration = Duration::from_secs(300);
/// Places where an account was opened last that are no strangers to it.
const KNOWN_MAX: usize = 4;
/// Senders at accounts that are remembered, about 100 bytes each; the one who tried longest ago leaves.
const SENDERS_MAX: usize = 1_024;
/// Accounts whose wider count is; the same.
const ACCOUNTS_MAX: usize = 1_024;

/// Who types a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Typist {
    /// A phone at an address.
    Address(IpAddr),
    /// Whoever has the account open, by a pass that only its PIN or its key gives.
    Seated,
}

/// What was tried.
#[derive(Default)]
pub(super) struct Tries {
    senders: BTreeMap<(MemberKey, Typist), Sent>,
    accounts: BTreeMap<MemberKey, Tried>,
}

#[derive(Clone, Copy)]
struct Sent {
    wrong: u32,
    last: Instant,
}

struct Tried {
    /// When the wider count is empty again.
    empty_at: Instant,
    /// Where it was opened, the last one at the end.
    known: Vec<Typist>,
    last: Instant,
}

impl Tries {
    /// Counts a try before it is looked at, since many at once are many; or says for how many seconds none is taken.
    pub fn count(&mut self, key: MemberKey, from: Typist, now: Instant) -> Result<(), u64> {
        let from = from.household();
        let own = self.senders.get(&(key, from)).copied().unwrap_or(Sent { wrong: 0, last: now });
        let wait = match own.wrong.checked_sub(FREE) {
            None => Duration::ZERO,
            Some(doubled) => WAIT.saturating_mul(1 << doubled.min(16)).min(WAIT_MAX),
        };
        let account = self.accounts.get(&key);
        let strange = from != Typist::Seated && account.is_none_or(|account| !account.known.contains(&from));
        let full = account.map_or(now, |account| account.empty_at).max(now) + EVERY;
        let wider = if strange { full.saturating_duration_since(now + EVERY * BURST) } else { Duration::ZERO };
        let left = (own.last + wait).saturating_duration_since(now).max(wider);
        if !left.is_zero() {
            return Err(left.as_secs() + 1);
        }
        make_room(&mut self.senders, &(key, from), SENDERS_MAX, |sent| sent.last);
        self.senders.insert((key, from), Sent { wrong: own.wrong.saturating_add(1), last: now });
        if strange {
            make_room(&mut self.accounts, &key, ACCOUNTS_MAX, |tried| tried.last);
            let account =
                self.accounts.entry(key).or_insert_with(|| Tried { empty_at: now, known: Vec::new(), last: now });
            (account.empty_at, account.last) = (full, now);
        }
        Ok(())
    }

    /// It was right: this sender starts anew, is no stranger from now on, and his try is no part of the wider count.
    pub fn was_right(&mut self, key: MemberKey, from: Typist, now: Instant) {
        let from = from.household();
        self.senders.remove(&(key, from));
        let Some(account) = self.accounts.get_mut(&key).filter(|_| from != Typist::Seated) else { return };
        let known = account.known.iter().position(|known| *known == from);
        match known {
            Some(place) => drop(account.known.remove(place)),
            None => account.empty_at = account.empty_at.checked_sub(EVERY).unwrap_or(now),
        }
        if account.known.len() >= KNOWN_MAX {
            account.known.remove(0);
        }
        account.known.push(from);
        account.last = now;
    }
}

impl Typist {
    fn household(self) -> Self {
        match self {
            Self::Address(address) => Self::Address(household(address)),
            Self::Seated => Self::Seated,
        }
    }
}

fn make_room<K: Copy + Ord, V>(all: &mut BTreeMap<K, V>, new: &K, most: usize, last: impl Fn(&V) -> Instant) {
    if all.len() >= most && !all.contains_key(new) {
        let oldest = all.iter().min_by_key(|(_, value)| last(value)).map(|(key, _)| *key);
        oldest.map(|key| all.remove(&key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(n: u32) -> Typist {
        Typist::Address(IpAddr::from((0x0a2c_0700 + n).to_be_bytes()))
    }

    fn key(n: u16) -> MemberKey {
        let mut key = [7; 32];
        key[..2].copy_from_slice(&n.to_be_bytes());
        MemberKey(key)
    }

    /// A neighbour would lock another one's account for an hour with a few wrong PINs.
    #[test]
    fn who_guesses_waits_alone() {
        let (mut tries, now) = (Tries::default(), Instant::now());
        for _ in 0..FREE {
            assert_eq!(tries.count(key(1), phone(1), now), Ok(()));
        }
        assert_eq!(tries.count(key(1), phone(1), now), Err(11));
        assert_eq!(tries.count(key(1), phone(2), now), Ok(()), "the owner at another phone");
        assert_eq!(tries.count(key(2), phone(1), now), Ok(()), "another account");
        let mut at = now;
        for doubled in 0..12 {
            at += WAIT_MAX;
            assert_eq!(tries.count(key(1), phone(1), at), Ok(()));
            let wait = (WAIT.as_secs() << (doubled + 1)).min(WAIT_MAX.as_secs());
            assert_eq!(tries.count(key(1), phone(1), at), Err(wait + 1));
        }
        at += WAIT_MAX;
        assert_eq!(tries.count(key(1), phone(1), at), Ok(()));
        tries.was_right(key(1), phone(1), at);
        assert_eq!(tries.count(key(1), phone(1), at), Ok(()), "right once, anew");
    }

    /// One with many addresses would find six digits; or, trying to, keep the owner out.
    #[test]
    fn many_addresses_share_one_count_that_keeps_no_one_out_who_is_known() {
        let (mut tries, now) = (Tries::default(), Instant::now());
        let home = phone(99);
        assert_eq!(tries.count(key(1), home, now), Ok(()));
        tries.was_right(key(1), home, now);
        let taken = (0..500).filter(|n| tries.count(key(1), phone(*n % 90), now).is_ok()).count();
        assert_eq!(taken, BURST as usize);
        assert!(matches!(tries.count(key(1), phone(98), now), Err(1..=301)), "a stranger waits a few minutes");
        assert_eq!(tries.count(key(1), home, now), Ok(()), "where it was opened before");
        assert_eq!(tries.count(key(1), Typist::Seated, now), Ok(()), "who has it open");
        assert_eq!(tries.count(key(2), phone(1), now), Ok(()), "another account");
        let day = (0..24 * 3_600).filter(|s| {
            let at = now + Duration::from_secs(*s);
            tries.count(key(1), phone(100 + *s as u32), at).is_ok()
        });
        assert!(day.count() <= 24 * 12 + 1, "one each five minutes");
    }

    /// Somebody with a list of keys would fill the memory.
    #[test]
    fn few_are_remembered() {
        let (mut tries, now) = (Tries::default(), Instant::now());
        for n in 0..3_000 {
            let _ = tries.count(key(n), phone(u32::from(n)), now + Duration::from_secs(u64::from(n)));
        }
        assert_eq!((tries.senders.len(), tries.accounts.len()), (SENDERS_MAX, ACCOUNTS_MAX));
    }
}
