//! From a submission to a logged record: rights, quotas, duplicates, and what follows by itself.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::rights::Right;
use super::{lane_of, Node, Output, Recent, Space, Staged};
use crate::admission::{admit, claim_owner, Rejection};
use crate::batch::BatchFault;
use crate::clock::Now;
use crate::codec::{check, decode_record, encode_record, record_id, Author, SignedRecord, RECORD_BYTES_MAX};
use crate::codeword::code_word;
use crate::identity::{member_signed, purpose, RecordId};
use crate::log::{Age, Lane};
use crate::receipt::{Accepted, Outcome};
use crate::record::{
    Ask, Assign, AssignBy, Body, Claim, Cosign, DuplicateOf, Kind, Mark, OnClaim, OnItem, Record, Refer, Return,
    Severity, StockCount, Urgency, Withdraw, RECORD_VERSION,
};
use crate::submission::{Content, Draft, DraftBody, Sender, Submission};
use crate::views::board::Item;
use crate::views::merge::{Act, Deed, Standing, Voice};
use crate::views::stock::Shelf;
use crate::views::Library;

/// Seconds until a claim that came from another gateway is answered.
const FOLLOW_UP_S: u64 = 2;
/// Items with such claims that wait for it.
const CLAIMED_MAX: usize = 4_096;
/// Helpers assigned after one act.
const ASSIGNED_AT_ONCE_MAX: usize = 20;

impl Node {
    pub(super) fn submit(
        &mut self,
        now: Now,
        submission: Submission,
        library: &dyn Library,
        outputs: &mut Vec<Output>,
    ) -> Outcome {
        let Submission { kind, sender, reference, content } = submission;
        if self.space == Space::None {
            return Err(Rejection::StorageFull);
        }
        match content {
            Content::Signed(signed) => self.submit_signed(now, kind, &sender, signed, library, outputs),
            Content::Draft(draft) => self.submit_draft(now, kind, &sender, reference, draft, library, outputs),
        }
    }

    fn submit_signed(
        &mut self,
        now: Now,
        kind: Kind,
        sender: &Sender,
        signed: SignedRecord,
        library: &dyn Library,
        outputs: &mut Vec<Output>,
    ) -> Outcome {
        let record = decode_record(&signed.record)?;
        let found = record.body.kind();
        if found != kind {
            return Err(Rejection::KindMismatch { found: found.name(), expected: kind.name() });
        }
        if !member_signed(&self.network, &signed.author, &signed.record, &signed.signature) {
            return Err(Rejection::BadSignature);
        }
        let author = Author::Member(signed.author);
        let id = record_id(&self.network, &self.me, &author, &signed.record);
        let target = record.body.target().copied();
        let accepted = |duplicate| Accepted {
            id,
            kind,
            item: target.unwrap_or(id),
            code: None,
            duplicate,
            reference: reference_of(&record.body).to_string(),
            contact: None,
        };
        let known_act = |target| self.board.acts(target).binary_search_by(|act| act.id.cmp(&id)).is_ok();
        if self.board.get(&id).is_some()
            || target.as_ref().is_some_and(known_act)
            || self.stock.knows(&id)
            || self.ledger.counts(&id)
            || self.ledger.knows_proof(&record.body)
        {
            return Ok(accepted(true));
        }
        if self.recent.get(&record.mark.content).is_some_and(|recent| recent.id == id) {
            return Ok(accepted(true));
        }
        if self.board.is_buried(&id) {
            return Err(Rejection::WrongState { kind: kind.name(), status: "expired" });
        }
        let voice = Voice::new(author, self.me, record.mark);
        if kind.is_ledger() {
            self.check_ledger(now, author, id, &record.body)?;
        } else {
            self.check_body(&record.body, &voice, sender)?;
        }
        let lane = self.lane(&record.body);
        let entry = Staged { author, record: signed.record, signature: Some(signed.signature) };
        self.stage(now, lane, entry, &record, outputs)?;
        let answer = accepted(false);
        if lane == Lane::Book {
            // Stock has no item to be found by; remembering the mark makes a resend recognisable.
            self.remember(record.mark, self.clock.age(now), id, id, kind);
        }
        self.follow_up(now, target, library, outputs);
        Ok(answer)
    }

    #[allow(clippy::too_many_arguments)] // The parts of one submission; a struct for one call would hide that.
    fn submit_draft(
        &mut self,
        now: Now,
        kind: Kind,
        sender: &Sender,
        reference: String,
        draft: Draft,
        library: &dyn Library,
        outputs: &mut Vec<Output>,
    ) -> Outcome {
        let mark = self.mark(kind, sender, &draft.payload);
        if let Some(known) = self.known(mark) {
            let (id, item, kind) = (known.id, known.item, known.kind);
            let contact = match kind {
                Kind::Claim | Kind::Start => self.released(&item, &id, kind, library),
                _ => None,
            };
            return Ok(self.accepted(id, item, kind, true, reference, contact));
        }
        let (created, _) = self.clock.best(now);
        let voice = Voice::new(Author::Guest, self.me, mark);
        let mut body = self.body_of(kind, sender, &voice, &draft, reference.clone(), mark, created, now)?;
        if let Body::Assign(assign) = &mut body {
            let item = self.board.get(&assign.item).ok_or(Rejection::UnknownItem)?;
            assign.contact = self.contact_for(item, &assign.claim, assign.slot, assign.epoch, library);
        }
        let record = Record { version: RECORD_VERSION, created, mark, body };
        check(&record)?;
        self.check_body(&record.body, &voice, sender)?;
        let bytes = encode_record(&record);
        // Every field may be within its limit and the whole still be more than another gateway takes.
        if bytes.len() > RECORD_BYTES_MAX {
            return Err(Rejection::PayloadTooLarge { found: bytes.len(), limit: RECORD_BYTES_MAX });
        }
        let entry = Staged { author: Author::Guest, record: bytes, signature: None };
        let target = record.body.target().copied();
        let lane = self.lane(&record.body);
        let id = self.stage(now, lane, entry, &record, outputs)?;
        self.follow_up(now, target, library, outputs);
        let item = target.unwrap_or(id);
        let claim = match &record.body {
            Body::Start(on) => Some(on.claim),
            Body::Claim(_) => Some(id),
            _ => None,
        };
        let contact = claim.and_then(|claim| self.released(&item, &claim, Kind::Claim, library));
        Ok(self.accepted(id, item, kind, false, reference, contact))
    }

    fn accepted(
        &self,
        id: RecordId,
        item: RecordId,
        kind: Kind,
        duplicate: bool,
        reference: String,
        contact: Option<String>,
    ) -> Accepted {
        let has_code = matches!(kind, Kind::Need | Kind::Offer | Kind::Notice | Kind::Claim);
        let code = has_code.then(|| code_word(&self.keys, &id));
        Accepted { id, kind, item, code, duplicate, reference, contact }
    }

    /// The mark of a guest's submission: the same words from the same hand give the same content mark.
    fn mark(&self, kind: Kind, sender: &Sender, payload: &[u8]) -> Mark {
        let key = sender.key.as_bytes();
        let parts: [&[u8]; 7] = [kind.name().as_bytes(), &[0], key, &[0], sender.once.as_bytes(), &[0], payload];
        let [a, b, c, d, e, f, g, h, ..] = self.keys.keyed(purpose::MARK, &parts);
        Mark { sender: self.pseudonym(sender), content: u64::from_be_bytes([a, b, c, d, e, f, g, h]) }
    }

    /// A person's pseudonym at this gateway.
    pub(super) fn pseudonym(&self, sender: &Sender) -> u32 {
        let [a, b, c, d, ..] = self.keys.keyed(purpose::MARK, &[b"sender", sender.person.as_bytes()]);
        u32::from_be_bytes([a, b, c, d])
    }

    /// An earlier post with this mark: recent, or still open.
    fn known(&self, mark: Mark) -> Option<Recent> {
        if let Some(recent) = self.recent.get(&mark.content).filter(|recent| self.still_said(recent)) {
            return Some(Recent { at: recent.at, id: recent.id, item: recent.item, kind: recent.kind });
        }
        let item = self
            .board
            .same_content(mark.content)
            .find(|item| item.status.is_live() && self.board.home(item) == self.me)?;
        let kind = match item.kind {
            crate::views::item::ItemKind::Need => Kind::Need,
            crate::views::item::ItemKind::Offer => Kind::Offer,
            crate::views::item::ItemKind::Notice => Kind::Notice,
        };
        Some(Recent { at: Age(0), id: item.id, item: item.id, kind })
    }

    /// Whether a recent post still stands: for an act, nothing since then makes saying it once more mean something new
    /// (a need confirmed, reopened, and confirmed again).
    fn still_said(&self, recent: &Recent) -> bool {
        let Some(item) = self.board.get(&recent.item) else { return true };
        let acts = self.board.acts(&item.id);
        let Ok(place) = acts.binary_search_by(|act| act.id.cmp(&recent.id)) else { return true };
        let now = self.board.resolve(item);
        match &acts[place].deed {
            Deed::Confirm(epoch) | Deed::Withdraw(epoch) | Deed::Refer(epoch) | Deed::DuplicateOf(_, epoch) => {
                *epoch >= now.epoch
            }
            Deed::Reopen(_) => now.status.is_live(),
            Deed::Claim { .. } => match now.standing(&recent.id) {
                Some(Standing::Withdrawn) => false,
                Some(Standing::Done) => now.slots.contains(&Some(recent.id)),
                _ => true,
            },
            _ => true,
        }
    }

    /// The lane of a record: items by urgency, acts with their item, stock in the book.
    fn lane(&self, body: &Body) -> Lane {
        match body {
            Body::Need(ask) | Body::Offer(ask) => lane_of(ask.urgency, None),
            Body::Notice(notice) => lane_of(notice.urgency, Some((notice.severity, notice.message))),
            Body::StockIn(_) | Body::StockOut(_) | Body::StockCount(_) => Lane::Book,
            Body::Loan(_) | Body::Return(_) => Lane::Book,
            body if body.kind().is_ledger() => Lane::Book,
            Body::Cosign(cosign) if self.stock.counter(&cosign.target).is_some() => Lane::Book,
            body => {
                let item = body.target().and_then(|target| self.board.get(target));
                item.and_then(|item| self.lane_at(item.at.log)).unwrap_or(Lane::Board)
            }
        }
    }

    /// Quotas, and rights on what is there.
    fn check_body(&self, body: &Body, voice: &Voice, sender: &Sender) -> Result<(), Rejection> {
        match body {
            Body::Need(ask) => self.check_new(ask.urgency, true, voice, sender),
            Body::Offer(ask) => self.check_new(ask.urgency, false, voice, sender),
            Body::Notice(notice) => {
                for target in &notice.references {
                    let item = self.board.get(target).ok_or(Rejection::UnknownItem)?;
                    admit(&self.board, &self.stewards, item, voice, body)?;
                }
                let grave = notice.severity >= Severity::Severe;
                self.check_new(if grave { notice.urgency } else { Urgency::Week }, false, voice, sender)
            }
            Body::StockIn(stock) | Body::StockOut(stock) => {
                let shelf = Shelf::of(&stock.place, &stock.line);
                self.check_shelf(&shelf)?;
                let taken = if matches!(body, Body::StockOut(_)) { stock.line.milli } else { 0 };
                self.check_there(&shelf, taken)
            }
            Body::StockCount(count) => self.check_shelf(&Shelf::of(&count.place, &count.line)),
            Body::Loan(loan) => {
                let shelf = Shelf::of(&loan.place, &loan.line);
                self.check_shelf(&shelf)?;
                self.check_there(&shelf, loan.line.milli)
            }
            Body::Return(back) => {
                self.check_book_space()?;
                match self.stock.outstanding_milli(&back.loan) {
                    None => Err(Rejection::UnknownItem),
                    Some(0) => Err(Rejection::WrongState { kind: "loan", status: "returned" }),
                    Some(out) if back.milli > out => Err(Rejection::NotInStock { limit_milli: out }),
                    Some(_) => Ok(()),
                }
            }
            Body::Cosign(cosign) => {
                if let Some(counter) = self.stock.counter(&cosign.target) {
                    if counter == *voice {
                        return Err(Rejection::NotAllowed { what: "vouching for one's own count" });
                    }
                    if self.stock.is_counted_in(&cosign.target) {
                        return Err(Rejection::WrongState { kind: "stock_count", status: "counted" });
                    }
                    return self.check_book_space();
                }
                self.check_act(body, voice)
            }
            Body::Claim(claim) => {
                // One answer a person: or one hand could fill an item's list. Those counted by client may answer as such.
                let said = |act: &Act| matches!(act.deed, Deed::Claim { .. }) && act.by == *voice;
                let again = self.board.acts(&claim.item).iter().any(said);
                if again && !sender.exempt && self.still_stands(&claim.item, voice) {
                    return Err(Rejection::NotAllowed { what: "answering one item twice" });
                }
                self.check_act(body, voice)
            }
            _ => self.check_act(body, voice),
        }
    }

    /// Whether a claim of this person on this item is neither taken back nor missed.
    fn still_stands(&self, item: &RecordId, voice: &Voice) -> bool {
        let Some(item) = self.board.get(item) else { return false };
        let own = |claim: &RecordId| claim_owner(&self.board, item, claim).is_ok_and(|owner| owner == *voice);
        let now = self.board.resolve(item);
        let over = |claim: &RecordId, standing: Standing| match standing {
            Standing::Withdrawn | Standing::NoShow => true,
            // Done before the item was opened again: the same neighbour may help once more.
            Standing::Done => !now.slots.contains(&Some(*claim)),
            _ => false,
        };
        now.claims.iter().any(|(claim, standing)| !over(claim, *standing) && own(claim))
    }

    fn check_ledger(&self, now: Now, author: Author, id: RecordId, body: &Body) -> Result<(), Rejection> {
        // The book is kept for ever, so no expiry would ever give this space back.
        if self.space == Space::Low {
            return Err(Rejection::StorageFull);
        }
        Ok(self.ledger.admit(&self.me, self.clock.age(now), author, id, body)?)
    }

    fn check_act(&self, body: &Body, voice: &Voice) -> Result<(), Rejection> {
        let item = body.target().and_then(|target| self.board.get(target)).ok_or(Rejection::UnknownItem)?;
        admit(&self.board, &self.stewards, item, voice, body)
    }

    /// The book is kept for ever, so no expiry would ever give its space back.
    fn check_book_space(&self) -> Result<(), Rejection> {
        if self.space == Space::Low {
            return Err(Rejection::StorageFull);
        }
        Ok(())
    }

    fn check_there(&self, shelf: &Shelf, milli: u64) -> Result<(), Rejection> {
        let available = self.stock.available_milli(shelf);
        if milli > available {
            return Err(Rejection::NotInStock { limit_milli: available });
        }
        Ok(())
    }

    fn check_shelf(&self, shelf: &Shelf) -> Result<(), Rejection> {
        self.check_book_space()?;
        if self.stock.has_room(shelf) {
            return Ok(());
        }
        Err(Rejection::TooLong {
            field: "item".into(),
            found: crate::views::stock::SHELVES_MAX as u64 + 1,
            limit: crate::views::stock::SHELVES_MAX as u64,
            unit: "different things in stock",
        })
    }

    fn check_new(&self, urgency: Urgency, is_need: bool, voice: &Voice, sender: &Sender) -> Result<(), Rejection> {
        if self.space == Space::Low && urgency != Urgency::Now {
            return Err(Rejection::StorageFull);
        }
        if self.board.len() as u64 >= self.quotas.items_max {
            return Err(Rejection::GatewayFull { limit: self.quotas.items_max });
        }
        if sender.exempt {
            return Ok(());
        }
        let live: Vec<&Item> = match voice.author {
            Author::Guest => self.board.live_of_guest(voice.guest, &self.me).collect(),
            // A signed post counts against the sender's listener too, but keys cost nothing: the address limits hold.
            _ => self.board.all().filter(|item| item.status.is_live() && self.board.voice(item) == *voice).collect(),
        };
        if live.len() as u64 >= self.quotas.open_items_per_sender_max {
            return Err(Rejection::TooManyOpen { limit: self.quotas.open_items_per_sender_max });
        }
        let open_now = |item: &&&Item| item.urgency == Urgency::Now && item.kind == crate::views::item::ItemKind::Need;
        match live.iter().find(open_now) {
            Some(item) if is_need && urgency == Urgency::Now => {
                Err(Rejection::AlreadyOpenNow { item: item.id.to_string() })
            }
            _ => Ok(()),
        }
    }

    /// Makes a record's body of a draft, checking code words.
    #[allow(clippy::too_many_arguments)] // As submit_draft.
    fn body_of(
        &mut self,
        kind: Kind,
        sender: &Sender,
        voice: &Voice,
        draft: &Draft,
        reference: String,
        mark: Mark,
        created: u64,
        now: Now,
    ) -> Result<Body, Rejection> {
        Ok(match &draft.body {
            DraftBody::Ask(ask, contact) => {
                let sealed = if contact.is_empty() { None } else { Some(self.seal_contact(contact, mark, created)) };
                let ask = Ask { contact: sealed, ..ask.clone() };
                if kind == Kind::Need {
                    Body::Need(ask)
                } else {
                    Body::Offer(ask)
                }
            }
            DraftBody::Notice(notice) => {
                for target in &notice.references {
                    let item = self.board.get(target).ok_or(Rejection::UnknownItem)?.clone();
                    self.right(&item, &draft.code, sender, now)?;
                }
                Body::Notice(notice.clone())
            }
            DraftBody::Claim { item, message, zone, tags } => Body::Claim(Claim {
                item: *item,
                message: message.clone(),
                zone: zone.clone(),
                tags: tags.clone(),
                key: None,
                reference,
            }),
            DraftBody::Cosign(target) => Body::Cosign(Cosign { target: *target }),
            DraftBody::Stock(stock) => match kind {
                Kind::StockIn => Body::StockIn(stock.clone()),
                Kind::StockOut => Body::StockOut(stock.clone()),
                _ => {
                    let expected_milli = self.stock.available_milli(&Shelf::of(&stock.place, &stock.line));
                    let (place, line) = (stock.place.clone(), stock.line.clone());
                    Body::StockCount(StockCount { place, line, expected_milli, reference })
                }
            },
            DraftBody::Loan(loan) => Body::Loan(loan.clone()),
            DraftBody::Return { loan, milli } => {
                let milli = milli.unwrap_or_else(|| self.stock.outstanding_milli(loan).unwrap_or(0).max(1));
                Body::Return(Return { loan: *loan, milli, reference })
            }
            DraftBody::Act { item, claim, to, of } => {
                let (item, right) = match item {
                    Some(id) => {
                        let item = self.board.get(id).ok_or(Rejection::UnknownItem)?.clone();
                        let right = self.right(&item, &draft.code, sender, now)?;
                        (item, right)
                    }
                    None => self.find_by_code(&draft.code, sender, now)?,
                };
                self.act_body(kind, &item, right, *claim, to, *of, voice)?
            }
        })
    }

    #[allow(clippy::too_many_arguments)] // The fields of an act.
    fn act_body(
        &self,
        kind: Kind,
        item: &Item,
        right: Right,
        claim: Option<RecordId>,
        to: &str,
        of: Option<RecordId>,
        voice: &Voice,
    ) -> Result<Body, Rejection> {
        let now = self.board.resolve(item);
        let (id, epoch) = (item.id, now.epoch);
        let requester = matches!(right, Right::Requester);
        let own_claim = match right {
            Right::Claimant(claim) => Some(claim),
            Right::Requester => None,
        };
        let only_requester = || if requester { Ok(()) } else { Err(Rejection::NotYours) };
        // The one helper who is at it, when the requester does not say which.
        let helper = || {
            let mut busy = now
                .claims
                .iter()
                .filter(|(_, standing)| matches!(standing, Standing::Assigned | Standing::Underway))
                .map(|(id, _)| *id);
            match (busy.next(), busy.next()) {
                (Some(only), None) => Ok(only),
                (None, _) => Err(Rejection::WrongState { kind: item.kind.name(), status: now.status.name() }),
                _ => Err(Rejection::Missing { field: "claim" }),
            }
        };
        Ok(match kind {
            Kind::Confirm => {
                only_requester()?;
                Body::Confirm(OnItem { item: id, epoch })
            }
            Kind::Reopen => {
                only_requester()?;
                let epoch = now.next_epochs.iter().copied().max().unwrap_or(0).max(epoch + 1);
                Body::Reopen(OnItem { item: id, epoch })
            }
            Kind::Withdraw => match (own_claim, claim) {
                (Some(own), Some(named)) if own != named => return Err(Rejection::NotYours),
                (Some(own), _) => Body::Withdraw(Withdraw { item: id, claim: Some(own), epoch }),
                (None, Some(_)) => return Err(Rejection::NotYours),
                (None, None) => Body::Withdraw(Withdraw { item: id, claim: None, epoch }),
            },
            Kind::Start => {
                let claim = own_claim.ok_or(Rejection::NotYours)?;
                Body::Start(OnClaim { item: id, claim, epoch })
            }
            Kind::Done => {
                let claim = match own_claim.or(claim) {
                    Some(claim) => claim,
                    None => helper()?,
                };
                Body::Done(OnClaim { item: id, claim, epoch })
            }
            Kind::NoShow => {
                only_requester()?;
                let claim = match claim {
                    Some(claim) => claim,
                    None => helper()?,
                };
                Body::NoShow(OnClaim { item: id, claim, epoch })
            }
            Kind::Assign => {
                only_requester()?;
                if item.assign_by != AssignBy::Requester {
                    return Err(Rejection::NotAllowed { what: "choosing a helper for an item that does so by itself" });
                }
                let claim = claim.ok_or(Rejection::Missing { field: "claim" })?;
                claim_owner(&self.board, item, &claim)?;
                let free = now.slots.iter().position(Option::is_none);
                let slot = free.ok_or(Rejection::WrongState { kind: item.kind.name(), status: now.status.name() })?;
                let epoch = now.next_epochs[slot];
                Body::Assign(Assign { item: id, claim, slot: slot as u8, epoch, contact: None })
            }
            Kind::Refer => {
                only_requester()?;
                Body::Refer(Refer { item: id, to: to.to_string(), epoch })
            }
            Kind::DuplicateOf => {
                only_requester()?;
                let of = of.ok_or(Rejection::Missing { field: "of" })?;
                Body::DuplicateOf(DuplicateOf { item: id, of, epoch })
            }
            _ => {
                debug_assert!(false, "{voice:?} cannot act by {}", kind.name());
                return Err(Rejection::NotAllowed { what: "this kind with a code word" });
            }
        })
    }

    /// After an act on an item: gives free slots to who waits.
    fn follow_up(&mut self, now: Now, target: Option<RecordId>, library: &dyn Library, outputs: &mut Vec<Output>) {
        let Some(target) = target else { return };
        for _ in 0..ASSIGNED_AT_ONCE_MAX {
            let Some(item) = self.board.get(&target) else { return };
            if item.assign_by != AssignBy::HomeGateway
                || item.standing
                || !item.status.is_live()
                || self.board.home(item) != self.me
            {
                return;
            }
            let Some((claim, slot, epoch)) = self.board.resolve(item).next_assignment() else { return };
            if epoch > crate::codec::ASSIGN_EPOCHS_MAX {
                return;
            }
            let contact = self.contact_for(item, &claim, slot, epoch, library);
            let body = Body::Assign(Assign { item: target, claim, slot, epoch, contact });
            self.say(now, body, outputs);
        }
    }

    /// After a batch of another gateway: who claimed there what was posted here gets his slot soon. Not at once: a gateway
    /// that was rolled back learns so from its neighbours in the same breath, and must not write in its old log till then.
    pub(super) fn note_claims(&mut self, now: Now, taken: Result<(), BatchFault>, outputs: &mut Vec<Output>) {
        if let Err(fault) = taken {
            outputs.push(Output::BatchRefused(fault));
            return;
        }
        let due = Age(self.clock.age(now).0 + FOLLOW_UP_S);
        for output in outputs.iter() {
            let Output::Changed(touched) = output else { continue };
            let is_ours = self.board.get(&touched.id).is_some_and(|item| self.board.home(item) == self.me);
            // Beyond the bound the minutely look finds them.
            if is_ours && self.claimed.len() < CLAIMED_MAX {
                self.claimed.insert((due, touched.id));
            }
        }
    }

    /// Gives slots to those who have claimed elsewhere.
    pub(super) fn answer_claims(&mut self, now: Now, library: &dyn Library, outputs: &mut Vec<Output>) {
        let age = self.clock.age(now);
        while let Some((due, item)) = self.claimed.first().copied() {
            if due > age {
                return;
            }
            self.claimed.remove(&(due, item));
            self.follow_up(now, Some(item), library, outputs);
        }
    }

    /// Logs something this gateway itself says.
    pub(super) fn say(&mut self, now: Now, body: Body, outputs: &mut Vec<Output>) {
        let (created, _) = self.clock.best(now);
        let record = Record { version: RECORD_VERSION, created, mark: Mark { sender: 0, content: 0 }, body };
        let lane = self.lane(&record.body);
        let entry = Staged { author: Author::Gateway, record: encode_record(&record), signature: None };
        let staged = self.stage(now, lane, entry, &record, outputs);
        debug_assert!(staged.is_ok());
    }

    /// Frees the slots of helpers who stayed silent too long, on items this gateway gives out, and gives free ones to who
    /// waits.
    pub(super) fn free_lapsed(&mut self, now: Now, library: &dyn Library, outputs: &mut Vec<Output>) {
        let age = self.clock.age(now);
        let (mut lapsed, mut waiting) = (Vec::new(), Vec::new());
        for item in self.board.all() {
            if item.assign_by != AssignBy::HomeGateway
                || !item.status.is_live()
                || self.board.acts(&item.id).is_empty()
                || self.board.home(item) != self.me
            {
                continue;
            }
            let resolution = self.board.resolve(item);
            if resolution.next_assignment().is_some() {
                waiting.push(item.id);
            }
            for (claim, standing) in &resolution.claims {
                // The last time: a reopened item may have given its slot to him once more.
                let given = self.board.acts(&item.id).iter().filter_map(|act| match &act.deed {
                    Deed::Assign { claim: given, .. } if given == claim => Some(act.arrived),
                    _ => None,
                });
                let assigned = given.max();
                let over = assigned.is_some_and(|at| age.0 >= at.0 + u64::from(item.urgency.lapse_s()));
                if *standing == Standing::Assigned && over {
                    lapsed.push((item.id, *claim, resolution.epoch));
                }
            }
        }
        for (item, claim, epoch) in lapsed {
            self.say(now, Body::NoShow(OnClaim { item, claim, epoch }), outputs);
            self.follow_up(now, Some(item), library, outputs);
        }
        for item in waiting {
            self.follow_up(now, Some(item), library, outputs);
        }
    }
}

fn reference_of(body: &Body) -> &str {
    match body {
        Body::Need(ask) | Body::Offer(ask) => &ask.reference,
        Body::Claim(claim) => &claim.reference,
        Body::Notice(notice) => &notice.reference,
        Body::StockIn(stock) | Body::StockOut(stock) => &stock.reference,
        Body::StockCount(count) => &count.reference,
        Body::Loan(loan) => &loan.reference,
        Body::Return(back) => &back.reference,
        _ => "",
    }
}
