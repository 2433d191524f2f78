//! What must hold at the moment a gateway takes a member's record: a new key, a new home and a farewell move no credit, nobody
//! gets another's key too soon or by too few, and who has left says nothing more.

use std::collections::BTreeSet;

use commons_core::identity::MemberId;
use commons_core::ledger::MemberView;
use commons_core::record::*;

use super::community::{Word, DELAY_S};
use super::world::World;

/// Households that a decision takes in every simulated community.
const QUORUM: usize = 2;
/// Ages are whole seconds.
const ROUNDING_MS: u64 = 1_000;

/// What a gateway saw of a member before it was handed his record.
pub(super) struct Before {
    view: MemberView,
    /// His chain was split.
    split: bool,
    /// Records were waiting for others, perhaps for this one: what it moves may be theirs.
    waiting: bool,
    /// The one he pays had left.
    payee_left: bool,
}

/// In each unit.
fn position(view: &MemberView) -> Vec<i64> {
    view.balances.iter().map(|balance| balance.position).collect()
}

impl World {
    /// What a gateway sees of the author; none if it has the record already.
    pub(super) fn before(&self, at: usize, word: &Word) -> Option<Before> {
        let (link, ledger) = (word.link?, self.ledger_at(at)?);
        if ledger.counts(&word.id) {
            return None;
        }
        let payee = if let Body::Pay(pay) = &word.body { ledger.member(&pay.to) } else { None };
        Some(Before {
            view: ledger.member(&link.member)?,
            split: ledger.ends(&link.member).len() > 1,
            waiting: ledger.waiting() > 0,
            payee_left: payee.is_some_and(|view| view.left && view.forks.is_empty()),
        })
    }

    /// It took the record.
    pub(super) fn check_promises(&mut self, at: usize, word: &Word, before: &Before) {
        let Some((member, view)) = word.link.and_then(|link| {
            let view = self.ledger_at(at)?.member(&link.member)?;
            Some((link.member, view))
        }) else {
            return;
        };
        if let Some((invariant, what)) = self.find_broken_promise(at, word, before, &member, &view) {
            self.fail(invariant, format!("{at} takes {} of {}: {what}", word.kind.name(), member.short()));
        }
    }

    fn find_broken_promise(
        &self,
        at: usize,
        word: &Word,
        before: &Before,
        member: &MemberId,
        view: &MemberView,
    ) -> Option<(&'static str, String)> {
        let settled = |view: &MemberView| view.balances.iter().map(|balance| balance.settled).collect::<Vec<i64>>();
        let quiet = !matches!(word.kind, Kind::Pay | Kind::Accept | Kind::Reclaim | Kind::Decide | Kind::Consent);
        if quiet && !before.waiting && settled(view) != settled(&before.view) {
            let what = format!("{:?} becomes {:?}", settled(&before.view), settled(view));
            return Some(("keys, homes and words move no credit", what));
        }
        if before.payee_left {
            return Some(("nobody is paid who has left", String::new()));
        }
        if before.split {
            // Which branch it goes on with, the longest one's view does not say.
            return None;
        }
        if before.view.left && word.kind != Kind::Decline {
            return Some(("who has left says nothing more", String::new()));
        }
        let at_home = matches!(word.kind, Kind::Decline | Kind::Facts | Kind::Rekey | Kind::Leave);
        if at_home && before.view.home != self.sites[at].id {
            return Some(("only home changes a key or a home", format!("home is {}", before.view.home.short())));
        }
        let stays = matches!(word.kind, Kind::Rekey | Kind::Facts | Kind::Recover | Kind::Veto | Kind::Leave);
        if stays && !before.waiting && position(view) != position(&before.view) {
            return Some(("keys, homes and words move no credit", "the position moves".into()));
        }
        match &word.body {
            Body::Leave(_) if !view.left || position(&before.view).iter().any(|position| *position < 0) => {
                Some(("who leaves owes nothing", format!("{:?}", position(&before.view))))
            }
            Body::Rekey(rekey) if (view.key, view.epoch) != (rekey.key, before.view.epoch + 1) => {
                Some(("a new key opens an epoch", format!("{} after {}", view.epoch, before.view.epoch)))
            }
            Body::Resume(resume) => self.find_theft(at, word, before, member, view, resume).map(|what| {
                let invariant = "nobody goes on with another key too soon or by too few";
                (invariant, what)
            }),
            _ => None,
        }
    }

    fn find_theft(
        &self,
        at: usize,
        word: &Word,
        before: &Before,
        member: &MemberId,
        view: &MemberView,
        resume: &Resume,
    ) -> Option<String> {
        if matches!(resume.grounds, Grounds::Branches(_)) {
            return None;
        }
        let link = &resume.link;
        if link.prev != before.view.head || link.epoch != before.view.epoch + 1 {
            return Some(format!("from {} and not {}", link.prev.short(), before.view.head.short()));
        }
        if (view.key, view.home) != (word.author, self.sites[at].id) {
            return Some("with another key, or at another home".into());
        }
        match &resume.grounds {
            Grounds::Guardians(ids) => {
                let words = self.community.recoveries.iter().filter(|each| ids.contains(&each.id));
                let fits = |each: &&super::community::Recovery| {
                    (each.body.member, each.body.base, each.body.key) == (*member, link.prev, word.author)
                };
                let words: Vec<_> =
                    words.filter(fits).filter(|each| before.view.guardians.contains(&each.by)).collect();
                let guardians: BTreeSet<MemberId> = words.iter().map(|each| each.by).collect();
                if guardians.is_empty() || guardians.len() < usize::from(before.view.threshold) {
                    return Some(format!("{} of {} guardians", guardians.len(), before.view.threshold));
                }
                let delay_ms = u64::from(DELAY_S) * 1_000;
                let all = guardians.len() == before.view.guardians.len();
                let last_ms = words.iter().map(|each| each.ms).max().unwrap_or(0);
                if !all && self.now_ms + ROUNDING_MS < last_ms + delay_ms {
                    return Some(format!("{} ms after the last guardian's word", self.now_ms - last_ms));
                }
                (position(view) != position(&before.view)).then(|| "the position moves".into())
            }
            Grounds::Decision { decision, consents } => {
                let pardon = self.community.pardons.iter().find(|each| each.id == *decision);
                let said = self.community.consents.iter().filter(|(to, id, _)| to == decision && consents.contains(id));
                let voices: BTreeSet<MemberId> =
                    said.map(|(.., by)| *by).chain(pardon.map(|each| each.by)).filter(|by| by != member).collect();
                if voices.len() < QUORUM {
                    return Some(format!("{} households", voices.len()));
                }
                let decided = pardon.and_then(|each| match &each.action {
                    Action::Unfreeze { positions, .. } => Some(positions.clone()),
                    _ => None,
                });
                (decided != Some(position(view))).then(|| format!("the position is not {decided:?}"))
            }
            Grounds::Branches(_) => None,
        }
    }
}
