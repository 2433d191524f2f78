//! Slows down whoever guesses: each address by itself, longer each time, and all of them together.
//!
//! A few mistakes are free. After them each wrong try of an address doubles its wait. Beyond that, all strange addresses together
//! have [`BURST`] tries and then one each [`EVERY`], since a flood may come from many addresses. So that such a flood cannot keep the
//! keeper out, the machine itself and the [`KNOWN_MAX`] addresses that were right last have no part in the common count. A try at the
//! password counts before it is checked, so that many at once are no way round. A key's signature, which nobody guesses, is checked
//! first: a right one never waits, a wrong one counts for its address alone.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::household::household;

/// Wrong tries of one address before it has to wait.
const FREE: u32 = 4;
/// The first wait; each further one is twice as long.
const WAIT_MIN: Duration = Duration::from_secs(10);
/// The longest.
const WAIT_MAX: Duration = Duration::from_secs(900);
/// An address that was quiet for so long is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3_600);
/// Addresses remembered, at most (about 60 bytes each). Those beyond it share one wait.
const ADDRESSES_MAX: usize = 1_024;
/// Beyond so many addresses, wrong keys of new ones are not counted: they cannot be guessed anyway.
const KEY_ADDRESSES_MAX: usize = ADDRESSES_MAX / 2;
/// Tries of all addresses together before the rate counts.
const BURST: u32 = 30;
/// Addresses that were right, at most; the oldest leaves. Only who knows the password or a key can get in here.
const KNOWN_MAX: usize = 16;
/// One try of all together each.
const EVERY: Duration = Duration::from_secs(5);

/// Tries that were made.
#[derive(Default)]
pub(super) struct Guesses(Mutex<Tries>);

#[derive(Default)]
struct Tries {
    by_address: HashMap<IpAddr, Tried>,
    // Those that were right, the last one at the end.
    known: Vec<IpAddr>,
    // When the common bucket is full again.
    full_at: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Tried {
    wrong: u32,
    last: Instant,
    // Nothing before.
    until: Instant,
}

impl Guesses {
    /// Counts a try at the password; or says for how many seconds none is taken.
    pub(super) fn take(&self, address: IpAddr) -> Result<(), u64> {
        self.count(address, true)
    }

    /// Counts a wrong answer of a key; or says how long that address waits.
    pub(super) fn was_wrong_key(&self, address: IpAddr) -> Result<(), u64> {
        {
            let tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Strangers' keys must not fill the table in which passwords are counted.
            if tries.by_address.len() >= KEY_ADDRESSES_MAX && !tries.by_address.contains_key(&household(address)) {
                return Ok(());
            }
        }
        self.count(address, false)
    }

    fn count(&self, address: IpAddr, guessable: bool) -> Result<(), u64> {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_common = guessable && !tries.is_known(address);
        let address = tries.place(household(address), now);
        let before = tries.by_address.get(&address).copied().unwrap_or(Tried { wrong: 0, last: now, until: now });
        let full = tries.full_at.unwrap_or(now).max(now) + EVERY;
        let common = full.saturating_duration_since(now + EVERY * BURST);
        let own = before.until.saturating_duration_since(now);
        let wait = if is_common { own.max(common) } else { own };
        if !wait.is_zero() {
            return Err(wait.as_secs() + 1);
        }
        let wrong = before.wrong.saturating_add(1);
        let pause = match wrong.checked_sub(FREE) {
            None | Some(0) => Duration::ZERO,
            Some(more) => WAIT_MIN.saturating_mul(1 << (more - 1).min(16)).min(WAIT_MAX),
        };
        if is_common {
            tries.full_at = Some(full);
        }
        tries.by_address.insert(address, Tried { wrong, last: now, until: now + pause });
        Ok(())
    }

    /// The try was right: the address starts anew, and is known from now on.
    pub(super) fn was_right(&self, address: IpAddr) {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let address = household(address);
        tries.by_address.remove(&address);
        tries.known.retain(|known| *known != address);
        if tries.known.len() >= KNOWN_MAX {
            tries.known.remove(0);
        }
        tries.known.push(address);
    }
}

impl Tries {
    /// The machine itself, or an address that was right before.
    fn is_known(&self, address: IpAddr) -> bool {
        address.to_canonical().is_loopback() || self.known.contains(&household(address))
    }

    fn place(&mut self, address: IpAddr, now: Instant) -> IpAddr {
        let is_over = |tried: &Tried| tried.until <= now && now - tried.last >= FORGOTTEN_AFTER;
        if self.by_address.get(&address).is_some_and(is_over) {
            self.by_address.remove(&address);
        }
        // Those that are known have a place of their own beyond the others', and there are few of them.
        if self.by_address.len() >= ADDRESSES_MAX && !self.is_known(address) && !self.by_address.contains_key(&address)
        {
            self.by_address.retain(|_, tried| !is_over(tried));
            if self.by_address.len() >= ADDRESSES_MAX {
                return IpAddr::from([0, 0, 0, 0]);
            }
        }
        address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u32) -> IpAddr {
        IpAddr::from((0x0a2c_0000 + n).to_be_bytes())
    }

    /// A neighbour with an evening's time would find the password; or the keeper who mistyped it twice would be locked out.
    #[tokio::test(start_paused = true)]
    async fn guesses_cost_more_and_more_time() {
        let guesses = Guesses::default();
        let mut waits = Vec::new();
        for _ in 0..12 {
            match guesses.take(address(1)) {
                Ok(()) => waits.push(0),
                Err(wait_s) => {
                    waits.push(wait_s);
                    tokio::time::advance(Duration::from_secs(wait_s)).await;
                    guesses.take(address(1)).unwrap();
                }
            }
        }
        assert_eq!(waits, [0, 0, 0, 0, 0, 11, 21, 41, 81, 161, 321, 641]);
        guesses.take(address(2)).unwrap();
        guesses.was_right(address(1));
        guesses.take(address(1)).unwrap();
        // A day of trying from one address: about a hundred tries.
        let mut tried = 0;
        let end = Instant::now() + Duration::from_secs(86_400);
        while Instant::now() < end {
            match guesses.take(address(3)) {
                Ok(()) => tried += 1,
                Err(wait_s) => tokio::time::advance(Duration::from_secs(wait_s)).await,
            }
        }
        assert!(tried < 120, "{tried}");
    }

    /// Whoever has many addresses would keep the keeper out for as long as he likes.
    #[tokio::test(start_paused = true)]
    async fn a_flood_keeps_no_keeper_out() {
        let guesses = Guesses::default();
        let (keeper, local) = (address(70_000), IpAddr::from([127, 0, 0, 1]));
        guesses.take(keeper).unwrap();
        guesses.was_right(keeper);
        for n in 0..40_000 {
            let _ = guesses.take(address(n));
            let _ = guesses.was_wrong_key(address(n));
        }
        assert!(guesses.take(address(60_000)).is_err(), "a stranger waits");
        guesses.take(keeper).unwrap();
        guesses.take(local).unwrap();
        guesses.take(IpAddr::from(std::net::Ipv4Addr::LOCALHOST.to_ipv6_mapped().octets())).unwrap();
        // But who guesses there is slowed like everywhere.
        for address in [keeper, local] {
            let taken = (0..20).filter(|_| guesses.take(address).is_ok()).count();
            assert!(taken <= FREE as usize + 1, "{address}: {taken}");
        }
        let tries = guesses.0.lock().unwrap().by_address.len();
        assert!(tries <= ADDRESSES_MAX + 4, "{tries}");
    }

    /// Whoever tries keys would do so without end, or lock those out who know the password.
    #[tokio::test(start_paused = true)]
    async fn wrong_keys_count_for_their_address_alone() {
        let guesses = Guesses::default();
        let taken = (0..20).filter(|_| guesses.was_wrong_key(address(1)).is_ok()).count();
        assert_eq!(taken, FREE as usize + 1);
        for n in 0..5_000 {
            let _ = guesses.was_wrong_key(address(n));
        }
        assert!(guesses.0.lock().unwrap().by_address.len() <= KEY_ADDRESSES_MAX);
        guesses.take(address(9_000)).unwrap();
    }

    /// Many addresses would guess together as fast as they like, and fill the memory.
    #[tokio::test(start_paused = true)]
    async fn many_addresses_are_slowed_together() {
        let guesses = Guesses::default();
        let taken = (0..5_000).filter(|n| guesses.take(address(*n)).is_ok()).count();
        assert_eq!(taken, BURST as usize);
        let mut taken = 0;
        for n in 0..20_000u32 {
            tokio::time::advance(Duration::from_secs(1)).await;
            taken += usize::from(guesses.take(address(n)).is_ok());
        }
        assert!((3_000..=4_100).contains(&taken), "{taken}");
        assert!(guesses.0.lock().unwrap().by_address.len() <= ADDRESSES_MAX + 1);
        // One phone with a /64 counts as one.
        tokio::time::advance(Duration::from_secs(7_200)).await;
        let six = |n: u16| IpAddr::from([0x2001, 0xdb8, 0, 7, 0, 0, 0, n]);
        assert!((0..10).filter(|n| guesses.take(six(*n)).is_ok()).count() <= 6);
    }
}
