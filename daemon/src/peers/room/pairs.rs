//! Pairing, as the room does it: invitations made and taken up, codes tried, pairings ended.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use commons_core::identity::GatewayId;
use commons_core::sync::Interests;
use tokio::time::Instant;

use super::Room;
use crate::peers::book::{find, Book, BookError, Peer, CODES_MAX};
use crate::peers::code::{Code, Secret};
use crate::peers::noise::LinkFault;
use crate::peers::own_addresses;
use crate::peers::pairing::keep_trying;
use crate::wants;

/// How long it is shown that a code was given up.
const SHOWN_FOR: Duration = Duration::from_secs(3_600);

impl Room {
    /// The secrets of all invitations that stand.
    pub fn secrets(&self) -> Vec<Secret> {
        self.book().secrets()
    }

    /// Somebody has proven to know a secret.
    pub async fn accept(
        self: &Arc<Self>,
        secret: Secret,
        id: GatewayId,
        name: String,
        address: Option<String>,
    ) -> Result<bool, LinkFault> {
        let done = self.write(move |book| book.accept(&secret, id, &name, address)).await;
        let accepted = done.map_err(|fault| LinkFault::Closed(fault.to_string()))?;
        if accepted {
            self.follow_book().await;
        }
        Ok(accepted)
    }

    /// A code has led to its gateway.
    pub async fn paired(
        self: &Arc<Self>,
        code: &Code,
        id: GatewayId,
        name: String,
        address: String,
    ) -> Result<(), LinkFault> {
        let code = code.clone();
        self.write(move |book| book.met(&code, id, &name, address))
            .await
            .map_err(|fault| LinkFault::Closed(fault.to_string()))?;
        self.follow_book().await;
        Ok(())
    }

    /// A new invitation, as a code with the addresses under which we can be called.
    pub async fn invite(&self) -> Result<Code, BookError> {
        let secret = self.write(Book::invite).await?;
        Ok(Code::new(secret, &self.identity.id, &own_addresses(&self.listen)))
    }

    /// Tries a code from now on.
    pub async fn give(self: &Arc<Self>, typed: String, only: Option<String>) -> Result<Code, BookError> {
        let known = self.book().codes();
        let only = only.as_deref().map(wants::parse).transpose()?;
        let code = self.write(move |book| book.give(&typed, only)).await?;
        let again = self.table().given_up.remove(&code.to_string()).is_some();
        if again || !known.contains(&code.to_string()) {
            tokio::spawn(keep_trying(self.clone(), code.clone()));
        }
        Ok(code)
    }

    /// Tries a code no more, since its own gateway does not know it.
    pub async fn give_up(&self, code: &Code) {
        tracing::warn!("a code is given up: the gateway that it names does not know it");
        {
            let given_up = &mut self.table().given_up;
            given_up.retain(|_, since| since.elapsed() < SHOWN_FOR);
            if given_up.len() >= CODES_MAX {
                let oldest = given_up.iter().min_by_key(|(_, since)| **since).map(|(code, _)| code.clone());
                oldest.map(|oldest| given_up.remove(&oldest));
            }
            given_up.insert(code.to_string(), Instant::now());
        }
        let code = code.clone();
        if let Err(fault) = self.write(move |book| book.drop_code(&code)).await {
            tracing::warn!(error = %fault, "a code that was given up is still written down");
        }
    }

    /// Whether a code is still tried.
    pub fn has_code(&self, code: &Code) -> bool {
        !self.is_closing() && self.book().codes().contains(&code.to_string())
    }

    /// All codes being tried, with why they have not led anywhere.
    pub fn codes(&self) -> Vec<(String, Option<String>)> {
        let codes = self.book().codes();
        let table = self.table();
        let tried = codes.into_iter().filter(|code| !table.given_up.contains_key(code));
        tried.map(|code| (code.clone(), table.code_faults.get(&code).cloned())).collect()
    }

    /// Codes given up lately.
    pub fn given_up(&self) -> Vec<String> {
        let table = self.table();
        let fresh = table.given_up.iter().filter(|(_, since)| since.elapsed() < SHOWN_FOR);
        fresh.map(|(code, _)| code.clone()).collect()
    }

    /// Why a code has not led anywhere.
    pub fn note_code_fault(&self, code: &Code, fault: &LinkFault) {
        let codes = self.book().codes();
        let mut table = self.table();
        table.code_faults.retain(|code, _| codes.contains(code));
        table.code_faults.insert(code.to_string(), fault.to_string());
    }

    /// Where the gateway behind a code may be.
    pub fn addresses_of_code(&self, code: &Code) -> Vec<String> {
        let table = self.table();
        let heard = table.heard.iter().filter(|(id, _)| code.is_of(id)).map(|(_, heard)| heard.address.to_string());
        let mut addresses: Vec<String> = heard.collect();
        addresses.extend(code.addresses.iter().map(ToString::to_string));
        let mut seen = BTreeSet::new();
        addresses.retain(|address| seen.insert(address.clone()));
        addresses
    }

    /// Takes a peer out, or a code that is tried.
    pub async fn remove(self: &Arc<Self>, wanted: String) -> Result<Option<Peer>, BookError> {
        if let Ok(code) = Code::parse(&wanted) {
            let forgotten = self.table().given_up.remove(&code.to_string()).is_some();
            if self.write(move |book| book.drop_code(&code)).await? || forgotten {
                return Ok(None);
            }
        }
        let peer = self.write(move |book| book.remove(&wanted)).await?;
        self.follow_book().await;
        Ok(Some(peer))
    }

    /// What is wanted of a peer from now on; none: the usual. Its link is made anew, with a Hello that says so.
    pub async fn only(
        self: &Arc<Self>,
        wanted: String,
        only: Option<String>,
    ) -> Result<(GatewayId, String), BookError> {
        let only = only.as_deref().map(wants::parse).transpose()?;
        let (id, name) = {
            let table = self.table();
            let id = find(table.known.iter().map(|(id, known)| (id, known.name.as_str())), &wanted)?;
            (id, table.known.get(&id).map(|known| known.name.clone()).unwrap_or_default())
        };
        let before = self.wanted_of(&id);
        self.write(move |book| book.want(id, only)).await?;
        self.follow_book().await;
        if self.wanted_of(&id) != before {
            let live = self.table().known.get_mut(&id).and_then(|known| known.live.as_mut()?.stop.take());
            if let Some(stop) = live {
                let _ = stop.send(LinkFault::Closed("something else is wanted of this peer from now on".into()));
            }
        }
        Ok((id, name))
    }

    /// What is wanted of a peer.
    pub fn wanted_of(&self, id: &GatewayId) -> Interests {
        self.book().wants().get(id).copied().unwrap_or(self.usual)
    }

    /// So many seconds have passed.
    pub async fn pass(&self, seconds: u64) {
        if let Err(fault) = self.write(move |book| book.pass(seconds)).await {
            tracing::warn!(error = %fault, "what is left of invitations was not written down");
        }
    }
}
