//! The client is a member who has shown a pass: he reads his own account at `commons/ledger/<his id>`, whole at first, and whole
//! again after each change. Nothing of it passes through the router; nobody else's session ever holds it.
//!
//! A client that takes its messages slowly gets the account as it is by then, not every step.

use std::sync::Arc;

use bytes::Bytes;
use commons_core::identity::MemberId;
use commons_core::scorecard::Signal;
use commons_core::topic::LEDGER_PREFIX;
use futures_util::future::BoxFuture;
use serde::Serialize;

use super::outbound::{Delivery, Source};
use super::{Attach, Session};
use crate::accounts::AccountFollower;
use crate::door::batch::Item;
use crate::door::bulletin::GATEWAY;
use crate::inbox::Inbox;

/// A member at the door.
pub struct Account {
    id: MemberId,
    pass: String,
    topic: Arc<str>,
    news: AccountFollower,
    asking: Option<BoxFuture<'static, Option<Bytes>>>,
    ready: Option<Bytes>,
    /// What was read last is not what it is now.
    stale: bool,
    /// A subscription has begun: the next message is its snapshot.
    first: bool,
}

/// The account, and what the scorecard tells this member alone, if there is anything.
#[derive(Serialize)]
struct WithSignals {
    #[serde(flatten)]
    account: commons_core::ledger::Account,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    signals: Vec<Signal>,
}

/// What happened.
pub enum AccountEvent {
    /// It has changed, or may have. False: the gateway ends.
    Changed(bool),
    /// As it is now, as JSON; none if the pass is over.
    Read(Option<Bytes>),
}

impl Account {
    fn new(inbox: &Inbox, id: MemberId, pass: String) -> Self {
        Self {
            id,
            pass,
            topic: format!("{LEDGER_PREFIX}{id}").into(),
            news: inbox.account_news().follow(id),
            asking: None,
            ready: None,
            stale: false,
            first: false,
        }
    }

    /// His id, as in the topic.
    pub fn member(&self) -> &str {
        &self.topic[LEDGER_PREFIX.len()..]
    }

    /// A subscription begins.
    pub fn begin(&mut self) {
        (self.stale, self.first) = (true, true);
    }

    /// The next thing that happens. Cancelling it loses nothing.
    pub async fn next(account: &mut Option<Box<Self>>) -> AccountEvent {
        let Some(account) = account else { return std::future::pending().await };
        match &mut account.asking {
            Some(asking) => {
                let read = asking.await;
                account.asking = None;
                AccountEvent::Read(read)
            }
            None => AccountEvent::Changed(account.news.changed().await),
        }
    }
}

impl Session {
    /// A connection comes: as a member, or as nobody in particular. What waits for one member is never given to another.
    pub(super) fn meet(&mut self, attach: &mut Attach) {
        let before = self.account.as_ref().map(|account| account.id);
        let now = attach.member.take();
        attach.clean |= before.is_some() && before != now.as_ref().map(|(id, _)| *id);
        self.account = now.map(|(id, pass)| Box::new(Account::new(&self.shared.inbox, id, pass)));
        if let Some(account) = self.account.as_mut().filter(|_| !attach.clean) {
            // Something may have changed while it was away.
            account.stale = true;
        }
    }

    pub(super) fn on_account(&mut self, event: AccountEvent) {
        let Some(account) = &mut self.account else { return };
        match event {
            AccountEvent::Changed(true) => account.stale = true,
            AccountEvent::Changed(false) => self.account = None,
            AccountEvent::Read(Some(json)) => account.ready = Some(json),
            AccountEvent::Read(None) => {
                self.account = None;
                self.part(0x87, "the pass is over; connect with a new one");
            }
        }
    }

    /// Asks for the account, or sends it, if there is somebody to read it.
    pub(super) fn advance_account(&mut self) {
        let Some(account) = &mut self.account else { return };
        if self.connection.is_none() {
            return;
        }
        let Some(mut matched) = self.reading.find(&account.topic, false) else {
            (account.stale, account.ready) = (false, None);
            return;
        };
        if let Some(json) = account.ready.take() {
            let (topic, first) = (account.topic.clone(), account.first);
            matched.retain = Some(first || matched.retain_as_published);
            let item = Item { topic: &topic, properties: &[], payload: &json, qos: 2, retain: true, expiry_s: None };
            let delivery = self.deliver(&item, Source::Own, &matched, (GATEWAY, 0), false);
            let Some(account) = &mut self.account else { return };
            match delivery {
                Delivery::NoRoom => account.ready = Some(json),
                Delivery::Done => account.first = false,
            }
        }
        let Some(account) = &mut self.account else { return };
        if account.stale && account.asking.is_none() && account.ready.is_none() {
            account.stale = false;
            let (inbox, id, pass) = (self.shared.inbox.clone(), account.id, account.pass.clone());
            account.asking = Some(Box::pin(async move {
                if inbox.who_has(&pass).await != Some(id) {
                    return None;
                }
                let account = inbox.account(id).await?;
                let signals = inbox.personal(id).await.map(|score| score.signals).unwrap_or_default();
                Some(serde_json::to_vec(&WithSignals { account, signals }).unwrap_or_default().into())
            }));
        }
    }
}
