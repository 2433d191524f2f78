//! From a form to a record in a member's chain: signed by his phone, or by this gateway for who typed his PIN.
//!
//! A form makes one entry however often it is sent. A phone's record is the same each time; where the gateway signs, the form's
//! one-time mark finds what was said the first time, and one form is looked at at a time.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use commons_core::admission::Rejection;
use commons_core::identity::{MemberId, MemberKey};
use commons_core::receipt::Accepted;
use commons_core::record::{Body, Custody, Facts, Kind, Link};
use commons_core::submission::Sender;
use hyper::StatusCode;
use maud::{html, Markup};
use serde_json::Value;
use tokio::time::Instant;

use super::seat::Seat;
use super::telling;
use crate::hosted::{HostedError, Hosting, Purse, Typist};
use crate::pen::next_link;
use crate::web::answer::Answer;
use crate::web::form::Form;
use crate::web::kept::Shown;
use crate::web::pages::fields::{Drawn, Problem};
use crate::web::pages::{new, page, refused, FORM};
use crate::web::request::Head;
use crate::web::view::View;
use crate::web::{kept, signed, Web};

/// Sheets of new cards that can be printed, at most; each for [`SHEET_FOR`].
const SHEETS_MAX: usize = 32;
/// How long a new card's sheet is shown. Then its secret is nowhere but on paper.
const SHEET_FOR: Duration = Duration::from_secs(600);

/// The gateway's own hand.
#[derive(Default)]
pub(super) struct Hands {
    /// One form at a time: a second tap waits for the first, and then finds what it said. A PIN is looked at one at a time anyway.
    one: tokio::sync::Mutex<()>,
    opened: Mutex<VecDeque<Opened>>,
}

/// An account that was opened just now.
#[derive(Clone)]
pub(super) struct Opened {
    /// The form's one-time mark.
    token: String,
    pub(super) member: MemberId,
    pub(super) name: String,
    /// What goes on a card; empty for an account that the gateway keeps.
    pub(super) card: String,
    /// A pass for it.
    pub(super) pass: String,
    until: Instant,
}

impl Hands {
    /// What was opened with a form.
    pub(super) fn opened(&self, token: &str) -> Option<Opened> {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        opened.iter().find(|one| one.token == token && one.until > now).cloned()
    }

    fn note(&self, one: Opened) {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        opened.retain(|one| one.until > now);
        if opened.len() >= SHEETS_MAX {
            opened.pop_front();
        }
        opened.push_back(one);
    }
}

/// Why nothing was said.
pub(super) struct Unsaid {
    pub(super) problem: Problem,
    rejection: Option<Rejection>,
}

impl From<Problem> for Unsaid {
    fn from(problem: Problem) -> Self {
        Self { problem, rejection: None }
    }
}

impl Unsaid {
    /// By the ledger's rules, or the gateway's.
    pub(super) fn of(view: &View, seat: Option<&Seat>, unit: u8, rejection: Rejection) -> Self {
        Self { problem: telling::problem(view, seat, unit, &rejection), rejection: Some(rejection) }
    }

    /// Something about a field that the page itself sees.
    pub(super) fn at(view: &View, field: &str, message: &str) -> Self {
        Self { problem: Problem::at(view.lang, field, message), rejection: None }
    }

    /// The form again, with what is wrong.
    pub(super) fn answer(&self, page: Markup) -> Answer {
        match &self.rejection {
            Some(rejection) => refused(rejection, page),
            None => Answer::page(StatusCode::UNPROCESSABLE_ENTITY, page),
        }
    }
}

/// Says something in a member's chain. The key of what was kept, for the page that tells of it.
pub(super) async fn say(
    web: &Web,
    head: &Head,
    seat: &Seat,
    form: &Form,
    unit: u8,
    body: impl FnOnce(Link) -> Body,
) -> Result<String, Unsaid> {
    let view = &head.view;
    if signed::is_signed(form) {
        let Some(link) = next_link(&seat.account.member) else { return Err(Unsaid::at(view, "", "refusal-other")) };
        let kind = body(link).kind();
        return by_phone(web, head, kind, form).await.map_err(|no| Unsaid::of(view, Some(seat), unit, no));
    }
    if seat.signs_himself() {
        return Err(Unsaid::at(view, "", "credit-needs-key"));
    }
    by_pin(web, head, seat, form, unit, body).await
}

/// What the phone has signed goes the way of every post.
pub(super) async fn by_phone(web: &Web, head: &Head, kind: Kind, form: &Form) -> Result<String, Rejection> {
    new::submit(web, head, kind, Value::Null, form, None).await
}

/// Gives the account to a key of the member's own: by PIN, for the last time.
pub(super) async fn hand_over(
    web: &Web,
    head: &Head,
    seat: &Seat,
    form: &Form,
    facts: Facts,
    key: MemberKey,
) -> Result<String, Unsaid> {
    let sign = |hosting: Hosting, purse, pin: String, sender| async move {
        hosting.hand_over(&purse, &pin, Typist::Seated, sender, facts, key).await
    };
    once(web, head, seat, form, 0, sign).await
}

async fn by_pin(
    web: &Web,
    head: &Head,
    seat: &Seat,
    form: &Form,
    unit: u8,
    body: impl FnOnce(Link) -> Body,
) -> Result<String, Unsaid> {
    let sign = |hosting: Hosting, purse, pin: String, sender| async move {
        hosting.sign(&purse, &pin, Typist::Seated, sender, body).await
    };
    once(web, head, seat, form, unit, sign).await
}

/// What the gateway signs for who typed his PIN: once for each form.
async fn once<F: Future<Output = Result<Accepted, HostedError>>>(
    web: &Web,
    head: &Head,
    seat: &Seat,
    form: &Form,
    unit: u8,
    sign: impl FnOnce(Hosting, Purse, String, Sender) -> F,
) -> Result<String, Unsaid> {
    let view = &head.view;
    hold_back(web, head).await?;
    let _one = web.credit.hands.one.lock().await;
    let token = Some(form.get("token")).filter(|token| kept::is_token(token));
    let sender = format!("credit:{}:{}", seat.id, form.get("token"));
    if let Some(key) = token.and_then(|_| web.kept.again(&sender)) {
        return Ok(key);
    }
    if form.get("pin").is_empty() {
        return Err(Unsaid::at(view, "pin", "refusal-missing"));
    }
    let Some(hosting) = web.hosting() else { return Err(Unsaid::of(view, None, 0, Rejection::Busy)) };
    let signed = sign(hosting.clone(), purse(seat), digits(form.get("pin")), web.sender(head.address, token)).await;
    let accepted = signed.map_err(|error| not_signed(web, head, Some(seat), unit, error))?;
    Ok(web.kept.put(&sender, Shown { accepted, item_kind: None }))
}

fn purse(seat: &Seat) -> Purse {
    seat.card.clone().map_or(Purse::Hosted(seat.id), Purse::Card)
}

/// Another PIN for an account that is kept here.
pub(super) async fn change_pin(web: &Web, head: &Head, seat: &Seat, form: &Form) -> Result<(), Unsaid> {
    hold_back(web, head).await?;
    let Some(hosting) = web.hosting() else { return Err(Unsaid::of(&head.view, None, 0, Rejection::Busy)) };
    let (old, new) = (digits(form.get("pin")), digits(form.get("new")));
    let changed = hosting.change_pin(&seat.id, &old, &new, Typist::Seated).await;
    changed.map_err(|error| match error {
        HostedError::BadPin => Unsaid::at(&head.view, "new", "credit-pin-short"),
        other => not_signed(web, head, Some(seat), 0, other),
    })
}

/// Digits of any script as 0 to 9, so that a PIN is the same on every keyboard.
fn digits(typed: &str) -> String {
    let plain = |c: char| match c {
        '\u{660}'..='\u{669}' => char::from(b'0' + (u32::from(c) - 0x660) as u8),
        '\u{6f0}'..='\u{6f9}' => char::from(b'0' + (u32::from(c) - 0x6f0) as u8),
        other => other,
    };
    typed.trim().chars().map(plain).collect()
}

/// Holds a flood back. Before the one hand is taken: nobody waits for another's flood.
async fn hold_back(web: &Web, head: &Head) -> Result<(), Unsaid> {
    if web.is_exempt(head.address) {
        return Ok(());
    }
    let passed = web.holdback.pass(head.address).await.inspect_err(|no| web.note(head, no));
    passed.map_err(|no| Unsaid::of(&head.view, None, 0, no))
}

/// Why the gateway did not sign, beside its field.
fn not_signed(web: &Web, head: &Head, seat: Option<&Seat>, unit: u8, error: HostedError) -> Unsaid {
    let view = &head.view;
    web.inbox.refusals().note("http", error.code(), Some(head.address));
    match error {
        HostedError::TooManyTries { retry_s } => {
            let rejection = Rejection::TooManyGuesses { retry_s };
            let problem = telling::problem(view, None, 0, &rejection);
            Unsaid { problem: Problem { field: "pin".into(), ..problem }, rejection: Some(rejection) }
        }
        HostedError::WrongPin | HostedError::NotHosted | HostedError::NotACard | HostedError::UnknownCard => {
            Unsaid::at(view, "pin", "credit-pin-wrong")
        }
        HostedError::OtherGateway => Unsaid::at(view, "", "credit-no-home"),
        HostedError::BadPin => Unsaid::at(view, "pin", "credit-pin-short"),
        HostedError::Refused(rejection) => Unsaid::of(view, seat, unit, rejection),
        HostedError::Full => Unsaid::at(view, "custody", "credit-accounts-full"),
        HostedError::NotFounded | HostedError::Storage(_) | HostedError::Damaged => {
            tracing::error!(%error, "an account with a PIN cannot be used");
            Unsaid::at(view, "", "refusal-other")
        }
    }
}

/// A pass for who knows an account's PIN, and the card's letters if he came with one.
pub(super) async fn pass_by_pin(web: &Web, head: &Head, form: &Form) -> Result<String, Unsaid> {
    let view = &head.view;
    let card = form.get("card");
    for field in ["who", "pin"] {
        if form.get(field).is_empty() && (field != "who" || card.is_empty()) {
            return Err(Unsaid::at(view, field, "refusal-missing"));
        }
    }
    let purse = if card.is_empty() {
        // Who guesses at names learns nothing that the list of neighbours does not say.
        match &web.inbox.find_members(form.get("who")).await[..] {
            [card] => Purse::Hosted(MemberId::parse(&card.id).ok_or_else(|| Unsaid::at(view, "", "refusal-other"))?),
            [] => return Err(Unsaid::at(view, "who", "credit-nobody")),
            _ => return Err(Unsaid::at(view, "who", "credit-which")),
        }
    } else {
        Purse::Card(card.to_owned())
    };
    let Some(hosting) = web.hosting() else { return Err(Unsaid::of(view, None, 0, Rejection::Busy)) };
    let entered = hosting.enter(&purse, &digits(form.get("pin")), Typist::Address(head.address)).await;
    entered.map(|(_, pass)| pass).map_err(|error| not_signed(web, head, None, 0, error))
}

/// A form of a member's: what all of them carry around what is said. `says` is what the phone's script signs.
pub(super) fn sheet(drawn: &Drawn<'_>, seat: &Seat, action: &str, says: &str, content: Markup) -> Markup {
    sheet_named(None, drawn, seat, action, says, content)
}

/// The one of a page whose fields go along when the language is switched.
pub(super) fn main_sheet(drawn: &Drawn<'_>, seat: &Seat, action: &str, says: &str, content: Markup) -> Markup {
    sheet_named(Some(FORM), drawn, seat, action, says, content)
}

fn sheet_named(id: Option<&str>, drawn: &Drawn<'_>, seat: &Seat, action: &str, says: &str, content: Markup) -> Markup {
    let sent = drawn.typed.get("token");
    let token = match kept::is_token(sent) && !drawn.problems.is_empty() {
        true => sent.to_owned(),
        false => kept::token(),
    };
    let card = &seat.account.member;
    // Where his chain ends, for a phone that signs when this gateway is out of reach.
    let chain = (seat.signs_himself() && card.ends.is_empty())
        .then(|| format!("{}:{}:{}:{}:{}", card.id, card.epoch, card.seq, card.head, card.key));
    html! {
        form id=[id] method="post" action=(drawn.view.to(action)) data-own[seat.signs_himself()] data-chain=[chain] {
            input type="hidden" name="token" value=(token);
            input type="hidden" name="mark" value=(seat.mark);
            @if !says.is_empty() { input type="hidden" name="say" value=(says); }
            (content)
        }
    }
}

/// The PIN, where the gateway signs; for a phone's own key the word that it is needed.
pub(super) fn pin(drawn: &Drawn<'_>, seat: &Seat) -> Markup {
    match seat.signs_himself() {
        true => html! { p.hint data-off { (drawn.view.say("credit-own-hint")) } },
        false => drawn.pin("credit-pin", "credit-pin-hint"),
    }
}

/// What became of a form that had nothing to type but a PIN: the way on, or a page that says why not.
pub(super) fn simple(web: &Web, view: &View, title: &str, said: Result<String, Unsaid>) -> Answer {
    match said {
        Ok(key) => Answer::see_other(&view.to(&format!("/kept/{key}"))),
        Err(unsaid) => unsaid.answer(page(
            web,
            view,
            &view.say(title),
            html! {
                h1 { (view.say(title)) }
                div.problem role="alert" { p { (unsaid.problem.sentence) } }
                p { a.button href=(view.to("/credit")) { (view.say("credit-to")) } }
            },
        )),
    }
}

/// A record that comes without its page's pass.
pub(super) async fn alone(web: &Web, head: &Head, form: &Form) -> Answer {
    let view = &head.view;
    let said = match Kind::parse(form.get("say")).filter(|kind| kind.is_ledger()) {
        Some(kind) => by_phone(web, head, kind, form).await.map_err(|no| Unsaid::of(view, None, 0, no)),
        None => Err(Unsaid::at(view, "", "refusal-value")),
    };
    simple(web, view, "credit", said)
}

/// Opens an account under a PIN: kept by this gateway, or for a card. A second tap on the form finds what the first one opened.
pub(super) async fn open_account(web: &Web, head: &Head, form: &Form, custody: Custody) -> Result<Opened, Unsaid> {
    let view = &head.view;
    let hands = &web.credit.hands;
    hold_back(web, head).await?;
    let _one = hands.one.lock().await;
    let token = Some(form.get("token")).filter(|token| kept::is_token(token));
    if let Some(opened) = token.and_then(|token| hands.opened(token)) {
        return Ok(opened);
    }
    let Some(hosting) = web.hosting() else { return Err(Unsaid::of(view, None, 0, Rejection::Busy)) };
    let no = |error| not_signed(web, head, None, 0, error);
    let (name, household, pin) = (form.get("pseudonym"), form.get("household"), digits(form.get("pin")));
    let sender = web.sender(head.address, token);
    let (member, card) = match custody {
        Custody::Card => {
            let sheet = hosting.print(name, household, &pin, sender).await.map_err(no)?;
            (sheet.member, sheet.letters)
        }
        _ => (hosting.host(name, household, &pin, sender).await.map_err(no)?, String::new()),
    };
    let purse = if card.is_empty() { Purse::Hosted(member) } else { Purse::Card(card.clone()) };
    let (_, pass) = hosting.enter(&purse, &pin, Typist::Address(head.address)).await.map_err(no)?;
    let token = token.map_or_else(kept::token, str::to_owned);
    let opened = Opened { token, member, name: name.to_owned(), card, pass, until: Instant::now() + SHEET_FOR };
    hands.note(opened.clone());
    Ok(opened)
}

impl Opened {
    /// Where its sheet can be printed.
    pub(super) fn address(&self) -> String {
        format!("/credit/card/{}", self.token)
    }
}
