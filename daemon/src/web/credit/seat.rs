//! Whose account a phone shows: a pass (see [`crate::passes`]) in a cookie that only these pages see.

use commons_core::identity::{hash, hex, MemberId};
use commons_core::ledger::{Account, CovenantCard, UnitCard};
use hyper::header::SET_COOKIE;
use tokio::sync::watch;

use crate::hosted::is_card;
use crate::web::answer::{Answer, Fault};
use crate::web::request::Head;
use crate::web::view::cookie;
use crate::web::{watch as events, Web};

/// The cookie's name.
const COOKIE: &str = "credit";
/// What is sealed on a printed card, while its account is open: the gateway keeps none of it.
const CARD_COOKIE: &str = "card";

/// A member who has shown that he is one.
pub(super) struct Seat {
    pub(super) id: MemberId,
    pub(super) account: Account,
    pub(super) covenant: CovenantCard,
    /// What each form must send back: another site cannot know it.
    pub(super) mark: String,
    /// What is sealed on his card, if he came with one.
    pub(super) card: Option<String>,
    /// The key lies here under a PIN, or on the card he came with.
    pub(super) opens_by_pin: bool,
    pass: String,
}

impl Seat {
    /// The member signs with a key that this gateway does not have.
    pub(super) fn signs_himself(&self) -> bool {
        !self.opens_by_pin
    }

    /// A unit of the covenant by its place.
    pub(super) fn unit(&self, index: u8) -> Option<&UnitCard> {
        self.covenant.units.get(usize::from(index))
    }
}

/// Who sits there, by the cookie.
pub(super) async fn find(web: &Web, head: &Head, covenant: CovenantCard) -> Result<Option<Seat>, Fault> {
    let Some(pass) = cookie(&head.headers, COOKIE) else { return Ok(None) };
    let Some(id) = web.inbox.who_has(pass).await else { return Ok(None) };
    let account = web.inbox.account(id).await;
    if web.is_writer_gone() {
        return Err(Fault::Away);
    }
    let mark = hex(&hash("commons/1/credit-form", &[pass.as_bytes()])[..16]);
    let card = cookie(&head.headers, CARD_COOKIE).map(str::to_owned);
    let Some(account) = account else { return Ok(None) };
    let own = &account.member;
    let card = card.filter(|_| own.custody == "card");
    let opens_by_pin = match (&card, web.hosting()) {
        (Some(_), _) => true,
        (None, Some(hosting)) => hosting.keeps(&id, &own.key).await,
        (None, None) => false,
    };
    Ok(Some(Seat { id, account, covenant, mark, card, opens_by_pin, pass: pass.to_owned() }))
}

/// Gives the phone its pass, and keeps for it what is sealed on a card.
pub(super) fn take(answer: Answer, pass: &str, card: &str) -> Answer {
    // Not `Secure`: the page is plain http by design. Gone with the browser; the gateway forgets it sooner. Lax, so that a request by
    // QR, which comes from the camera, finds the account; every form has its mark besides.
    let answer = answer.with(SET_COOKIE, &format!("{COOKIE}={pass}; Path=/credit; HttpOnly; SameSite=Lax"));
    // Only what a card holds may go into a header.
    match is_card(card) {
        true => answer.with(SET_COOKIE, &format!("{CARD_COOKIE}={card}; Path=/credit; HttpOnly; SameSite=Lax")),
        // Another account's card may lie there from before.
        false => answer.with(SET_COOKIE, &gone(CARD_COOKIE)),
    }
}

fn gone(name: &str) -> String {
    format!("{name}=; Path=/credit; HttpOnly; SameSite=Lax; Max-Age=0")
}

/// `POST /credit/out`
pub(super) fn leave(web: &Web, head: &Head, seat: &Seat) -> Answer {
    web.inbox.passes().end(&seat.pass);
    let answer = Answer::see_other(&head.view.to("/credit?out=yes"));
    answer.with(SET_COOKIE, &gone(COOKIE)).with(SET_COOKIE, &gone(CARD_COOKIE))
}

/// `GET /credit/watch`: an event after each change of the account.
pub(super) fn watch(web: &Web, seat: Seat, stopping: watch::Receiver<bool>) -> Result<Answer, Fault> {
    let place = web.watchers.clone().try_acquire_owned().map_err(|_| Fault::TooManyWatchers)?;
    Ok(Answer::events(events::start_account(web, seat.id, seat.pass, place, stopping)))
}
