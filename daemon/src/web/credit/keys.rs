//! Whose key signs for an account: another PIN for one that the gateway keeps, and the way from there, or from an old phone, to the
//! key of a phone of one's own.

use commons_core::identity::{GatewayId, MemberId, MemberKey};
use commons_core::record::{Body, Custody, Facts, Rekey};
use hyper::StatusCode;
use maud::{html, Markup};

use super::hand::{self, main_sheet, Unsaid};
use super::seat::Seat;
use super::telling;
use crate::web::answer::{Answer, Fault};
use crate::web::form::{address, Form};
use crate::web::origin::canonical;
use crate::web::pages::fields::{Drawn, Problem};
use crate::web::pages::{enter, icons, is_redrawn, page, page_around_form, paper};
use crate::web::request::Head;
use crate::web::Web;

/// `GET /credit/newkey?key=`: on the phone whose key is to get an account that is open elsewhere.
pub(super) fn new_phone(web: &Web, head: &Head) -> Answer {
    let view = &head.view;
    let key = MemberKey::parse(head.query.get("key"));
    let content = html! {
        h1 { (icons::icon("code")) (view.say("credit-newkey")) }
        p { (view.say("credit-newkey-what")) }
        @if let Some(key) = &key {
            @let address = canonical(head.ends.local, 0) + &address("/credit/key", &[("key", &key.to_string())]);
            div.code-box #newkey {
                p { (view.lang.mark("credit-newkey-show", &[], &[("key", begins(key))])) }
                (paper::qr(&address, &view.say("credit-newkey-code")))
                p { a href=(address) { (view.say("credit-back-link")) } }
            }
        } @else {
            p data-off { (view.say("credit-back-key")) " " a href=(view.to("/me")) { (view.say("me")) } }
            form method="get" action="/credit/newkey" {
                @if let Some(lang) = view.carries() { input type="hidden" name="lang" value=(lang.code()); }
                input type="hidden" name="key" value="" data-mykey;
                button.strong { (view.say("credit-newkey-send")) }
            }
        }
        p { a.button href=(view.to("/credit")) { (view.say("credit")) } }
    };
    Answer::page(StatusCode::OK, page(web, view, &view.say("credit-newkey"), content))
}

fn begins(key: &MemberKey) -> Markup {
    html! { strong { bdi dir="ltr" { (telling::short(&key.to_string())) } } }
}

/// `GET /credit/key?key=`: the account goes on with another key, by word of the one it has.
pub(super) fn show(web: &Web, head: &Head, seat: &Seat) -> Answer {
    Answer::page(StatusCode::OK, draw(web, head, seat, &head.query, &[]))
}

fn draw(web: &Web, head: &Head, seat: &Seat, typed: &Form, problems: &[Problem]) -> Markup {
    let key = MemberKey::parse(typed.get("key"));
    // The key does not stand in the address of a form that came back.
    let here = key.map(|key| key.to_string()).unwrap_or_default();
    let view = &head.view.at(address("/credit/key", &[("key", &here)]));
    let drawn = Drawn { view, typed, problems, text: "credit" };
    // Whoever signs himself has the key that is to go on this very phone: the new one is on another.
    let shown = key.is_some() || seat.opens_by_pin;
    let title = if seat.opens_by_pin { "credit-key-own" } else { "credit-key" };
    let content = html! {
        (drawn.summary())
        h1 { (icons::icon("code")) (view.say(title)) }
        @if seat.opens_by_pin { p { (view.say("credit-key-own-what")) } }
        @else { p { (view.say("credit-key-what")) } }
        @if shown {
            (main_sheet(&drawn, seat, "/credit/key", "rekey", html! {
                @match &key {
                    Some(key) => {
                        input type="hidden" name="key" value=(key);
                        p { (view.lang.mark("credit-key-begins", &[], &[("key", begins(key))])) }
                    }
                    None => {
                        input type="hidden" name="key" value="" data-mykey;
                        p data-mykey-shown hidden { (view.lang.mark("credit-key-begins", &[], &[("key", html! { strong { bdi dir="ltr" data-mykey-begins {} } })])) }
                        p data-off { (view.say("credit-back-key")) " " a href=(view.to("/me")) { (view.say("me")) } }
                    }
                }
                @if seat.opens_by_pin { (drawn.pin("credit-pin", "credit-pin-hint")) } @else { (hand::pin(&drawn, seat)) }
                button.strong { (view.say("credit-key-send")) }
            }))
        } @else {
            p { (view.say("credit-key-how")) " " code dir="ltr" { (web.about.page) "credit/newkey" } }
            (paper::qr(&format!("{}credit/newkey", web.about.page), &view.say("credit-newkey")))
        }
        p { a.button href=(view.to("/credit")) { (view.say("credit-to")) } }
    };
    match shown {
        true => page_around_form(web, view, &drawn.title(title), enter(&view.say("credit-key-send")), content),
        false => page(web, view, &drawn.title(title), content),
    }
}

/// `POST /credit/key`
pub(super) async fn post(web: &Web, head: &Head, seat: &Seat, form: &Form) -> Result<Answer, Fault> {
    if is_redrawn(form) {
        return Ok(Answer::page(StatusCode::OK, draw(web, head, seat, form, &[])));
    }
    let view = &head.view;
    let said = match MemberKey::parse(form.get("key")) {
        None => Err(Unsaid::at(view, "", "credit-needs-key")),
        // An account that another key opens already would be found under two names.
        Some(key) if !web.inbox.find_members(&key.to_string()).await.is_empty() => {
            Err(Unsaid::at(view, "", "credit-no-twice"))
        }
        Some(key) if seat.opens_by_pin => match own_facts(seat) {
            Some(facts) => hand::hand_over(web, head, seat, form, facts, key).await,
            None => Err(Unsaid::at(view, "", "refusal-other")),
        },
        Some(key) => hand::say(web, head, seat, form, 0, |link| Body::Rekey(Rekey { link, key })).await,
    };
    Ok(match said {
        Ok(key) => Answer::see_other(&view.to(&format!("/kept/{key}"))),
        Err(unsaid) => unsaid.answer(draw(web, head, seat, form, std::slice::from_ref(&unsaid.problem))),
    })
}

/// What is known of him, with his key his own.
fn own_facts(seat: &Seat) -> Option<Facts> {
    let (account, card) = (&seat.account, &seat.account.member);
    Some(Facts {
        pseudonym: card.pseudonym.clone(),
        household: card.household.clone(),
        home: GatewayId::parse(&card.home)?,
        guardians: account.guardians.iter().filter_map(|id| MemberId::parse(id)).collect(),
        threshold: account.threshold,
        custody: Custody::Own,
    })
}

/// `GET /credit/pin`: another PIN for an account that is kept here.
pub(super) fn pin(web: &Web, head: &Head, seat: &Seat) -> Answer {
    if seat.account.member.custody != "hosted" || !seat.opens_by_pin {
        return Answer::see_other(&head.view.to("/credit/me"));
    }
    Answer::page(StatusCode::OK, draw_pin(web, head, seat, &[]))
}

fn draw_pin(web: &Web, head: &Head, seat: &Seat, problems: &[Problem]) -> Markup {
    let view = &head.view;
    let blank = Form::default();
    let drawn = Drawn { view, typed: &blank, problems, text: "credit" };
    let content = html! {
        (drawn.summary())
        h1 { (icons::icon("code")) (view.say("credit-newpin")) }
        (main_sheet(&drawn, seat, "/credit/pin", "", html! {
            (drawn.pin("credit-pin", "credit-newpin-old-hint"))
            (drawn.secret("new", "credit-newpin-new", "credit-pin-new-hint", "new-password"))
            (drawn.secret("again", "credit-newpin-again", "", "new-password"))
            button.strong { (view.say("credit-newpin-send")) }
        }))
        p.hint { (view.say("credit-newpin-card")) }
        p { a.button href=(view.to("/credit/me")) { (view.say("credit-me")) } }
    };
    page_around_form(web, view, &drawn.title("credit-newpin"), enter(&view.say("credit-newpin-send")), content)
}

/// `POST /credit/pin`
pub(super) async fn change_pin(web: &Web, head: &Head, seat: &Seat, form: &Form) -> Result<Answer, Fault> {
    let view = &head.view;
    if is_redrawn(form) {
        return Ok(Answer::page(StatusCode::OK, draw_pin(web, head, seat, &[])));
    }
    let missing = ["pin", "new", "again"].into_iter().find(|field| form.get(field).is_empty());
    let changed = match missing {
        Some(field) => Err(Unsaid::at(view, field, "refusal-missing")),
        None if form.get("new") != form.get("again") => Err(Unsaid::at(view, "again", "credit-newpin-differ")),
        None => hand::change_pin(web, head, seat, form).await,
    };
    Ok(match changed {
        Ok(()) => {
            let content = html! {
                h1 { (view.say("credit-newpin")) }
                p role="status" { (view.say("credit-newpin-done")) }
                p { a.button.strong href=(view.to("/credit")) { (view.say("credit-to")) } }
            };
            Answer::page(StatusCode::OK, page(web, view, &view.say("credit-newpin"), content))
        }
        Err(unsaid) => unsaid.answer(draw_pin(web, head, seat, std::slice::from_ref(&unsaid.problem))),
    })
}
