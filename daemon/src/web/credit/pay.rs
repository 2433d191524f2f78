//! Paying: whom (typed, or led by a request's link), then how much. And asking for an amount, by a code that holds such a link.

use commons_core::identity::{MemberId, RecordId};
use commons_core::ledger::MemberCard;
use commons_core::record::{Amount, Body, Link, Pay, UnitIndex, MEMO_BYTES_MAX};
use hyper::StatusCode;
use maud::{html, Markup};

use super::amount::{self, AMOUNT_CHARS_MAX};
use super::hand::{self, main_sheet, Unsaid};
use super::seat::Seat;
use super::telling;
use crate::web::answer::{Answer, Fault};
use crate::web::form::Form;
use crate::web::origin::canonical;
use crate::web::pages::fields::{Drawn, Problem};
use crate::web::pages::{icons, is_redrawn, page_around_form, paper, said, FORM};
use crate::web::request::Head;
use crate::web::view::View;
use crate::web::{pages, Web};

/// What a link may have filled in beside whom.
const FILLED: [&str; 6] = ["amount", "unit", "memo", "item", "answers", "lang"];

/// `GET /credit/pay?to=&amount=&unit=&memo=&item=&answers=`
pub(super) async fn show(web: &Web, head: &Head, seat: &Seat) -> Result<Answer, Fault> {
    let view = &head.view;
    let to = head.query.get("to");
    if to.is_empty() || (is_redrawn(&head.query) && head.query.get("step") == "whom") {
        return Ok(Answer::page(StatusCode::OK, whom(web, view, &head.query, &[], None)));
    }
    let mut found = web.inbox.find_members(to).await;
    if web.is_writer_gone() {
        return Err(Fault::Away);
    }
    if let [card] = &found[..] {
        return Ok(Answer::page(StatusCode::OK, draw(web, view, seat, card, &head.query, &[])));
    }
    found.retain(|card| card.id != seat.account.member.id);
    let problem = Problem::at(view.lang, "to", if found.is_empty() { "credit-nobody" } else { "credit-which" });
    Ok(Answer::page(StatusCode::OK, whom(web, view, &head.query, &[problem], Some(&found))))
}

/// The first step: whom.
fn whom(web: &Web, view: &View, typed: &Form, problems: &[Problem], found: Option<&[MemberCard]>) -> Markup {
    let drawn = Drawn { view, typed, problems, text: "credit" };
    let content = html! {
        (drawn.summary())
        h1 { (icons::icon("credit")) (view.say("credit-pay")) }
        @if let Some(found) = found.filter(|found| !found.is_empty()) {
            h2.unseen { (view.say("credit-covenant-members")) }
            ul.items {
                @for card in found {
                    li.item { h3 { a href=(view.to(&typed.address_with("/credit/pay", &[("to", &card.id)]))) { (telling::person(view, card)) } } }
                }
            }
        }
        form id=(FORM) method="get" action="/credit/pay" {
            @if let Some(lang) = view.carries() { input type="hidden" name="lang" value=(lang.code()); }
            @for name in FILLED.iter().filter(|name| **name != "lang" && !typed.get(name).is_empty()) {
                input type="hidden" name=(name) value=(typed.get(name));
            }
            // Which of the two forms is drawn again in another language.
            input type="hidden" name="step" value="whom";
            (drawn.line("to", "credit-whom", "credit-who-hint", 64))
            button.strong { (view.say("credit-next")) }
            " " button type="button" data-scan hidden { (view.say("credit-scan")) }
        }
        p.hint { (view.say("credit-scan-how")) }
        p { a href=(view.to("/credit/people")) { (view.say("credit-people")) } }
    };
    page_around_form(web, view, &drawn.title("credit-pay"), pages::enter(&view.say("credit-next")), content)
}

/// The second step: how much, of what, what for.
fn draw(web: &Web, view: &View, seat: &Seat, to: &MemberCard, typed: &Form, problems: &[Problem]) -> Markup {
    let drawn = Drawn { view, typed, problems, text: "credit" };
    let content = html! {
        (drawn.summary())
        h1 { (icons::icon("credit")) (view.say("credit-pay")) }
        p.lead { (telling::person(view, to)) }
        @if to.status == "left" { p { strong { (view.say("credit-to-left")) } } }
        (main_sheet(&drawn, seat, "/credit/pay", "pay", html! {
            input type="hidden" name="to" value=(to.id) data-name=(to.pseudonym);
            @for name in ["item", "answers"] {
                @if RecordId::parse(typed.get(name)).is_some() { input type="hidden" name=(name) value=(typed.get(name)); }
            }
            (how_much(&drawn, seat))
            @for balance in &seat.account.balances {
                p.facts { (view.lang.mark("credit-left-short", &[], &[("left", telling::quantity(view, balance.left_here, &balance.unit, balance.scale, false))])) }
            }
            (drawn.line("memo", "credit-memo", "credit-memo-hint", MEMO_BYTES_MAX))
            (hand::pin(&drawn, seat))
            button.strong { (view.say("credit-pay-send")) }
        }))
        p.hint { (view.say("credit-pay-how")) }
        p { a.button href=(view.to("/credit")) { (view.say("credit-to")) } }
    };
    // Where it was posted to, whom it is for is in no address.
    let fields = ["amount", "unit", "memo", "item", "answers"].map(|name| (name, typed.get(name)));
    let view = &view.at(Form::of(&fields).address_with("/credit/pay", &[("to", &to.id)]));
    page_around_form(web, view, &drawn.title("credit-pay"), pages::enter(&view.say("credit-pay-send")), content)
}

/// The amount, and of what.
pub(super) fn how_much(drawn: &Drawn<'_>, seat: &Seat) -> Markup {
    let view = drawn.view;
    let chosen = unit_of(seat, drawn.typed).unwrap_or(0);
    html! {
        (drawn.short("amount", "credit-amount", "credit-amount-hint", AMOUNT_CHARS_MAX))
        div.field {
            label for="unit" { (view.say("credit-unit")) }
            select #unit name="unit" {
                @for (index, unit) in seat.covenant.units.iter().enumerate() {
                    option value=(index) selected[index == usize::from(chosen)] data-scale=(unit.scale) { (telling::unit(view, &unit.name)) }
                }
            }
        }
    }
}

/// A unit's place; the first if none was chosen.
pub(super) fn unit_of(seat: &Seat, form: &Form) -> Option<u8> {
    let typed = form.get("unit");
    let index = if typed.is_empty() { 0 } else { typed.parse().ok()? };
    seat.unit(index).map(|_| index)
}

/// `POST /credit/pay`
pub(super) async fn post(web: &Web, head: &Head, seat: &Seat, form: &Form) -> Result<Answer, Fault> {
    let view = &head.view;
    let Some(to) = MemberId::parse(form.get("to")) else {
        return Err(Fault::BadRequest("\"to\" must be a member's id"));
    };
    let Some(card) = web.inbox.member_card(to).await else {
        return Err(if web.is_writer_gone() { Fault::Away } else { Fault::NotFound });
    };
    if is_redrawn(form) {
        return Ok(Answer::page(StatusCode::OK, draw(web, view, seat, &card, form, &[])));
    }
    let unit = unit_of(seat, form);
    let scale = unit.and_then(|index| seat.unit(index)).map_or(1, |unit| unit.scale);
    let parts = amount::parse(form.get("amount"), scale);
    let memo = form.get("memo");
    let mut problems: Vec<Problem> =
        Problem::garbled(view.lang, form, |name| matches!(name, "memo" | "amount")).collect();
    if unit.is_none() {
        problems.push(Problem::at(view.lang, "unit", "refusal-value"));
    }
    if let Err(wrong) = parts {
        problems.push(Problem::at(view.lang, "amount", wrong.message()));
    }
    if memo.len() > MEMO_BYTES_MAX {
        problems.push(Problem::at(view.lang, "memo", "credit-memo-long"));
    }
    let (Some(unit), Ok(parts), true) = (unit, parts, problems.is_empty()) else {
        let page = draw(web, view, seat, &card, form, &problems);
        return Ok(Answer::page(StatusCode::UNPROCESSABLE_ENTITY, page));
    };
    let named = |field: &str| RecordId::parse(form.get(field));
    let (answers, item, memo) = (named("answers"), named("item"), memo.to_owned());
    let body =
        |link: Link| Body::Pay(Pay { link, to, unit: UnitIndex(unit), amount: Amount(parts), answers, item, memo });
    Ok(match hand::say(web, head, seat, form, unit, body).await {
        Ok(key) => Answer::see_other(&view.to(&format!("/kept/{key}"))),
        Err(unsaid) => again(&unsaid, |problem| draw(web, view, seat, &card, form, &[problem])),
    })
}

/// A form that came back with one thing wrong.
pub(super) fn again(unsaid: &Unsaid, draw: impl FnOnce(Problem) -> Markup) -> Answer {
    unsaid.answer(draw(unsaid.problem.clone()))
}

/// `GET /credit/ask?amount=&unit=&memo=&item=`: a request to show to whoever pays.
pub(super) fn ask(web: &Web, head: &Head, seat: &Seat) -> Answer {
    let view = &head.view;
    let query = &head.query;
    let unit = unit_of(seat, query);
    let wanted = query.get("amount");
    let scale = unit.and_then(|index| seat.unit(index)).map_or(1, |unit| unit.scale);
    let parts = amount::parse(wanted, scale);
    let problems: Vec<Problem> = match (parts, query.get("sent")) {
        (Err(wrong), "yes") if !is_redrawn(query) => vec![Problem::at(view.lang, "amount", wrong.message())],
        _ => Vec::new(),
    };
    let drawn = Drawn { view, typed: query, problems: &problems, text: "credit" };
    let ready = parts.ok().zip(unit).filter(|_| query.get("memo").len() <= MEMO_BYTES_MAX);
    let content = html! {
        (drawn.summary())
        h1 { (icons::icon("credit")) (view.say("credit-ask")) }
        @if let Some((parts, index)) = ready { (request(head, seat, parts, index)) }
        form id=(FORM) method="get" action="/credit/ask" {
            @if let Some(lang) = view.carries() { input type="hidden" name="lang" value=(lang.code()); }
            input type="hidden" name="sent" value="yes";
            @if RecordId::parse(query.get("item")).is_some() { input type="hidden" name="item" value=(query.get("item")); }
            (how_much(&drawn, seat))
            (drawn.line("memo", "credit-memo", "credit-memo-hint", MEMO_BYTES_MAX))
            button.strong { (view.say("credit-ask-send")) }
        }
        p { a.button href=(view.to("/credit")) { (view.say("credit-to")) } }
    };
    let enter = pages::enter(&view.say("credit-ask-send"));
    Answer::page(StatusCode::OK, page_around_form(web, view, &drawn.title("credit-ask"), enter, content))
}

/// The code, and what it says in letters: who pays at another gateway types that there.
fn request(head: &Head, seat: &Seat, parts: u64, index: u8) -> Markup {
    let view = &head.view;
    let Some(unit) = seat.unit(index) else { return html! {} };
    let amount = amount::number(parts, unit.scale, ".");
    let fields = [
        ("to", seat.account.member.id.as_str()),
        ("amount", &amount),
        ("unit", &index.to_string()),
        ("memo", head.query.get("memo")),
        ("item", head.query.get("item")),
    ];
    let asked = canonical(head.ends.local, 0) + &Form::default().address_with("/credit/pay", &fields);
    html! {
        div.code-box #request {
            p.lead { (telling::of_unit(view, unit, i64::try_from(parts).unwrap_or(i64::MAX))) }
            p { (view.say("credit-ask-show")) }
            (paper::qr(&asked, &view.say("credit-ask-code")))
            p { a href=(asked) data-request { (view.say("credit-ask-link")) } }
            p { (view.lang.mark("credit-ask-type", &[], &[("short", html! { strong { bdi dir="ltr" { (telling::short(&seat.account.member.id)) } } })])) }
            @if !head.query.get("memo").is_empty() { p.text { (said(head.query.get("memo"))) } }
        }
    }
}
