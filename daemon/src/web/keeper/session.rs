//! Who is logged in to the keeper's page. In memory only: a restart logs everybody out.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use commons_core::identity::{hash, hex};
use tokio::time::Instant;

/// A session that nobody used for so long is over.
const IDLE: Duration = Duration::from_secs(1_800);
/// Any session is over after this.
const WHOLE: Duration = Duration::from_secs(12 * 3_600);
/// Sessions at once, at most; the one that was idle longest leaves. A gateway has a keeper or two.
const SESSIONS_MAX: usize = 16;

/// By what somebody came in. The session ends when it no longer holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The password with this mark.
    Password([u8; 16]),
    /// This key.
    Key(String),
}

/// Something to be shown once, after the redirect that follows an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Our own sentence: an id of the word files, and a neighbour's word in it.
    Done(&'static str, String),
    /// What an import did.
    Carried(crate::carry::Carried),
    /// A code for another gateway, and where it says this one is called.
    Invited(String, Vec<String>),
}

/// Somebody who is logged in.
#[derive(Clone, Debug)]
pub(super) struct Entered {
    key: [u8; 32],
    /// What each form must send back: another site cannot know it.
    pub(super) form: String,
    /// By what he came in.
    pub(super) by: By,
}

/// All who are logged in.
#[derive(Default)]
pub(super) struct Sessions(Mutex<Vec<Session>>);

struct Session {
    entered: Entered,
    began: Instant,
    used: Instant,
    told: Option<Told>,
}

impl Sessions {
    /// Lets somebody in. The value of his cookie, never one that he brought along: 32 random bytes.
    pub(super) fn enter(&self, by: By) -> String {
        let (cookie, form) = (draw(), draw());
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        sessions.retain(|session| session.is_alive(now));
        if sessions.len() >= SESSIONS_MAX {
            let oldest = (0..sessions.len()).min_by_key(|at| sessions[*at].used);
            oldest.map(|at| sessions.remove(at));
        }
        sessions.push(Session { entered: Entered { key: key(&cookie), form, by }, began: now, used: now, told: None });
        cookie
    }

    /// Who has this cookie, if `holds` what he came in by.
    pub(super) fn find(&self, cookie: &str, holds: impl Fn(&By) -> bool) -> Option<Entered> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        sessions.retain(|session| session.is_alive(now) && holds(&session.entered.by));
        let wanted = key(cookie);
        let session = sessions.iter_mut().find(|session| session.entered.key == wanted)?;
        session.used = now;
        Some(session.entered.clone())
    }

    /// Ends it.
    pub(super) fn leave(&self, entered: &Entered) {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|session| session.entered.key != entered.key);
    }

    /// Leaves something to be shown with the next page.
    pub(super) fn tell(&self, entered: &Entered, told: Told) {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = sessions.iter_mut().find(|session| session.entered.key == entered.key) {
            session.told = Some(told);
        }
    }

    /// Takes it.
    pub(super) fn told(&self, entered: &Entered) -> Option<Told> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.iter_mut().find(|session| session.entered.key == entered.key)?.told.take()
    }
}

impl Session {
    fn is_alive(&self, now: Instant) -> bool {
        now - self.used < IDLE && now - self.began < WHOLE
    }
}

/// What is kept of a cookie: found by its hash, the comparison tells nothing of the cookie by its time.
fn key(cookie: &str) -> [u8; 32] {
    hash("commons/1/keeper-cookie", &[cookie.as_bytes()])
}

fn draw() -> String {
    let mut bytes = [0u8; 32];
    // The system's random source does not fail after boot; without it there is no gateway key either.
    getrandom::fill(&mut bytes).expect("the system's random source works");
    hex(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BY: By = By::Password([1; 16]);

    /// A shared phone would stay the keeper's for ever, or a keeper would be thrown out while he works.
    #[tokio::test(start_paused = true)]
    async fn sessions_end_by_idling_by_age_and_by_a_new_password() {
        let sessions = Sessions::default();
        let cookie = sessions.enter(BY);
        assert_eq!(cookie.len(), 64);
        let here = |holds: bool| sessions.find(&cookie, |_| holds).is_some();
        for _ in 0..24 {
            assert!(here(true));
            tokio::time::advance(IDLE - Duration::from_secs(1)).await;
        }
        assert!(here(true));
        tokio::time::advance(IDLE - Duration::from_secs(1)).await;
        assert!(!here(true), "after twelve hours");
        let cookie = sessions.enter(BY);
        tokio::time::advance(IDLE).await;
        assert!(sessions.find(&cookie, |_| true).is_none(), "idle");
        let (one, two) = (sessions.enter(BY), sessions.enter(By::Key("ab".into())));
        assert!(sessions.find(&two, |by| matches!(by, By::Key(_))).is_some());
        assert!(sessions.find(&one, |_| true).is_none(), "its password holds no more");
    }

    /// Logging in again and again would fill the memory; a cookie brought along would be somebody else's way in.
    #[test]
    fn sessions_are_few_and_never_of_a_guests_choosing() {
        let sessions = Sessions::default();
        let cookies: Vec<String> = (0..40).map(|_| sessions.enter(BY)).collect();
        assert_eq!(sessions.0.lock().unwrap().len(), SESSIONS_MAX);
        assert!(sessions.find(&cookies[39], |_| true).is_some());
        for bad in ["", "0", &"0".repeat(64), &cookies[39].to_uppercase(), &cookies[39][..63]] {
            assert!(sessions.find(bad, |_| true).is_none());
        }
        let entered = sessions.find(&cookies[39], |_| true).unwrap();
        assert!(entered.form != cookies[39] && entered.form.len() == 64);
        sessions.tell(&entered, Told::Done("x", String::new()));
        assert!(sessions.told(&entered).is_some() && sessions.told(&entered).is_none());
        sessions.leave(&entered);
        assert!(sessions.find(&cookies[39], |_| true).is_none());
    }
}
