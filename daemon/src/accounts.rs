//! What rooms ask of the ledger, answered by the writer between commits, and how they hear that an account has changed.
//!
//! Cards and the covenant are for everybody, decisions for every member. Accounts and histories are for the member himself: a room asks only after
//! [`crate::passes`] (or the local socket, or a PIN) has said who is there.

use std::collections::BTreeSet;
use std::sync::Arc;

use commons_core::codec::SignedRecord;
use commons_core::identity::{MemberId, RecordId};
use commons_core::ledger::{Account, ActionCard, CovenantCard, DecisionCard, Fork, HistoryPage, MemberCard};
use commons_core::node::Node;
use commons_core::views::Library;
use tokio::sync::{broadcast, oneshot};

use crate::inbox::{Inbox, Message};

/// Commits a slow follower may lag behind before it must read its account afresh.
pub const ACCOUNT_NEWS_MAX: usize = 256;

/// One question.
pub enum AccountQuestion {
    /// What the community has agreed on; none before it is founded.
    Covenant(oneshot::Sender<Option<CovenantCard>>),
    /// Members in order of their ids, after one.
    Cards(Option<MemberId>, usize, oneshot::Sender<Vec<MemberCard>>),
    /// Members whom a text may mean.
    Find(String, oneshot::Sender<Vec<MemberCard>>),
    /// One member as everybody may know him.
    Card(MemberId, oneshot::Sender<Option<MemberCard>>),
    /// One's own account.
    Account(MemberId, oneshot::Sender<Option<Box<Account>>>),
    /// A page of one's own history: numbers below the given one, at most so many.
    History(MemberId, Option<u32>, usize, oneshot::Sender<Option<HistoryPage>>),
    /// The forks of a member's chain, with proofs to carry.
    Forks(MemberId, oneshot::Sender<Vec<Fork>>),
    /// What households have proposed and decided.
    Decisions(oneshot::Sender<Vec<DecisionCard>>),
    /// How a member's chain would go on by a decision.
    GoingOn(MemberId, oneshot::Sender<Option<ActionCard>>),
    /// A record of a chain as its author signed it.
    Signed(RecordId, oneshot::Sender<Option<SignedRecord>>),
}

impl AccountQuestion {
    /// Answers it. Whoever asked may have left.
    pub fn answer(self, node: &Node, library: &dyn Library) {
        let ledger = node.ledger();
        match self {
            Self::Covenant(reply) => drop(reply.send(node.covenant())),
            Self::Cards(after, limit, reply) => drop(reply.send(ledger.cards(after.as_ref(), limit))),
            Self::Find(text, reply) => drop(reply.send(ledger.find(&text))),
            Self::Card(id, reply) => drop(reply.send(ledger.card(&id))),
            Self::Account(id, reply) => drop(reply.send(node.account(&id, library).map(Box::new))),
            Self::History(id, before, limit, reply) => drop(reply.send(node.history(&id, before, limit, library))),
            Self::Forks(id, reply) => drop(reply.send(node.forks(&id, library))),
            Self::Decisions(reply) => drop(reply.send(node.decisions(library))),
            Self::GoingOn(id, reply) => drop(reply.send(ledger.going_on(&id))),
            Self::Signed(id, reply) => drop(reply.send(node.signed(&id, library))),
        }
    }
}

impl Inbox {
    /// What the community has agreed on.
    pub async fn covenant(&self) -> Option<CovenantCard> {
        self.ask(|reply| Message::Account(AccountQuestion::Covenant(reply))).await.flatten()
    }

    /// Members in order of their ids, after one; at most `FOUND_MAX`.
    pub async fn member_cards(&self, after: Option<MemberId>, limit: usize) -> Vec<MemberCard> {
        self.ask(|reply| Message::Account(AccountQuestion::Cards(after, limit, reply))).await.unwrap_or_default()
    }

    /// Members whom a text may mean: id, its first 8 digits or more, key, or the beginning of a pseudonym.
    pub async fn find_members(&self, text: &str) -> Vec<MemberCard> {
        let text = text.to_owned();
        self.ask(|reply| Message::Account(AccountQuestion::Find(text, reply))).await.unwrap_or_default()
    }

    /// One member as everybody may know him, with the end of his chain.
    pub async fn member_card(&self, id: MemberId) -> Option<MemberCard> {
        self.ask(|reply| Message::Account(AccountQuestion::Card(id, reply))).await.flatten()
    }

    /// A member's own account: only for whom has shown that it is his.
    pub async fn account(&self, id: MemberId) -> Option<Account> {
        let account = self.ask(|reply| Message::Account(AccountQuestion::Account(id, reply))).await.flatten();
        account.map(|account| *account)
    }

    /// A page of a member's own history, newest first.
    pub async fn history(&self, id: MemberId, before: Option<u32>, limit: usize) -> Option<HistoryPage> {
        self.ask(|reply| Message::Account(AccountQuestion::History(id, before, limit, reply))).await.flatten()
    }

    /// The forks of a member's chain, with proofs to carry.
    pub async fn forks(&self, id: MemberId) -> Vec<Fork> {
        self.ask(|reply| Message::Account(AccountQuestion::Forks(id, reply))).await.unwrap_or_default()
    }

    /// What households have proposed and decided: what waits for somebody first, then the newest.
    pub async fn decisions(&self) -> Vec<DecisionCard> {
        self.ask(|reply| Message::Account(AccountQuestion::Decisions(reply))).await.unwrap_or_default()
    }

    /// How a member's chain would go on by a decision, as whoever proposes it may look at first.
    pub async fn going_on(&self, id: MemberId) -> Option<ActionCard> {
        self.ask(|reply| Message::Account(AccountQuestion::GoingOn(id, reply))).await.flatten()
    }

    /// A record of a chain as its author signed it.
    pub async fn signed_record(&self, id: RecordId) -> Option<SignedRecord> {
        self.ask(|reply| Message::Account(AccountQuestion::Signed(id, reply))).await.flatten()
    }
}

/// Tells followers whose accounts have changed, durably. Cheap to clone.
#[derive(Clone)]
pub struct AccountNews {
    sender: broadcast::Sender<Arc<BTreeSet<MemberId>>>,
}

impl Default for AccountNews {
    fn default() -> Self {
        Self { sender: broadcast::channel(ACCOUNT_NEWS_MAX).0 }
    }
}

impl AccountNews {
    /// For the writer: these accounts have changed, and it is on disk.
    pub fn tell(&self, members: BTreeSet<MemberId>) {
        if !members.is_empty() {
            let _ = self.sender.send(Arc::new(members));
        }
    }

    /// Follows one account from now on.
    pub fn follow(&self, member: MemberId) -> AccountFollower {
        AccountFollower { member, receiver: self.sender.subscribe() }
    }
}

/// Follows one account.
pub struct AccountFollower {
    member: MemberId,
    receiver: broadcast::Receiver<Arc<BTreeSet<MemberId>>>,
}

impl AccountFollower {
    /// Resolves when the account has changed, or may have. False: the gateway ends.
    pub async fn changed(&mut self) -> bool {
        loop {
            match self.receiver.recv().await {
                Ok(members) if members.contains(&self.member) => return true,
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => return true,
                Err(broadcast::error::RecvError::Closed) => return false,
            }
        }
    }
}
