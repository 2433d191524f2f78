//! Which phones chose their browser, by address, and for how much longer their probes get success.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long a choice holds, in seconds. Long enough to find the browser; short enough that the next person with that address,
/// or the same phone tomorrow, is shown the page again.
pub(in crate::web) const PASS_S: u64 = 1_800;
/// Phones remembered at once, at most (about 40 bytes each): more than an access point carries. The oldest leaves first and is
/// shown the page again.
const PHONES_MAX: usize = 1_024;

/// Who chose the browser. Phones of one block may share an IPv6 /64, so whole addresses count here.
#[derive(Default)]
pub(in crate::web) struct Passed(Mutex<VecDeque<(IpAddr, Instant)>>);

impl Passed {
    /// This phone chose the browser now.
    pub(in crate::web) fn pass(&self, address: IpAddr) {
        let mut phones = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (address, now) = (address.to_canonical(), Instant::now());
        phones.retain(|(known, until)| *known != address && *until > now);
        while phones.len() >= PHONES_MAX {
            phones.pop_front();
        }
        phones.push_back((address, now + Duration::from_secs(PASS_S)));
    }

    /// Seconds for which the choice still holds; none if there is none.
    pub(in crate::web) fn left_s(&self, address: IpAddr) -> Option<u64> {
        let phones = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let address = address.to_canonical();
        let (_, until) = phones.iter().find(|(known, _)| *known == address)?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left.as_secs().max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::super::address;
    use super::*;

    /// A phone would stay in the small window for ever, or never be shown the page again; a flood would fill the memory.
    #[tokio::test(start_paused = true)]
    async fn a_choice_holds_for_half_an_hour_and_for_one_phone() {
        let passed = Passed::default();
        passed.pass(address(1));
        assert_eq!((passed.left_s(address(1)), passed.left_s(address(2))), (Some(PASS_S), None));
        assert_eq!(passed.left_s("::ffff:10.44.0.1".parse().unwrap()), Some(PASS_S));
        tokio::time::advance(Duration::from_secs(PASS_S - 1)).await;
        assert_eq!(passed.left_s(address(1)), Some(1));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(passed.left_s(address(1)), None);
        for n in 0..2_000 {
            passed.pass(address(n));
        }
        assert_eq!(passed.0.lock().unwrap().len(), PHONES_MAX);
        assert_eq!((passed.left_s(address(0)), passed.left_s(address(1_999))), (None, Some(PASS_S)));
    }
}
