//! Questions for a keeper's phone: bytes that its key signs. Each works once, for a minute, and for who asked.
//!
//! Nothing is kept of a question that was asked: it says itself until when it holds, and a keyed hash says that it is ours. So nobody
//! can push out another one's by asking for many. Kept are those that were answered rightly, which only a key that is let in can do.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use commons_core::identity::hash;
use tokio::time::Instant;

use crate::household::household;

/// How long a question may be answered.
const LASTS: Duration = Duration::from_secs(60);
/// Questions rightly answered within that time, at most; more logins a minute are refused.
const ANSWERED_MAX: usize = 64;

/// Questions that are asked.
pub(super) struct Challenges {
    secret: [u8; 32],
    // Times in questions count from here.
    start: Instant,
    answered: Mutex<Vec<([u8; 32], Instant)>>,
}

impl Default for Challenges {
    fn default() -> Self {
        let mut secret = [0; 32];
        random(&mut secret);
        Self { secret, start: Instant::now(), answered: Mutex::default() }
    }
}

impl Challenges {
    /// A new one, for an address: 8 bytes of time, 8 random ones, 16 of the keyed hash.
    pub(super) fn ask(&self, address: IpAddr) -> [u8; 32] {
        let mut question = [0; 32];
        let until = u64::try_from((self.start.elapsed() + LASTS).as_millis()).unwrap_or(u64::MAX);
        question[..8].copy_from_slice(&until.to_be_bytes());
        random(&mut question[8..16]);
        let sealed = self.sealed(&question, address);
        question[16..].copy_from_slice(&sealed);
        question
    }

    /// Whether it was asked of this address, not long ago.
    pub(super) fn is_open(&self, question: &[u8; 32], address: IpAddr) -> bool {
        let mut until = [0; 8];
        until.copy_from_slice(&question[..8]);
        let is_ours =
            self.sealed(question, address).iter().zip(&question[16..]).fold(0, |odd, (a, b)| odd | (a ^ b)) == 0;
        is_ours && self.start.elapsed().as_millis() < u128::from(u64::from_be_bytes(until))
    }

    /// Uses one up that is open and was answered rightly. False: it was used before.
    pub(super) fn take(&self, question: &[u8; 32]) -> bool {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        answered.retain(|(_, until)| *until > now);
        if answered.len() >= ANSWERED_MAX || answered.iter().any(|(known, _)| known == question) {
            return false;
        }
        answered.push((*question, now + LASTS));
        true
    }

    fn sealed(&self, question: &[u8; 32], address: IpAddr) -> [u8; 16] {
        let who = match household(address) {
            IpAddr::V4(four) => four.to_ipv6_mapped().octets(),
            IpAddr::V6(six) => six.octets(),
        };
        let whole = hash("commons/1/keeper-question", &[&self.secret, &question[..16], &who]);
        let mut half = [0; 16];
        half.copy_from_slice(&whole[..16]);
        half
    }
}

fn random(bytes: &mut [u8]) {
    // The system's random source does not fail after boot; without it there is no gateway key either.
    getrandom::fill(bytes).expect("the system's random source works");
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 44, 7, 20));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 44, 7, 21));

    /// A recorded answer would open the page again, tomorrow.
    #[tokio::test(start_paused = true)]
    async fn a_question_works_once_and_for_a_minute() {
        let challenges = Challenges::default();
        let first = challenges.ask(HERE);
        assert!(challenges.is_open(&first, HERE) && challenges.take(&first) && !challenges.take(&first));
        let second = challenges.ask(HERE);
        tokio::time::advance(LASTS - Duration::from_millis(1)).await;
        assert!(challenges.is_open(&second, HERE));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(!challenges.is_open(&second, HERE));
        assert!(challenges.take(&second), "what was answered is forgotten with its minute");
        assert_eq!(challenges.answered.lock().unwrap().len(), 1);
    }

    /// Somebody would write a question of his own that never ends, or answer one that was asked of another phone.
    #[test]
    fn a_question_is_ours_and_its_askers() {
        let challenges = Challenges::default();
        let asked = challenges.ask(HERE);
        assert!(!challenges.is_open(&asked, THERE) && !Challenges::default().is_open(&asked, HERE));
        for byte in 0..32 {
            let mut touched = asked;
            touched[byte] ^= 1;
            assert!(!challenges.is_open(&touched, HERE), "{byte}");
        }
        assert!(!challenges.is_open(&[0; 32], HERE) && !challenges.is_open(&[0xff; 32], HERE));
    }

    /// A stranger would keep the keeper's phone outside by asking all the time.
    #[test]
    fn others_who_ask_push_nothing_out() {
        let challenges = Challenges::default();
        let asked = challenges.ask(HERE);
        for n in 0..10_000u32 {
            challenges.ask(IpAddr::from(n.to_be_bytes()));
        }
        assert!(challenges.is_open(&asked, HERE));
    }
}
