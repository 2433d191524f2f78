//! How a member shows who he is, so that he may read his own account: he signs a question of this gateway's, and gets a pass,
//! a random token that stands for him for a while. For MQTT it is the password beside his id.
//!
//! In memory only: a restart ends all passes. A pass is for the key it was made with, so a new key ends it. Questions are not
//! kept: each carries its time and this gateway's own mark, so nobody can push another's question out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use commons_core::identity::{hash, hex, pass_signed, GatewayId, MemberId, MemberKey, NetworkId, Signature};

use crate::inbox::Inbox;

/// How long a question may be answered.
pub const QUESTION_S: u64 = 120;
/// How long a pass holds.
pub const PASS_S: u64 = 12 * 3_600;
/// Passes of one member; the oldest leaves.
const PASSES_OF_ONE_MAX: usize = 8;
/// Passes in all; the oldest leaves. Only who can sign for a member gets one, so this is a large neighbourhood's phones.
const PASSES_MAX: usize = 4_096;

/// Why no pass was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPass {
    /// There is no such member here.
    #[error("there is no such member here")]
    UnknownMember,
    /// Too old, or of another gateway.
    #[error("this question is too old, or not of this gateway; ask for a new one")]
    OldQuestion,
    /// Not the member's key over it.
    #[error("this is not the member's signature over the question")]
    BadSignature,
}

impl NoPass {
    /// A stable word for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownMember => "unknown_member",
            Self::OldQuestion => "old_question",
            Self::BadSignature => "bad_signature",
        }
    }

    /// The field it speaks of.
    pub fn field(self) -> &'static str {
        match self {
            Self::UnknownMember => "member",
            Self::OldQuestion => "challenge",
            Self::BadSignature => "signature",
        }
    }
}

/// All passes. Cheap to clone.
#[derive(Clone)]
pub struct Passes(Arc<Shared>);

struct Shared {
    secret: [u8; 32],
    began: Instant,
    given: Mutex<Given>,
}

#[derive(Default)]
struct Given {
    /// By the hash of the token: a comparison tells nothing of it by its time.
    passes: BTreeMap<[u8; 32], Pass>,
    count: u64,
}

#[derive(Clone, Copy)]
struct Pass {
    number: u64,
    member: MemberId,
    key: MemberKey,
    until: Instant,
}

impl Default for Passes {
    fn default() -> Self {
        Self(Arc::new(Shared { secret: draw(), began: Instant::now(), given: Mutex::default() }))
    }
}

impl Passes {
    /// A question to sign, good for [`QUESTION_S`].
    pub fn question(&self) -> [u8; 32] {
        let mut question = [0; 32];
        question[..8].copy_from_slice(&self.0.began.elapsed().as_secs().to_be_bytes());
        question[8..16].copy_from_slice(&draw()[..8]);
        let mark = self.mark(&question[..16]);
        question[16..].copy_from_slice(&mark[..16]);
        question
    }

    fn mark(&self, text: &[u8]) -> [u8; 32] {
        // A wide-pipe hash: a keyed prefix is a sound MAC.
        hash("commons/1/pass-question", &[&self.0.secret, text])
    }

    fn is_fresh(&self, question: &[u8; 32]) -> bool {
        let (text, mark) = question.split_at(16);
        let [a, b, c, d, e, f, g, h, ..] = *question;
        let asked = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        let age = self.0.began.elapsed().as_secs().checked_sub(asked);
        let same = self.mark(text).iter().zip(mark).fold(0, |differs, (one, other)| differs | (one ^ other)) == 0;
        same && age.is_some_and(|age| age <= QUESTION_S)
    }

    /// Gives a pass to whom has shown some other way that he is this member (a PIN, the local socket). `key` is the member's now.
    pub fn give(&self, member: MemberId, key: MemberKey) -> String {
        let token = hex(&draw());
        let now = Instant::now();
        let mut given = self.0.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.passes.retain(|_, pass| pass.until > now);
        let oldest = |given: &Given, of: Option<MemberId>, most: usize| {
            let those = given.passes.iter().filter(|(_, pass)| of.is_none_or(|of| of == pass.member));
            let count = those.clone().count();
            those.min_by_key(|(_, pass)| pass.number).filter(|_| count >= most).map(|(hash, _)| *hash)
        };
        for (of, most) in [(Some(member), PASSES_OF_ONE_MAX), (None, PASSES_MAX)] {
            if let Some(hash) = oldest(&given, of, most) {
                given.passes.remove(&hash);
            }
        }
        given.count += 1;
        let pass = Pass { number: given.count, member, key, until: now + Duration::from_secs(PASS_S) };
        given.passes.insert(hashed(&token), pass);
        token
    }

    /// Whose pass this is, and with which key it was given.
    fn find(&self, token: &str) -> Option<(MemberId, MemberKey)> {
        let given = self.0.given.lock().unwrap_or_else(PoisonError::into_inner);
        let pass = given.passes.get(&hashed(token)).filter(|pass| pass.until > Instant::now())?;
        Some((pass.member, pass.key))
    }

    /// Ends a pass.
    pub fn end(&self, token: &str) {
        let mut given = self.0.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.passes.remove(&hashed(token));
    }
}

impl Inbox {
    /// A pass for who has signed a question of [`Passes::question`].
    pub async fn give_pass(
        &self,
        network: &NetworkId,
        gateway: &GatewayId,
        member: MemberId,
        question: &[u8; 32],
        signature: &Signature,
    ) -> Result<String, NoPass> {
        if !self.passes().is_fresh(question) {
            return Err(NoPass::OldQuestion);
        }
        let card = self.member_card(member).await.ok_or(NoPass::UnknownMember)?;
        let key = MemberKey::parse(&card.key).ok_or(NoPass::UnknownMember)?;
        if !pass_signed(network, gateway, &key, &member, question, signature) {
            return Err(NoPass::BadSignature);
        }
        Ok(self.passes().give(member, key))
    }

    /// Who has this pass, if he still signs with the key it was given for.
    pub async fn who_has(&self, token: &str) -> Option<MemberId> {
        let (member, key) = self.passes().find(token)?;
        let card = self.member_card(member).await?;
        if MemberKey::parse(&card.key) != Some(key) {
            self.passes().end(token);
            return None;
        }
        Some(member)
    }
}

fn hashed(token: &str) -> [u8; 32] {
    hash("commons/1/pass-token", &[token.as_bytes()])
}

fn draw() -> [u8; 32] {
    let mut bytes = [0; 32];
    // The system's random source does not fail after boot; without it there is no gateway key either.
    getrandom::fill(&mut bytes).expect("the system's random source works");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One member's phones would throw out everybody else's, or an old pass would open an account for ever.
    #[test]
    fn passes_are_bounded_by_member_and_end() {
        let passes = Passes::default();
        let (one, other, key) = (MemberId([1; 32]), MemberId([2; 32]), MemberKey([3; 32]));
        let his = passes.give(other, key);
        let tokens: Vec<String> = (0..=PASSES_OF_ONE_MAX).map(|_| passes.give(one, key)).collect();
        assert_eq!(passes.find(&tokens[0]), None, "the oldest left");
        assert_eq!(passes.find(&tokens[1]), Some((one, key)));
        assert_eq!(passes.find(&his), Some((other, key)));
        passes.end(&his);
        assert_eq!(passes.find(&his), None);
        assert_eq!(passes.find(""), None);
        for token in &tokens {
            passes.0.given.lock().unwrap().passes.entry(hashed(token)).and_modify(|pass| pass.until = Instant::now());
        }
        assert_eq!(passes.find(&tokens[1]), None, "its time is over");
    }

    /// A question of another gateway, an old or an invented one would open an account to whoever recorded its answer.
    #[test]
    fn only_this_gateways_fresh_questions_count() {
        let passes = Passes::default();
        let question = passes.question();
        assert!(passes.is_fresh(&question) && passes.question() != question);
        assert!(!Passes::default().is_fresh(&question));
        for at in 0..32 {
            let mut bad = question;
            bad[at] ^= 1;
            assert!(!passes.is_fresh(&bad), "{at}");
        }
        let mut old = Passes::default();
        let question = old.question();
        Arc::get_mut(&mut old.0).unwrap().began -= Duration::from_secs(QUESTION_S + 2);
        assert!(!old.is_fresh(&question));
    }
}
