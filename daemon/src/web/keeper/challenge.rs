//! Questions for a keeper's phone: random bytes that its key signs. Each works once and for a minute.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long a question may be answered.
const LASTS: Duration = Duration::from_secs(60);
/// Questions open at once, at most; the oldest leaves.
const OPEN_MAX: usize = 64;

/// Questions that were asked.
#[derive(Default)]
pub(super) struct Challenges(Mutex<VecDeque<([u8; 32], Instant)>>);

impl Challenges {
    /// A new one.
    pub(super) fn ask(&self) -> [u8; 32] {
        let mut question = [0; 32];
        getrandom::fill(&mut question).expect("the system's random source works");
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while open.front().is_some_and(|(_, until)| *until <= now) || open.len() >= OPEN_MAX {
            open.pop_front();
        }
        open.push_back((question, now + LASTS));
        question
    }

    /// Uses one up. False: it is not open.
    pub(super) fn take(&self, question: &[u8; 32]) -> bool {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let Some(at) = open.iter().position(|(known, until)| known == question && *until > now) else { return false };
        open.remove(at);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A recorded answer would open the page again, tomorrow.
    #[tokio::test(start_paused = true)]
    async fn a_question_works_once_and_for_a_minute() {
        let challenges = Challenges::default();
        let first = challenges.ask();
        assert!(challenges.take(&first) && !challenges.take(&first));
        let second = challenges.ask();
        tokio::time::advance(LASTS).await;
        assert!(!challenges.take(&second));
        let early = challenges.ask();
        for _ in 0..OPEN_MAX {
            challenges.ask();
        }
        assert!(!challenges.take(&early));
    }
}
