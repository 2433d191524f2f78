//! Whether the other side of a link is still there: asked when it is quiet, doubted when it does not answer, then over.

use std::time::Duration;

use tokio::sync::{watch, Notify};
use tokio::time::{sleep_until, Instant};

use super::noise::LinkFault;
use super::room::Standing;

/// After so long without a word from the other side we ask whether it is there.
const ASK_AFTER: Duration = Duration::from_secs(10);
/// After so long without a word it is gone. Two questions fit in.
const DEAF_AFTER: Duration = Duration::from_secs(25);
/// A question unanswered for so long makes the link doubted: another call is tried beside it.
const DOUBT_AFTER: Duration = Duration::from_secs(3);
/// Where there is reason to doubt (an interface came up, its beacon was heard), the link is over after so long.
const DOUBTED_FOR: Duration = Duration::from_secs(5);
/// How often it is looked whether a question was answered; and how long an answer may take where there is reason to doubt.
const LOOK_EVERY: Duration = Duration::from_millis(150);
/// When the other side was last known to be there.
pub struct Alive {
    at: std::sync::Mutex<Instant>,
    /// Told when the other side is to be asked.
    pub ask: Notify,
}

impl Alive {
    /// It is there now.
    pub fn new() -> Self {
        Self { at: std::sync::Mutex::new(Instant::now()), ask: Notify::new() }
    }

    /// It is there.
    pub fn is(&self) {
        *self.at.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Instant::now();
    }

    fn at(&self) -> Instant {
        *self.at.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Asks when it is quiet, says when the link is doubted, resolves when nothing was heard for too long.
    pub async fn watch(&self, doubt: &Notify, standing: &watch::Sender<Standing>) -> LinkFault {
        let turn = |from: Standing, to: Standing| {
            standing.send_if_modified(|now| {
                let turns = *now == from;
                *now = if turns { to } else { *now };
                turns
            });
        };
        let mut asked: Option<Asked> = None;
        loop {
            let (at, now) = (self.at(), Instant::now());
            let next = match &asked {
                Some(question) if at >= question.when => {
                    asked = None;
                    turn(Standing::Doubted, Standing::Up);
                    continue;
                }
                Some(question) if now >= question.end => return LinkFault::Silent((now - at).as_secs()),
                Some(question) => {
                    if now >= question.doubt {
                        turn(Standing::Up, Standing::Doubted);
                    }
                    now + LOOK_EVERY
                }
                None if now >= at + ASK_AFTER => {
                    asked = Some(Asked { when: now, doubt: now + DOUBT_AFTER, end: at + DEAF_AFTER });
                    self.ask.notify_one();
                    continue;
                }
                None => at + ASK_AFTER,
            };
            tokio::select! {
                () = sleep_until(next) => {}
                () = doubt.notified() => {
                    let (now, end) = (Instant::now(), self.at() + DEAF_AFTER);
                    asked = Some(Asked { when: now, doubt: now + LOOK_EVERY, end: end.min(now + DOUBTED_FOR) });
                    self.ask.notify_one();
                }
            }
        }
    }
}

/// A question that waits for its answer.
struct Asked {
    when: Instant,
    /// From then on the link is doubted.
    doubt: Instant,
    /// From then on it is over.
    end: Instant,
}
