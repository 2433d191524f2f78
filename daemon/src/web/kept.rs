//! What a poster is shown once: his code word, or the contact he was given. Kept here, in memory, for ten minutes.
//!
//! The redirect after a post carries a random key instead of the code word, so that the code word is in no address, no
//! history and no log, yet a reload in a captive window without cookies or script still shows it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use commons_core::receipt::Accepted;
use tokio::time::Instant;

/// How long a receipt can be shown again, in seconds.
pub(super) const KEPT_S: u64 = 600;
/// Receipts kept at once, at most (about 500 bytes each); the oldest leave first.
const KEPT_MAX: usize = 2_048;

/// What was shown, to show it again.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    /// What the gateway said.
    pub(super) accepted: Accepted,
    /// need, offer or notice of the item, if known.
    pub(super) item_kind: Option<&'static str>,
}

#[derive(Default)]
pub(super) struct Kept(Mutex<VecDeque<Entry>>);

struct Entry {
    key: String,
    // The sender's key with its form token: a second tap finds the receipt of the first.
    sender: String,
    until: Instant,
    shown: Shown,
}

impl Kept {
    /// Keeps a receipt and returns its key. If the post is a repeat that came back without a code word, the first
    /// receipt's is used.
    pub(super) fn put(&self, sender: &str, mut shown: Shown) -> String {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while entries.front().is_some_and(|entry| entry.until <= now) || entries.len() >= KEPT_MAX {
            entries.pop_front();
        }
        if shown.accepted.duplicate && shown.accepted.code.is_none() {
            shown.accepted.code = entries
                .iter()
                .rev()
                .find(|entry| entry.sender == sender && entry.shown.accepted.id == shown.accepted.id)
                .and_then(|entry| entry.shown.accepted.code.clone());
        }
        let key = token();
        entries.push_back(Entry {
            key: key.clone(),
            sender: sender.to_owned(),
            until: now + Duration::from_secs(KEPT_S),
            shown,
        });
        key
    }

    /// The key of the receipt that this very form was given before, while it is kept.
    pub(super) fn again(&self, sender: &str) -> Option<String> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        entries.iter().rev().find(|entry| entry.sender == sender && entry.until > now).map(|entry| entry.key.clone())
    }

    /// The receipt with that key, while it is kept.
    pub(super) fn get(&self, key: &str) -> Option<Shown> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        entries.iter().find(|entry| entry.key == key && entry.until > now).map(|entry| entry.shown.clone())
    }
}

/// 128 random bits as 32 hex digits: a form's one-time mark, or a receipt's key.
pub(super) fn token() -> String {
    let mut bytes = [0u8; 16];
    // The system's random source does not fail after boot; without it there is no gateway key either.
    getrandom::fill(&mut bytes).expect("the system's random source works");
    commons_core::identity::hex(&bytes)
}

/// Whether a form sent back a token of ours by shape; anything else is treated as none.
pub(super) fn is_token(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use commons_core::identity::RecordId;
    use commons_core::record::Kind;

    fn shown(code: Option<&str>, duplicate: bool) -> Shown {
        Shown {
            accepted: Accepted {
                id: RecordId([1; 32]),
                kind: Kind::Need,
                item: RecordId([1; 32]),
                code: code.map(str::to_owned),
                duplicate,
                reference: String::new(),
                contact: None,
            },
            item_kind: Some("need"),
        }
    }

    /// The code word would stay readable to the next person on a shared phone, or be lost by the second of two taps.
    #[tokio::test(start_paused = true)]
    async fn a_code_word_is_shown_again_for_ten_minutes_only() {
        let kept = Kept::default();
        let key = kept.put("http:10.0.0.1:t", shown(Some("lamp river seven"), false));
        let again = kept.put("http:10.0.0.1:t", shown(None, true));
        let other = kept.put("http:10.0.0.2:t", shown(None, true));
        let code = |key: &str| kept.get(key).and_then(|s| s.accepted.code);
        assert_eq!(code(&key).as_deref(), Some("lamp river seven"));
        assert_eq!(code(&again).as_deref(), Some("lamp river seven"));
        assert_eq!(code(&other), None);
        assert_eq!(kept.again("http:10.0.0.2:t"), Some(other), "the same form finds what it was told");
        assert_eq!(kept.again("http:10.0.0.3:t"), None);
        tokio::time::advance(Duration::from_secs(KEPT_S + 1)).await;
        assert!(kept.get(&key).is_none() && kept.again("http:10.0.0.2:t").is_none());
    }

    /// A flood of posts would fill the gateway's memory with receipts.
    #[test]
    fn receipts_are_bounded() {
        let kept = Kept::default();
        for _ in 0..KEPT_MAX + 10 {
            kept.put("x", shown(None, false));
        }
        assert_eq!(kept.0.lock().unwrap().len(), KEPT_MAX);
        assert!(is_token(&token()) && !is_token("../../etc"));
    }
}
