//! A guest's contact: sealed at his gateway when he posts, opened only for the claim that holds a slot. To a helper with a
//! key it goes on sealed to that key, in the assignment itself, so that it reaches him at any gateway and nobody else.

use alloc::string::String;
use alloc::vec::Vec;

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::ChaCha20Poly1305;

use super::Node;
use crate::identity::{purpose, RecordId};
use crate::record::{Body, Claim, Kind, Mark};
use crate::sealing::seal;
use crate::views::board::Item;
use crate::views::merge::{Deed, Standing};
use crate::views::Library;

impl Node {
    /// The contact of an item, for the claim that holds a slot; none otherwise.
    pub(super) fn released(
        &self,
        item: &RecordId,
        claim: &RecordId,
        kind: Kind,
        library: &dyn Library,
    ) -> Option<String> {
        let item = self.board.get(item)?;
        let claim = if kind == Kind::Start {
            // A repeated start names its own record, not the claim: look the claim up.
            let act = self.board.acts(&item.id).iter().find(|act| act.id == *claim)?;
            match &act.deed {
                Deed::Start(claim) => *claim,
                _ => return None,
            }
        } else {
            *claim
        };
        let standing = self.board.resolve(item).standing(&claim)?;
        // What does not run out is for whoever answers: it has no slots to wait for.
        let holds = matches!(standing, Standing::Assigned | Standing::Underway | Standing::Done)
            || (item.standing && standing == Standing::Standby);
        if !item.contact || !holds {
            return None;
        }
        match self.record(item.at, library)?.body {
            Body::Need(ask) | Body::Offer(ask) => self.open_contact(&ask.contact?),
            _ => None,
        }
    }

    /// The contact of a guest's item, sealed for a claim that is about to get this slot; none if there is none, or the claim
    /// names no key.
    pub(super) fn contact_for(
        &self,
        item: &Item,
        claim: &RecordId,
        slot: u8,
        epoch: u16,
        library: &dyn Library,
    ) -> Option<Vec<u8>> {
        if !item.contact || !self.is_guests(item) || self.board.home(item) != self.me {
            return None;
        }
        let act = self.board.acts(&item.id).iter().find(|act| act.id == *claim)?;
        let Body::Claim(Claim { key: Some(key), .. }) = self.record(act.at, library)?.body else { return None };
        let contact = match self.record(item.at, library)?.body {
            Body::Need(ask) | Body::Offer(ask) => self.open_contact(&ask.contact?)?,
            _ => return None,
        };
        // A keyed hash of all that goes in is never used for another contact.
        let parts: [&[u8]; 6] = [b"once", &item.id.0, &claim.0, &key, &[slot], &epoch.to_be_bytes()];
        seal(&contact, &key, &item.id, claim, self.keys.keyed(purpose::SEAL, &parts))
    }

    /// Seals a contact to this gateway. The nonce is a keyed hash of all that goes in, so it never repeats for another
    /// contact.
    pub(super) fn seal_contact(&self, contact: &str, mark: Mark, created: u64) -> Vec<u8> {
        let (sender, content) = (mark.sender.to_be_bytes(), mark.content.to_be_bytes());
        let nonce =
            self.keys.keyed(purpose::SEAL, &[b"nonce", &sender, &content, &created.to_be_bytes(), contact.as_bytes()]);
        let mut sealed = nonce[..12].to_vec();
        let Ok(nonce) = <[u8; 12]>::try_from(&nonce[..12]) else { return Vec::new() };
        let cipher = self.cipher();
        sealed.extend(cipher.encrypt(&nonce.into(), contact.as_bytes()).unwrap_or_default());
        sealed
    }

    pub(super) fn open_contact(&self, sealed: &[u8]) -> Option<String> {
        let (nonce, text) = sealed.split_at_checked(12)?;
        let nonce = <[u8; 12]>::try_from(nonce).ok()?;
        let text = self.cipher().decrypt(&nonce.into(), text).ok()?;
        String::from_utf8(text).ok()
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&self.keys.keyed(purpose::SEAL, &[b"key"]).into())
    }
}
