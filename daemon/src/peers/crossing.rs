//! Two gateways that call each other at once: which call goes on, before both have said everything twice.
//!
//! The gateway with the smaller id goes first. The other one gives it a moment before its first message; whoever is being
//! called says nothing himself until that call has come to an end; and a call that meets one of ours on its way is refused
//! with two bytes, if ours goes first. What still slips through is settled when both links stand (see `room`).
//!
//! **A recorded first message can be sent again by anybody**, so nobody waits long because of one.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{timeout, Instant};

/// How long the gateway with the larger id lets the other one speak first.
const GO_AHEAD: Duration = Duration::from_millis(150);
/// How long a call that is being answered may keep ours waiting, and ours that is on its way may keep theirs out.
const HANDSHAKE_SOON: Duration = Duration::from_secs(2);

/// The calls between this gateway and one peer that have not come to a link yet.
pub struct Crossing {
    /// When our first message went out.
    called: Mutex<Option<Instant>>,
    /// Calls of the peer that are being answered.
    answering: watch::Sender<usize>,
}

impl Default for Crossing {
    fn default() -> Self {
        Self { called: Mutex::default(), answering: watch::Sender::new(0) }
    }
}

/// Our call is on its way until this is dropped.
pub struct Calling<'a>(&'a Crossing);

impl Drop for Calling<'_> {
    fn drop(&mut self) {
        *self.0.called() = None;
    }
}

/// A call is being answered until this is dropped.
pub struct Answering<'a>(&'a Crossing);

impl Drop for Answering<'_> {
    fn drop(&mut self) {
        self.0.answering.send_modify(|count| *count -= 1);
    }
}

impl Crossing {
    fn called(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.called.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the turn of our first message. `ours_first`: our id is the smaller one.
    pub async fn turn(&self, ours_first: bool) {
        let mut answering = self.answering.subscribe();
        if !ours_first {
            // Nothing comes: our turn.
            let _ = timeout(GO_AHEAD, answering.wait_for(|count| *count > 0)).await;
        }
        let _ = timeout(HANDSHAKE_SOON, answering.wait_for(|count| *count == 0)).await;
    }

    /// Our first message goes out.
    pub fn call(&self) -> Calling<'_> {
        *self.called() = Some(Instant::now());
        Calling(self)
    }

    /// The peer's first message has come; none: ours is on its way and goes first.
    pub fn answer(&self, ours_first: bool) -> Option<Answering<'_>> {
        let called = self.called();
        if ours_first && called.is_some_and(|since| since.elapsed() < HANDSHAKE_SOON) {
            return None;
        }
        self.answering.send_modify(|count| *count += 1);
        Some(Answering(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two gateways that start together would shake hands twice and throw one of them away, on a radio that carries few bytes.
    #[tokio::test(start_paused = true)]
    async fn one_of_two_calls_at_once_goes_on() {
        let (small, large) = (Crossing::default(), Crossing::default());
        let began = Instant::now();
        small.turn(true).await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        let calling = small.call();
        // Its message arrives while the other one gives it a moment.
        let mut turn = std::pin::pin!(large.turn(false));
        assert!(futures_util::FutureExt::now_or_never(turn.as_mut()).is_none());
        let answering = large.answer(false).unwrap();
        assert!(timeout(Duration::from_secs(1), turn.as_mut()).await.is_err(), "it waits for the end of that call");
        drop(answering);
        turn.await;
        // A call that crosses the one that goes first is refused; the reverse is not, nor is one for ever.
        assert!(small.answer(true).is_none());
        let theirs = large.call();
        assert!(large.answer(false).is_some());
        tokio::time::advance(HANDSHAKE_SOON).await;
        assert!(small.answer(true).is_some());
        drop((calling, theirs));
        assert!(small.answer(true).is_some());
    }

    /// Somebody who sends a recorded call again and again would keep two gateways apart.
    #[tokio::test(start_paused = true)]
    async fn nobody_waits_long_for_a_call_that_leads_nowhere() {
        let crossing = Crossing::default();
        let _recorded = crossing.answer(true);
        let began = Instant::now();
        crossing.turn(false).await;
        assert!(began.elapsed() <= GO_AHEAD + HANDSHAKE_SOON);
    }
}
